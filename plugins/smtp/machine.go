package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// maxSent is how many bytes are sent by one action.
const maxSent = 512 << 10

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	talk
}

func newMachine(byHand, watch, lmtp bool) *machine {
	m := &machine{byHand: byHand, watch: watch, talk: newTalk(byHand, lmtp)}
	m.requests = framing.Stream{Cut: m.cutRequests, Most: maxLine + 1}
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		m.ordered(string(ev.Data), out)
	case core.ClientBinary:
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.asks(ev.Data, out, inEvent)
	case core.ClientBytes:
		if m.watch {
			m.asks(ev.Data, out, inEvent)
			break
		}
		out.Server(ev.Data)
		m.asks(ev.Data, out, inEvent, inAction)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerTLS:
		out.Note(string(ev.Data))
	case core.ServerEOF, core.ServerFailed:
		m.lastReply(out)
	case core.ClientEOF, core.ClientClosed:
		m.lastMail(out)
	case core.ClientUnseen, core.ServerUnseen:
		if n, err := strconv.ParseInt(string(ev.Data), 10, 64); err == nil && n >= 0 && n <= core.MaxFlow {
			m.missed(ev.Kind.Side(), n)
		}
	}
	return nil
}

// typed sends what was typed: a command, the answer to a challenge, or lines of a mail.
func (m *machine) typed(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("what stands after = "+err.Error(), out)
		} else if m.send([]byte(plain), out) {
			out.Secret(false, 0, len(text))
		}
		return
	}
	switch m.Phase {
	case responding: // in base64, or * to give up
		if m.send(slices.Concat(bytes.TrimRight(text, "\r\n"), []byte("\r\n")), out) {
			out.Secret(false, 0, len(text))
		}
		return
	case mailing:
		m.mailed(string(text), out)
		return
	}
	line, more, _ := strings.Cut(strings.TrimRight(string(text), "\r\n"), "\n")
	if more != "" {
		refuse("type one command at a time. A line that begins with = is sent as it is, with its escapes: =NOOP\\r\\nRSET\\r\\n", out)
		return
	}
	call, err := core.ParseCommand(commands, line)
	if err == nil {
		call.Hide(out)
		err = m.use(call, out)
	}
	if err != nil && !m.hides(line, len(text), out) {
		refuse(fmt.Sprintf("%v. To send it all the same, type =%s\\r\\n", err, shownAgain(call, line)), out)
	}
}

// hides hides the secret of a line that was not sent, and of what follows it in the event. It
// reports whether the whole line may be one, and says then why it was not sent.
func (m *machine) hides(line string, to int, out *core.Out) bool {
	i := m.secretAt([]byte(line))
	if m.Phase != commanding || i >= len(line) {
		return false
	}
	out.Secret(false, i, to)
	if i == 0 {
		refuse("the server has not replied to AUTH yet", out)
	}
	return i == 0
}

// mailed sends lines of a mail, or the lone dot that ends it.
func (m *machine) mailed(said string, out *core.Out) {
	if strings.TrimRight(said, "\r\n") == "." {
		m.send([]byte(".\r\n"), out)
		return
	}
	for part := range slices.Chunk(stuffed(said), maxSent) {
		m.send(part, out)
	}
}

// ordered takes a command that was used by a form, a button or a completed line.
func (m *machine) ordered(line string, out *core.Out) {
	call, err := core.ParseCommand(commands, line)
	switch {
	case err != nil:
	case m.Phase == mailing:
		err = errors.New("a mail is being sent, which a lone dot ends")
	case m.Phase == responding:
		err = errors.New("the server waits for the answer to its challenge, in base64, or * to give up")
	default:
		err = m.use(call, out)
	}
	if err != nil && !m.hides(line, len(line), out) {
		refuse(err.Error(), out)
	}
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error("nothing was sent: " + why)
	out.Text([]byte("(not sent)"))
}

