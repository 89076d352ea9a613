package lines

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// maxMade is how many messages are made of what a person sends at once.
const maxMade = 20_000

// machine is the machine of a session.
type machine struct {
	byHand   bool
	watch    bool
	typeEnd  string
	commands []core.Command // of the preset
	talk
}

func newMachine(p preset, typeEnd, end string, byHand, watch bool) *machine {
	m := &machine{byHand: byHand, watch: watch, typeEnd: typeEnd}
	m.preset, m.end, m.flow = p, end, core.FromClient
	if byHand {
		m.flow = core.ToServer
	}
	m.requests, m.replies = newSide(&m.preset, end), newSide(&m.preset, end)
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typeLines(ev.Data, out)
	case core.ClientCommand:
		m.use(string(ev.Data), out)
	case core.ClientBinary:
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.asked(ev.Data, false, core.MessageRef{}, out)
	case core.ClientBytes:
		if !m.watch {
			out.Server(ev.Data)
		}
		m.asked(ev.Data, !m.watch, core.MessageRef{}, out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerTLS:
		out.Note(string(ev.Data))
	case core.ClientEOF, core.ClientClosed:
		if !m.byHand {
			m.last(m.requests, out)
		}
	case core.ServerEOF, core.ServerFailed:
		m.last(m.replies, out)
	case core.ClientUnseen, core.ServerUnseen:
		n, err := strconv.ParseInt(string(ev.Data), 10, 64)
		if err != nil || n < 0 || n > core.MaxFlow {
			break
		}
		m.Pending, m.Later, m.Posting, m.Challenge, m.Unnamed = nil, 0, false, false, true
		if ev.Kind == core.ClientUnseen {
			m.requests.missed(n)
		} else {
			m.replies.missed(n)
		}
	}
	return nil
}

// typeLines sends what was typed: each line with its end.
func (m *machine) typeLines(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("nothing was sent: what stands after = "+err.Error(), out)
			return
		}
		if m.send([]byte(plain), out) {
			out.Secret(false, 0, len(text))
		}
		return
	}
	data, err := m.made(text, func(from, to int) { out.Secret(false, from, to) })
	if err != nil {
		refuse(fmt.Sprintf("nothing was sent: %v. A line that begins with = is sent as it is, with its escapes: =text\\r\\n", err), out)
		return
	}
	m.send(data, out)
}

// use sends the line of a command.
func (m *machine) use(line string, out *core.Out) {
	call, err := core.ParseCommand(m.commands, line)
	var text string
	if err == nil {
		text, err = spell(call)
	}
	var data []byte
	if err == nil {
		data, err = m.made([]byte(text), func(from, to int) {
			if from < to && len(call.Marks()) == 0 {
				out.SecretBytes([]byte(text[from:to]))
			}
		})
	}
	if err != nil {
		refuse(fmt.Sprintf("nothing was sent: %v", err), out)
		return
	}
	m.send(data, out)
}

// made returns what is sent for a text, and says where that has secrets.
func (m *machine) made(text []byte, hide func(from, to int)) ([]byte, error) {
	u := m.requests.Unit
	if u != nil && u.Left > 0 && m.cut == nil {
		if want := max(0, u.Left-2); int64(len(text)) != want {
			return nil, fmt.Errorf("the data block that was announced has %s left, and this has %d", core.Plural(int(want), "byte"), len(text))
		}
		return append(bytes.Clone(text), "\r\n"...), nil
	}
	article := m.Posting || u != nil && u.Dot
	ends := !article || string(text) == "."
	var data []byte
	at := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		from := at
		at += len(line) + 1
		line = strings.TrimSuffix(line, "\r")
		switch {
		case article && !ends && strings.HasPrefix(line, "."):
			line = "." + line
		case article:
		default:
			if i := m.secretAt([]byte(line)); i >= 0 {
				hide(from+i, from+len(line))
			}
			if m.typed != nil {
				var err error
				if line, err = m.typed(line); err != nil {
					return nil, err
				}
			}
		}
		data = append(append(data, line...), m.typeEnd...)
	}
	if len(data) > core.MaxEventPayload {
		return nil, errors.New("it is longer than 1 MiB")
	}
	return data, nil
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error(why)
	out.Text([]byte("(not sent)"))
}

// send sends bytes to the server, and reports whether they hold a secret.
func (m *machine) send(data []byte, out *core.Out) bool {
	out.Server(data)
	return m.asked(data, true, core.MessageRef{}, out)
}

// secretAt returns where a line of the client's has its secret; -1 if it has none.
func (t *talk) secretAt(line []byte) int {
	switch {
	case t.Challenge:
		return 0
	case t.secret == nil:
		return -1
	}
	return t.secret(line[:min(len(line), 512)])
}

