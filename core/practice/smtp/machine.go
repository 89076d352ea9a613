package smtp

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
	seed    string
	host    string // its own name
	offers  bool   // STARTTLS
	secured bool   // by it
	in      linewise.Lines
	secrets linewise.Secrets

	client   string // as HELO or EHLO named it; "" before
	extended bool   // by EHLO
	user     string // who has signed in, or ""
	mail     *transaction
	phase    phase
	login    string // the name of AUTH LOGIN, until the password comes
	authAt   int    // number of the line that had AUTH
	asked    func(answer string, out *core.Out)
	ended    bool // the client's stream
	ahead    bool // too much came while the world was asked; more is dropped
	closed   bool

	fed              int // bytes of the event being answered, if they are the client's
	commands, errors int
}

// transaction is the mail that is being sent: RFC 5321, section 3.3.
type transaction struct {
	from string
	to   []string
	data message
}

// phase says what the next line is.
type phase int

const (
	command phase = iota
	text          // of the message
	plain         // the answer to AUTH PLAIN's 334
	name          // the answers to AUTH LOGIN's
	password
)

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	m.fed = 0
	switch ev.Kind {
	case core.ClientBytes:
		m.fed = len(ev.Data)
		m.secrets.Mark(ev.Data, out)
		if !m.ahead {
			m.in.Add(ev.Data)
		}
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
	default:
		return nil
	}
	m.run(out)
	return nil
}

// run answers the lines that are whole, until it has asked the world.
func (m *machine) run(out *core.Out) {
	for m.asked == nil && !m.closed {
		line, ok := m.in.Next(m.limit())
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
		m.close(out, fmt.Sprintf("421 %s you sent more than %d bytes ahead of my answers; closing", m.host, MaxHeld), "too much was sent ahead")
	case m.ended && m.asked == nil:
		m.end(out)
	}
}

// limit returns how many bytes the next line may have, its end included.
func (m *machine) limit() int {
	switch m.phase {
	case text:
		return MaxText + 1 // the dot that was added
	case plain, name, password:
		return MaxAuth
	}
	return MaxCommand
}

func (m *machine) line(line linewise.Line, out *core.Out) {
	switch {
	case m.phase == text:
		m.text(line, out)
	case line.Long:
		m.fail(out, fmt.Sprintf("500 line %d has %d bytes; at most %d fit, CR LF included", line.Number, line.Size, m.limit()))
		m.endAuth()
	case !line.CRLF && m.strict:
		m.endAuth()
		m.fail(out, fmt.Sprintf("500 line %d ended in LF alone at byte %d; SMTP wants CR LF", line.Number, line.Size))
	case m.phase != command:
		m.authLine(string(line.Text), out)
	default:
		m.command(line, out)
	}
}

// end answers the end of the client's stream.
func (m *machine) end(out *core.Out) {
	switch {
	case m.phase == text:
		m.close(out, "451 your stream ended inside the message, before a line with one dot alone; nothing was delivered", "end of stream inside a message")
	case m.in.Inside():
		m.close(out, fmt.Sprintf("500 your stream ended inside line %d, before its CR LF", m.in.Number()), "end of stream inside a line")
	default:
		m.close(out, "", "end of stream without QUIT")
	}
}

// ask asks the world; the rest of the input waits until then has got the answer.
func (m *machine) ask(out *core.Out, question []byte, then func(answer string, out *core.Out)) {
	m.asked = then
	out.World(question)
}

// reply sends a reply, whose lines are separated by LF. All but the last have a hyphen
// after the code already.
func (m *machine) reply(out *core.Out, words string) {
	out.Binary([]byte(strings.ReplaceAll(words, "\n", "\r\n") + "\r\n"))
}

// fail sends a reply to a command that is not right, of which there may be MaxErrors.
func (m *machine) fail(out *core.Out, words string) {
	m.reply(out, words)
	if m.errors++; m.errors == MaxErrors {
		m.close(out, "421 "+m.host+" too many errors; closing", "too many errors")
	}
}

func (m *machine) close(out *core.Out, words, why string) {
	if words != "" {
		m.reply(out, words)
	}
	m.closed = true
	out.Close(why)
}
