package telnet

import (
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core/telopt"
)

// screen is the line that is being typed.
type screen struct {
	typed []byte
	long  bool // it has had more than MaxLine bytes
}

// Keys of a terminal that speaks no Telnet, or has no commands for them.
const (
	ctrlC     = 3
	ctrlD     = 4
	backspace = 8
	ctrlU     = 21
	del       = 127
)

// key takes a byte that is no command, and reports whether it is one of a line.
func (m *machine) key(c byte) (isText bool) {
	switch c {
	case '\r', '\n':
		m.enter()
	case ctrlC:
		m.interrupts()
	case ctrlD:
		m.endOfInput()
	case backspace, del:
		m.erase()
	case ctrlU:
		m.eraseAll()
	case '\t':
		return m.text(' ')
	default:
		return c >= ' ' && m.text(c)
	}
	return false
}

// text takes a byte of the line.
func (m *machine) text(c byte) bool {
	if len(m.typed) == MaxLine {
		m.long = true
		return true
	}
	m.typed = append(m.typed, c)
	m.echo(string([]byte{c}))
	return true
}

// echo shows what is typed, if that is the server's part, and not of a password.
func (m *machine) echo(s string) {
	if m.stage != atPassword && m.has(ofServer, telopt.Echo) {
		m.say(s)
	}
}

// newline moves on where the server echoes: the client has shown nothing of the line's end.
func (m *machine) newline() {
	if m.has(ofServer, telopt.Echo) {
		m.line("")
	}
}

// erase erases the last letter.
func (m *machine) erase() {
	if len(m.typed) == 0 {
		return
	}
	_, size := utf8.DecodeLastRune(m.typed)
	m.typed = m.typed[:len(m.typed)-size]
	m.echo("\b \b")
}

// eraseAll erases the line.
func (m *machine) eraseAll() {
	for len(m.typed) > 0 {
		m.erase()
	}
	m.long = false
}

// interrupts drops the line, and begins again: to log in, if that was not done.
func (m *machine) interrupts() {
	m.line("^C")
	m.typed, m.long = nil, false
	if m.stage == atPassword {
		m.becomes(atLogin)
	}
	m.prompt()
}

// endOfInput ends the connection if nothing is typed.
func (m *machine) endOfInput() {
	if len(m.typed) == 0 {
		m.bye()
	}
}

// answersAYT says that the server is there, and then what was on the line.
func (m *machine) answersAYT() {
	m.line("")
	m.line("[Yes, I am here.]")
	m.prompt()
	m.echo(string(m.typed))
}

// prompt says what is to be typed. A client that has refused SUPPRESS-GO-AHEAD is told that
// it is its turn.
func (m *machine) prompt() {
	m.say([...]string{atLogin: "login: ", atPassword: "Password: ", atShell: "$ "}[m.stage])
	if m.heard[ofServer][telopt.SGA] && m.agreed[ofServer][telopt.SGA] == telopt.No {
		m.buf = append(m.buf, telopt.IAC, telopt.GA)
	}
}
