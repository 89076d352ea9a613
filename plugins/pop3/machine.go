package pop3

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	talk
}

func newMachine(byHand, watch bool) *machine {
	m := &machine{byHand: byHand, watch: watch}
	m.flow = core.FromClient
	if byHand {
		m.flow = core.ToServer
		m.keep = maxShown
	}
	m.requests = framing.Stream{Cut: lines, Most: maxLine + 1}
	m.replies = framing.Stream{Cut: lines, Most: maxLine + 1}
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		if call, err := core.ParseCommand(commands, string(ev.Data)); err != nil {
			refuse(err.Error(), out)
		} else {
			m.use(call, out)
		}
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
	case core.ClientUnseen, core.ServerUnseen:
		if n, err := strconv.ParseInt(string(ev.Data), 10, 64); err == nil && n >= 0 && n <= core.MaxFlow {
			m.missed(ev.Kind.Side(), n)
		}
	}
	return nil
}

// typed sends what was typed, a command a line, up to the first that is refused.
func (m *machine) typed(text []byte, out *core.Out) {
	raw, asItIs := bytes.CutPrefix(text, []byte("="))
	switch {
	case asItIs:
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("what stands after = "+err.Error(), out)
			return
		}
		raw = []byte(plain)
	case m.Challenged: // an answer in base64, or * to give up
		raw = slices.Concat(bytes.TrimRight(text, "\r\n"), []byte("\r\n"))
	}
	if asItIs || m.Challenged {
		if m.send(raw, out) {
			out.Secret(false, 0, len(text))
		}
		return
	}
	line, more, _ := strings.Cut(strings.TrimRight(string(text), "\r\n"), "\n")
	if more != "" {
		refuse("type one command at a time. A line that begins with = is sent as it is, with its escapes: =NOOP\\r\\nSTAT\\r\\n", out)
		return
	}
	call, err := core.ParseCommand(commands, line)
	if err != nil {
		if i := strings.IndexByte(line, ' '); i >= 0 && call.Command != nil && hidesArgument(call.Command.Name) {
			out.Secret(false, i+1, len(text))
		}
		refuse(fmt.Sprintf("%v. To send it all the same, type =%s\\r\\n", err, shownAgain(call, line)), out)
		return
	}
	call.Hide(out)
	m.use(call, out)
}

// shownAgain is a line that was refused, without what may be a secret.
func shownAgain(call core.Call, line string) string {
	if call.Command != nil && hidesArgument(call.Command.Name) {
		return call.Command.Name + " …"
	}
	return core.CutWords(line, 80)
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error("nothing was sent: " + why)
	out.Text([]byte("(not sent)"))
}

// use sends a command.
func (m *machine) use(call core.Call, out *core.Out) {
	line := call.Command.Name
	for _, f := range call.Command.Fields {
		if call.Has(f.Name) {
			line += " " + call.Text(f.Name)
		}
	}
	if call.Command.Name == "APOP" {
		digest, err := m.digest(call.Text("password"))
		if err != nil {
			refuse(err.Error(), out)
			return
		}
		line = "APOP " + call.Text("name") + " " + digest
	}
	if strings.ContainsAny(line, "\r\n") {
		refuse("a command is one line", out)
		return
	}
	m.send([]byte(line+"\r\n"), out)
}

// digest is what APOP says in place of the password (RFC 1939, section 7).
func (m *machine) digest(password string) (string, error) {
	switch {
	case m.Timestamp == nil && !m.Greeted:
		return "", errors.New("the server has not greeted yet, and APOP needs the timestamp of its greeting")
	case m.Timestamp == nil:
		return "", errors.New("the server's greeting has no timestamp <…>, so it does not offer APOP (RFC 1939, section 7); log in by USER and PASS")
	}
	sum := md5.Sum(slices.Concat(m.Timestamp, []byte(password)))
	return hex.EncodeToString(sum[:]), nil
}

// send sends bytes to the server, and reports whether they hold a secret.
func (m *machine) send(data []byte, out *core.Out) (secret bool) {
	out.Server(data)
	return m.asks(data, out, inAction)
}

// Where bytes of commands are, for the marks of secrets.
const (
	inEvent  = false
	inAction = true // the last one
)

// asks takes bytes of commands, and reports whether they hold a secret.
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
	if m.byHand {
		m.Pending = nil // nothing that was said in clear counts any more
		out.StartTLS(core.Server, "", int(end-m.end))
		return
	}
	m.Encrypted = true
	out.Warn("from here on both sides speak TLS, which is not decoded")
}

// errTLS stops at the reply after which there is TLS.
var errTLS = errors.New("TLS follows")

// lastReply takes what has come of a reply that will never be whole.
func (m *machine) lastReply(out *core.Out) {
	if m.Encrypted {
		return
	}
	if r, ok := m.unfinished(); ok {
		m.show(r, out)
	}
}

// show shows a reply.
func (m *machine) show(r *reply, out *core.Out) {
	if m.byHand {
		out.Text(r.text())
	}
	out.Message(r.message())
}