// use sends a command. After an error nothing was sent.
func (m *machine) use(call core.Call, out *core.Out) error {
	line, name := call.Command.Name, call.Command.Name
	var l *login
	switch name {
	case "AUTH":
		var err error
		if line, l, err = authCommand(call); err != nil {
			return err
		}
	case "MAIL", "RCPT":
		said, err := path(name, call.Text(call.Command.Fields[0].Name))
		if err != nil {
			return err
		}
		line += " " + said
	default:
		if m.LMTP && (name == "EHLO" || name == "HELO") {
			return errors.New("RFC 2033, section 4.1: LMTP has LHLO in place of HELO and EHLO")
		}
		for _, f := range call.Command.Fields {
			if call.Has(f.Name) {
				line += " " + call.Text(f.Name)
			}
		}
	}
	if strings.ContainsAny(line, "\r\n") {
		return errors.New("a command is one line")
	}
	m.send([]byte(line+"\r\n"), out)
	if l != nil {
		m.Login = l
	}
	return nil
}

// send sends bytes to the server, and reports whether they hold a secret.
func (m *machine) send(data []byte, out *core.Out) (secret bool) {
	out.Server(data)
	return m.asks(data, out, inAction)
}

// Where bytes of the client's are, for the marks of secrets.
const (
	inEvent  = false
	inAction = true // the last one
)

// asks takes bytes of the client's, and reports whether they hold a secret.
func (m *machine) asks(data []byte, out *core.Out, in ...bool) (secret bool) {
	if m.Encrypted {
		return false
	}
	made, hidden, more := m.request(data)
	for _, h := range hidden {
		for _, ofAction := range in {
			out.Secret(ofAction, h[0], h[1])
		}
	}
	for _, r := range made {
		out.SecretBytes(r.secret)
		if r.message.Flow != 0 {
			out.Message(r.message)
		}
	}
	if more > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(more, "command")))
	}
	return len(hidden) > 0
}

// receive takes what the server has sent.
func (m *machine) receive(data []byte, out *core.Out) {
	if !m.byHand && !m.watch {
		out.Binary(data)
	}
	if m.Encrypted {
		return
	}
	at, held := m.replies.Held()
	end := at + int64(len(held)+len(data))
	err := m.replies.Feed(data, func(at int64, line []byte) error {
		r, ok := m.reply(at, line)
		if !ok {
			return nil
		}
		m.show(r, out)
		if r.startsTLS() {
			return errTLS
		}
		return nil
	})
	if err == nil {
		return
	}
	m.replies.Resume(m.end, nil)
	if m.byHand { // nothing that was said in clear counts any more
		m.Pending, m.Later, m.Recipients, m.Phase, m.Mail, m.Login = nil, 0, 0, commanding, nil, nil
		out.StartTLS(core.Server, "", int(end-m.end))
		return
	}
	m.Encrypted = true
	out.Warn("from here on both sides speak TLS, which is not decoded")
}

// errTLS stops at the reply after which there is TLS.
var errTLS = errors.New("TLS follows")

// lastReply takes what has come of a reply that will never be whole, and of a mail, to which
// there will be none.
func (m *machine) lastReply(out *core.Out) {
	if m.Encrypted {
		return
	}
	if r, ok := m.unfinished(); ok {
		m.show(r, out)
	}
	m.lastMail(out)
}

// lastMail takes what has come of a mail that will never be whole.
func (m *machine) lastMail(out *core.Out) {
	if m.Encrypted || m.Mail == nil || m.Mail.Size == 0 {
		return
	}
	at, _ := m.requests.Held()
	out.Message(m.cutShort(at, "the stream ended before this was whole"))
}

// show shows a reply.
func (m *machine) show(r *reply, out *core.Out) {
	if r.mail != nil {
		out.Message(*r.mail)
	}
	if m.byHand {
		out.Text(r.text())
	}
	out.Message(r.message())
	if !m.byHand {
		return
	}
	if m.Phase == mailing && r.Code == "354" {
		out.Note("what you type now is the mail; a dot alone ends it")
	}
	m.goOn(r, out)
}
