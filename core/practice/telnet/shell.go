package telnet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// enter takes the line that is typed.
func (m *machine) enter() {
	line, long := string(m.typed), m.long
	m.typed, m.long = nil, false
	m.newline()
	switch m.stage {
	case atLogin:
		if m.name = line; line != "" && !long {
			m.becomes(atPassword)
		}
	case atPassword:
		m.logIn(line, long)
	case atShell:
		if long {
			m.line(fmt.Sprintf("That line has more than %d bytes, and was dropped.", MaxLine))
		} else {
			m.command(line)
		}
	}
	if m.why == "" && !m.asks {
		m.prompt()
	}
}

// becomes moves on to another stage. For the time of a password the server offers to echo, so
// that the client does not show it.
func (m *machine) becomes(s stage) {
	m.stage = s
	m.want(ofServer, telopt.Echo, m.echoes || s == atPassword)
}

// logIn takes a password.
func (m *machine) logIn(password string, long bool) {
	if len(password) >= core.LastingSecret {
		m.passwords = append(m.passwords, []byte(strings.ReplaceAll(password, "\xff", "\xff\xff")))
	}
	hidden := m.has(ofServer, telopt.Echo)
	if known := mail.Password(m.name); long || known == "" || password != known {
		m.line("Login incorrect")
		if m.tries++; m.tries == MaxTries {
			m.line("That was try " + strconv.Itoa(MaxTries) + ". Bye!")
			m.end("too many wrong passwords")
		}
		m.becomes(atLogin)
		return
	}
	m.becomes(atShell)
	m.line("Welcome, " + m.name + ". Type help for what there is.")
	if !hidden {
		m.line("Your client has not agreed that I echo (ECHO, RFC 857), so it showed your password.")
	}
}

// help is what the command help says.
var help = []string{
	"who            who has a log-in here",
	"time           what time it is",
	"options        what your client and I have negotiated",
	"size           how large your window is (NAWS)",
	"term           what your terminal is (TERMINAL-TYPE)",
	"echo on|off    whether I show what you type (ECHO)",
	"binary on|off  whether all bytes are data (BINARY)",
	"color          a line in colors, by escape sequences",
	"bye            close the connection",
}

// command does what a line says.
func (m *machine) command(line string) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return
	}
	switch word := strings.ToLower(words[0]); word {
	case "help", "?":
		for _, words := range help {
			m.line(words)
		}
	case "who":
		m.who()
	case "time":
		m.asks = true
	case "options":
		m.tellOptions()
	case "size":
		m.tellSize()
	case "term":
		m.tellTerminal()
	case "echo", "binary":
		m.turn(word, words[1:])
	case "color", "colour":
		m.line("\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m \x1b[34mblue\x1b[0m \x1b[1mbold\x1b[0m: each is ESC [ NUMBER m, and ends by ESC [ 0 m")
	case "bye", "exit", "quit", "logout":
		m.bye()
	default:
		m.line(strconv.QuoteToASCII(core.CutWords(words[0], 40)) + " is no command here. Type help for what there is.")
	}
}

func (m *machine) who() {
	people := mail.Cast()
	if !slices.ContainsFunc(people, func(p mail.Person) bool { return p.Name == m.name }) { // a student
		people = append(people, mail.Person{Name: m.name})
	}
	for _, p := range people {
		if p.Name == m.name {
			p.Name += " (you)"
		}
		m.line(p.Name)
	}
}

// clock tells the time that the world has answered.
func (m *machine) clock(answer string) {
	at, ok := strings.CutPrefix(answer, "ok ")
	if !ok {
		at = "not known now"
	}
	m.line("The time is " + core.CutWords(core.Printable(at), 40) + ".")
	m.prompt()
}

// turn has an option be in effect, or not.
func (m *machine) turn(what string, words []string) {
	if len(words) != 1 || words[0] != "on" && words[0] != "off" {
		m.line("Say " + what + " on, or " + what + " off.")
		return
	}
	on := words[0] == "on"
	var said []string
	ask := func(whose int, option byte) {
		if m.want(whose, option, on) {
			said = append(said, telopt.CommandName(verb(whose, on)))
		}
	}
	if what == "echo" {
		m.echoes = on
		ask(ofServer, telopt.Echo)
	} else {
		ask(ofServer, telopt.Binary)
		ask(ofClient, telopt.Binary)
	}
	if len(said) == 0 {
		m.line("I said nothing: it is so already, or your client has still to answer (RFC 1143).")
		return
	}
	m.line("I said " + strings.Join(said, " and ") + " " + strings.ToUpper(what) + "; options tells what your client answered.")
	if what == "binary" && on {
		m.line("Here is byte 255: \xff. On the wire it stands twice, since one begins a command.")
	}
}

func (m *machine) bye() {
	m.line("Bye!")
	m.end("the client said bye")
}
