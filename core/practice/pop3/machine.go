package pop3

import (
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// machine is one connection. It takes line by line what the client sent, until it has
// to ask the world; then it holds back the rest until the answer has come.
type machine struct {
	strict  bool
	in      linewise.Lines
	secrets linewise.Secrets
	stamp   string // in the greeting, for APOP
	offers  bool   // STLS
	secured bool   // by it

	user   string // as USER named it; "" before, and after a PASS that failed
	box    *box   // nil in the state AUTHORIZATION
	asked  func(answer string, out *core.Out)
	ended  bool // the client's stream
	ahead  bool // too much came while the world was asked; more is dropped
	closed bool // or closing: the box is being given back

	fed              int // bytes of the event being answered, if they are the client's
	commands, errors int
}

// box is the mailbox in the state TRANSACTION, as it was when the session got it: RFC
// 1939, section 4.
type box struct {
	name    string
	session uint64 // the lock's number
	all     []message
}

type message struct {
	uid     uint32
	size    int // bytes
	deleted bool
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	m.fed = 0
	switch ev.Kind {
	case core.ClientBytes:
		m.fed = len(ev.Data)
		m.secrets.Mark(ev.Data, out)
		if m.closed || m.ahead {
			return nil
		}
		m.in.Add(ev.Data)
	case core.WorldSaid:
		if m.asked == nil {
			return nil
		}
		then := m.asked
		m.asked = nil
		then(string(ev.Data), out)
	case core.ClientTLS:
		m.secured = true
	case core.ClientEOF:
		m.ended = true
	case core.ClientClosed:
		if m.box != nil {
			out.World(m.box.release())
		}
		return nil
	default:
		return nil
	}
	m.run(out)
	return nil
}

// run answers the lines that are whole, until it has asked the world.
func (m *machine) run(out *core.Out) {
	for m.asked == nil && !m.closed {
		line, ok := m.in.Next(MaxCommand)
		if !ok {
			break
		}
		m.line(line, out)
	}
	switch {
	case m.closed:
	case m.in.Held() > MaxHeld:
		m.ahead = true
		m.in = linewise.Lines{}
	case m.ahead && m.asked == nil:
		m.close(out, fmt.Sprintf("-ERR you sent more than %d bytes ahead of my answers; closing", MaxHeld), "too much was sent ahead")
	case m.ended && m.asked == nil && m.in.Inside():
		m.close(out, fmt.Sprintf("-ERR your stream ended inside line %d, before its CR LF; closing", m.in.Number()), "end of stream inside a line")
	case m.ended && m.asked == nil:
		m.close(out, "", "end of stream without QUIT")
	}
}

func (m *machine) line(line linewise.Line, out *core.Out) {
	switch {
	case line.Long:
		m.fail(out, fmt.Sprintf("line %d has %d bytes; at most %d fit, CR LF included", line.Number, line.Size, MaxCommand))
	case !line.CRLF && m.strict:
		m.fail(out, fmt.Sprintf("line %d ended in LF alone at byte %d; POP3 wants CR LF", line.Number, line.Size))
	default:
		m.command(line, out)
	}
}

// ask asks the world; the rest of the input waits until then has got the answer.
func (m *machine) ask(out *core.Out, question []byte, then func(answer string, out *core.Out)) {
	m.asked = then
	out.World(question)
}

func (m *machine) reply(out *core.Out, words string) {
	out.Binary([]byte(words + "\r\n"))
}

// fail sends an error, of which there may be MaxErrors.
func (m *machine) fail(out *core.Out, words string) {
	m.reply(out, "-ERR "+words)
	if m.errors++; m.errors == MaxErrors {
		m.close(out, "-ERR too many errors; closing", "too many errors")
	}
}

// close says the words, gives the mailbox back and closes the connection. Nothing is
// deleted: only QUIT does that.
func (m *machine) close(out *core.Out, words, why string) {
	if words != "" {
		m.reply(out, words)
	}
	m.closed = true
	if m.box == nil {
		out.Close(why)
		return
	}
	question := m.box.release()
	m.box = nil
	m.ask(out, question, func(_ string, out *core.Out) { out.Close(why) })
}

// release is the question that gives the mailbox back.
func (b *box) release() []byte { return fmt.Appendf(nil, "quit %q %d", b.name, b.session) }

// lost ends the session, whose mailbox another one has by now.
func (m *machine) lost(out *core.Out) {
	m.box = nil
	m.close(out, "-ERR [IN-USE] another session took the mailbox, since this one was silent for long; sign in again", "lost the mailbox")
}

// stuffed returns text as RFC 1939, section 3, has it in an answer of several lines: a
// dot more in front of each line that begins with one, and a dot alone at the end.
func stuffed(text string) string {
	var all strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ".") {
			all.WriteByte('.')
		}
		all.WriteString(line)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		all.WriteString("\r\n")
	}
	all.WriteString(".")
	return all.String()
}
