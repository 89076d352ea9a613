package telnet

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// machine is one connection. It takes the client's stream byte by byte, until it asks the
// world; then it holds back the rest until the answer has come.
type machine struct {
	stream
	options
	screen

	stage stage
	name  string // as it was typed; after the log-in, of who is logged in
	tries int    // wrong passwords
	asks  bool   // what time it is, at the end of this event …
	asked bool   // … or in one before
	held  []byte
	eof   bool
	why   string // why it is over; "": it is not
	done  bool   // it has closed

	secret    [][2]int // of the event being answered: what is part of a password
	passwords [][]byte // … that it ends
	buf       []byte   // what is sent at the end of it
	sent      int      // bytes before that
}

// stage is what a line is taken for.
type stage uint8

const (
	atLogin stage = iota
	atPassword
	atShell
)

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	if m.done {
		return nil
	}
	switch ev.Kind {
	case core.ClientBytes:
		m.take(ev.Data, true)
	case core.WorldSaid:
		if !m.asked {
			return nil
		}
		m.asked = false
		m.clock(string(ev.Data))
		held := m.held
		m.held = nil
		m.take(held, false)
	case core.ClientEOF:
		m.eof = true
	default:
		return nil
	}
	if m.eof && !m.asks && !m.asked {
		m.end("the client ended its stream")
	}
	m.flush(out)
	return nil
}

// take takes bytes of the stream, which are the event's or were held.
func (m *machine) take(data []byte, isEvent bool) {
	for i, c := range data {
		if m.why != "" {
			return
		}
		if m.asks || m.asked {
			if isEvent {
				m.held = append(m.held, data[i:]...)
			} else {
				m.held = data[i:] // not copied: many questions may stand in it
			}
			if len(m.held) > MaxHeld {
				m.line("Too much at once: read the answers before you send more.")
				m.end("the client sent too much at once")
			}
			return
		}
		if m.feed(c, m) && m.stage == atPassword && isEvent {
			if c == telopt.IAC && i > 0 {
				m.hide(i - 1) // it is doubled
			}
			m.hide(i)
		}
		if m.sent+len(m.buf) > MaxSent {
			m.line("That is enough for one log-in. Bye!")
			m.end("the server has said enough")
		}
	}
}

// hide marks a byte of the event as part of a password.
func (m *machine) hide(at int) {
	if n := len(m.secret); n > 0 && (m.secret[n-1][1] == at || n == maxSecrets) {
		m.secret[n-1][1] = at + 1
		return
	}
	m.secret = append(m.secret, [2]int{at, at + 1})
}

// maxSecrets is how many parts of passwords are told apart in an event; what is between
// others is hidden too.
const maxSecrets = 100

// end ends the connection; the words are for those who watch.
func (m *machine) end(why string) {
	if m.why == "" {
		m.why = why
	}
}

// flush says what there is to say.
func (m *machine) flush(out *core.Out) {
	for _, s := range m.secret {
		out.Secret(false, s[0], s[1])
	}
	m.secret = m.secret[:0]
	for _, p := range m.passwords {
		out.SecretBytes(p)
	}
	m.passwords = nil
	if len(m.buf) > 0 {
		out.Binary(m.buf)
		m.sent += len(m.buf)
		m.buf = nil
	}
	switch {
	case m.why != "":
		m.done = true
		out.Close(m.why)
	case m.asks:
		m.asks, m.asked = false, true
		out.World([]byte("time"))
	}
}
