package telnet

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// Who performs an option.
const (
	ofClient = iota
	ofServer
)

// options are those of both ends, and what the client has told by them.
type options struct {
	agreed  [2][256]telopt.Agreement
	heard   [2][256]bool // the client has said something of it
	speaks  bool         // … of any
	echoes  bool         // ECHO is wanted, also when no password is typed
	window  [2]uint16    // columns and rows
	sized   bool         // the client has told them
	oddSize int          // how many bytes it has told them by, if that is wrong
	kind    string       // of its terminal
}

// does says which options are agreed to.
func does(whose int, option byte) bool {
	switch option {
	case telopt.SGA, telopt.Binary:
		return true
	case telopt.Echo:
		return whose == ofServer
	case telopt.TTYPE, telopt.NAWS:
		return whose == ofClient
	}
	return false
}

// verb is how the server says yes or no to an option.
func verb(whose int, wants bool) byte {
	switch {
	case whose == ofServer && wants:
		return telopt.Will
	case whose == ofServer:
		return telopt.Wont
	case wants:
		return telopt.Do
	}
	return telopt.Dont
}

// negotiate takes a step of the client's, and answers it.
func (m *machine) negotiate(says, option byte) {
	whose := ofServer
	if says == telopt.Will || says == telopt.Wont {
		whose = ofClient
	}
	a := &m.agreed[whose][option]
	was := *a
	say, _ := a.Hears(telopt.IsYes(says), does(whose, option), true)
	m.step(whose, option, say)
	m.heard[whose][option], m.speaks = true, true
	switch {
	case option == telopt.Echo && whose == ofServer && m.stage != atPassword:
		m.echoes = *a == telopt.Yes || *a == telopt.WantYes
	case option == telopt.TTYPE && *a == telopt.Yes && was != telopt.Yes:
		m.buf = append(m.buf, telopt.IAC, telopt.SB, telopt.TTYPE, subSend, telopt.IAC, telopt.SE)
	}
}

// want asks for an option to be in effect, or not, and reports whether something was said.
func (m *machine) want(whose int, option byte, wants bool) bool {
	say, _ := m.agreed[whose][option].Asks(wants)
	m.step(whose, option, say)
	return say != telopt.Nothing
}

func (m *machine) step(whose int, option byte, say telopt.Answer) {
	if say != telopt.Nothing {
		m.buf = append(m.buf, telopt.IAC, verb(whose, say == telopt.SayYes), option)
	}
}

// has reports whether an option is in effect.
func (m *machine) has(whose int, option byte) bool {
	return m.agreed[whose][option] == telopt.Yes
}

// The first bytes that ask for a terminal's type and tell it (RFC 1091).
const (
	subIs   = 0
	subSend = 1
)

// told takes a subnegotiation of the client's.
func (m *machine) told(option byte, data []byte) {
	switch {
	case option == telopt.NAWS && len(data) == 4:
		m.window = [2]uint16{binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])}
		m.sized, m.oddSize = true, 0
	case option == telopt.NAWS:
		m.sized, m.oddSize = false, len(data)
	case option == telopt.TTYPE && len(data) > 1 && data[0] == subIs:
		m.kind = core.CutWords(core.Printable(string(data[1:])), 40)
	}
}

// meanings are what options are for, in a few words.
var meanings = map[byte]string{
	telopt.Echo:   "who shows what you type",
	telopt.SGA:    "both may speak at any time",
	telopt.Binary: "bytes of 8 bits",
	telopt.TTYPE:  "what your terminal is",
	telopt.NAWS:   "how large your window is",
}

// tellOptions says in words what was negotiated.
func (m *machine) tellOptions() {
	if !m.speaks {
		m.line("I have asked for TERMINAL-TYPE and NAWS and offered SGA and ECHO, and you have answered")
		m.line("nothing. So your client speaks no Telnet, as nc does not, and neither of us uses an option.")
		return
	}
	for _, whose := range []int{ofServer, ofClient} {
		m.line([]string{ofServer: "What I, the server, do:", ofClient: "What your client does:"}[whose])
		for option := range 256 {
			if a := m.agreed[whose][option]; a != telopt.No || m.heard[whose][option] {
				m.line(fmt.Sprintf("  %-14s %s", telopt.OptionName(byte(option)), m.howFar(whose, byte(option), a)))
			}
		}
	}
}

// howFar says how far an option is agreed on.
func (m *machine) howFar(whose int, option byte, a telopt.Agreement) string {
	words := "off"
	switch a {
	case telopt.No:
		if !does(whose, option) {
			words = "off: I do not know it, and said " + telopt.CommandName(verb(whose, false))
		}
	case telopt.Yes:
		words = "on"
	case telopt.WantYes, telopt.WantYesButNo:
		words = "off: I said " + telopt.CommandName(verb(whose, true)) + ", and you have not answered"
	case telopt.WantNo, telopt.WantNoButYes:
		words = "on: I said " + telopt.CommandName(verb(whose, false)) + ", and you have not answered"
	}
	if meaning := meanings[option]; meaning != "" {
		words += " (" + meaning + ")"
	}
	return words
}

// tellSize says how large the client's window is.
func (m *machine) tellSize() {
	switch {
	case m.oddSize > 0:
		m.line(fmt.Sprintf("Your client told its size by %s; NAWS has two for the columns and two for the rows (RFC 1073).", core.Plural(m.oddSize, "byte")))
	case m.sized:
		m.line(fmt.Sprintf("Your window has %d columns and %d rows: your client said so by SB NAWS (RFC 1073).", m.window[0], m.window[1]))
	default:
		m.line("I do not know your window's size: I said DO NAWS (RFC 1073), and your client " + m.silence(telopt.NAWS))
	}
}

// tellTerminal says what the client's terminal is.
func (m *machine) tellTerminal() {
	if m.kind != "" {
		m.line("Your terminal is " + m.kind + ": I said SB TERMINAL-TYPE SEND, and your client answered by IS (RFC 1091).")
		return
	}
	m.line("I do not know your terminal: I said DO TERMINAL-TYPE (RFC 1091), and your client " + m.silence(telopt.TTYPE))
}

// silence says why the client has not told something.
func (m *machine) silence(option byte) string {
	switch {
	case m.has(ofClient, option):
		return "said WILL, and has told nothing yet."
	case m.heard[ofClient][option]:
		return "said WONT."
	}
	return "has not answered."
}

// line sends a line, with each 0xFF doubled.
func (m *machine) line(words string) { m.say(words + "\r\n") }

func (m *machine) say(words string) {
	m.buf = append(m.buf, strings.ReplaceAll(words, "\xff", "\xff\xff")...)
}