// asked takes bytes to the server, which are the event's or the last action's, and reports
// whether they hold a secret.
func (m *machine) asked(data []byte, ofAction bool, answers core.MessageRef, out *core.Out) bool {
	if m.Encrypted {
		return false
	}
	at, held := m.requests.Held()
	start := at + int64(len(held))
	var all []*unit
	hid, more := false, 0
	hide := func(from, to int64) {
		if from = max(from, start); from < to {
			out.Secret(ofAction, int(from-start), int(to-start))
			hid = true
		}
	}
	m.requests.Feed(data, func(at int64, piece []byte) error {
		u := m.requests.Unit
		begins, inFirst := u == nil, u == nil || u.Lines == 0
		whole := m.piece(m.requests, at, piece)
		if u = m.requests.Unit; u == nil { // which was lost
			return nil
		}
		if i := -1; begins && !u.Article {
			if i = m.secretAt(m.head(u)); i >= 0 {
				u.Hidden = u.From + int64(i)
			}
		}
		if u.Hidden >= 0 && inFirst {
			hide(u.Hidden, at+int64(len(bytes.TrimRight(piece, "\r\n"))))
		}
		if !whole {
			return nil
		}
		m.requests.Unit = nil
		m.Challenge = false
		if u.Article {
			m.expect(pending{u.From, answered})
		} else if m.asks != nil {
			m.expect(pending{u.From, m.asks(m.head(u))})
		}
		if len(all) == maxMade && m.byHand {
			more++
			return nil
		}
		all = append(all, u)
		return nil
	})
	// A password that comes in pieces is hidden in each.
	if at, part := m.requests.Held(); len(part) > 0 && !m.requests.Lost {
		switch u := m.requests.Unit; {
		case u == nil && !m.Posting:
			if i := m.secretAt(part); i >= 0 {
				hide(at+int64(i), at+int64(len(part)))
			}
		case u != nil && u.Hidden >= 0 && u.Lines == 0:
			hide(at, at+int64(len(part)))
		}
	}
	for _, u := range all {
		if u.Hidden >= 0 {
			m.tellSecret(u, out)
		}
		out.Message(m.message(u, true, false, answers))
	}
	if more > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(more, "line")))
	}
	return hid
}

// tellSecret says what the secret of a line is.
func (t *talk) tellSecret(u *unit, out *core.Out) {
	line := t.head(u)
	value := line[min(u.Hidden-u.From, int64(len(line))):]
	if value = value[:min(len(value), core.MaxSecret)]; len(value) > 0 {
		out.SecretBytes(value)
	}
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
	tlsAt := int64(-1)
	m.replies.Feed(data, func(at int64, piece []byte) error {
		if !m.piece(m.replies, at, piece) {
			return nil
		}
		u := m.replies.Unit
		m.replies.Unit = nil
		line := m.head(u)
		tls := m.tls != nil && m.tls(line) && m.waits()
		m.show(u, false, out)
		if tls {
			tlsAt = u.To
			return errTLS
		}
		if m.byHand && m.reply != nil {
			if answer := m.reply(line); answer != "" {
				out.Server([]byte(answer))
				m.asked([]byte(answer), true, core.MessageRef{Flow: core.FromServer, From: u.From}, out)
			}
		}
		return nil
	})
	if tlsAt < 0 {
		return
	}
	m.replies.Resume(tlsAt, nil)
	if m.byHand {
		m.Pending, m.Later = nil, 0 // nothing that was said in clear counts any more
		out.StartTLS(core.Server, "", int(end-tlsAt))
		return
	}
	m.Encrypted = true
	out.Warn("from here on both sides speak TLS, which is not decoded")
}

// errTLS stops at the reply after which there is TLS.
var errTLS = errors.New("TLS follows")

// show shows what the server has said.
func (m *machine) show(u *unit, cut bool, out *core.Out) {
	var ref core.MessageRef
	switch {
	case m.answers != nil:
		ref = m.answers(&m.talk, m.head(u))
	case m.asks != nil:
		ref = m.answered()
	}
	said := m.message(u, false, cut, ref)
	if m.byHand {
		out.Text(m.shown(u, said.Fields[0].Wrong))
	}
	out.Message(said)
}

// last takes what has come of a message that will never be whole.
func (m *machine) last(s *side, out *core.Out) {
	if m.Encrypted {
		return
	}
	u := s.unfinished()
	switch {
	case u == nil:
	case s == m.replies:
		m.show(u, true, out)
	default:
		if i := m.secretAt(m.head(u)); u.Lines == 0 && i >= 0 && !u.Article {
			u.Hidden = u.From + int64(i)
		}
		if u.Hidden >= 0 {
			m.tellSecret(u, out)
		}
		out.Message(m.message(u, true, true, core.MessageRef{}))
	}
}
