package smtp

import (
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// command answers one command: RFC 5321, section 4.1.
func (m *machine) command(line linewise.Line, out *core.Out) {
	if m.commands++; m.commands > MaxCommands {
		m.close(out, "421 "+m.host+" too many commands; closing", "too many commands")
		return
	}
	for i, c := range line.Text {
		if c < ' ' && c != '\t' || c > '~' {
			m.fail(out, fmt.Sprintf("500 line %d has byte 0x%02x at byte %d; commands are printable ASCII", line.Number, c, i+1))
			return
		}
	}
	words := strings.TrimRight(string(line.Text), " \t") // section 4.1.1: tolerated
	verb, arg, _ := strings.Cut(words, " ")
	switch verb = strings.ToUpper(verb); verb { // section 2.4: in either case
	case "HELO", "EHLO":
		m.hello(verb, arg, out)
	case "MAIL":
		m.mailFrom(arg, out)
	case "RCPT":
		m.rcptTo(arg, out)
	case "DATA":
		m.startData(arg, line, out)
	case "AUTH":
		m.auth(arg, line.Number, out)
	case "RSET":
		if m.noArgument(verb, arg, out) {
			m.mail = nil
			m.reply(out, "250 forgotten; begin again with MAIL")
		}
	case "NOOP":
		m.reply(out, "250 nothing done")
	case "HELP":
		m.reply(out, m.help())
	case "VRFY":
		if arg == "" {
			m.fail(out, "501 VRFY wants a name or an address")
			return
		}
		m.reply(out, "252 whether that mailbox exists is not told; send to it and see")
	case "QUIT":
		if m.noArgument(verb, arg, out) {
			m.close(out, "221 "+m.host+" closing; goodbye", "QUIT")
		}
	case "STARTTLS":
		m.startTLS(arg, out)
	case "EXPN", "TURN", "ETRN", "BDAT", "SEND", "SOML", "SAML":
		m.fail(out, "502 "+verb+notHere)
	case "":
		m.fail(out, fmt.Sprintf("500 line %d is empty; a command is expected, such as HELP", line.Number))
	default:
		m.fail(out, fmt.Sprintf("500 line %d begins with no command of SMTP; HELP lists them", line.Number))
	}
}

const notHere = " is a command of SMTP, but not done here"

// noArgument reports whether arg is empty, and answers if not.
func (m *machine) noArgument(verb, arg string, out *core.Out) bool {
	if arg != "" {
		m.fail(out, "501 "+verb+" stands alone, without "+core.CutWords(arg, 40))
	}
	return arg == ""
}

func (m *machine) hello(verb, arg string, out *core.Out) {
	if arg == "" || len(arg) > maxDomain || strings.ContainsAny(arg, " \t<>") {
		m.fail(out, "501 "+verb+" wants your host's name, such as "+verb+" laptop.example.test")
		return
	}
	m.client, m.extended, m.mail = arg, verb == "EHLO", nil
	if !m.extended {
		m.reply(out, "250 "+m.host+" greets "+arg)
		return
	}
	more := ""
	if m.offers && !m.secured { // RFC 3207, section 4.2: not again
		more = "250-STARTTLS\n"
	}
	m.reply(out, fmt.Sprintf("250-%s greets %s\n250-SIZE %d\n250-8BITMIME\n250-PIPELINING\n%s250-AUTH PLAIN LOGIN\n250 HELP", m.host, arg, MaxData, more))
}

func (m *machine) help() string {
	box := "Mailboxes and passwords:"
	for _, p := range mail.Cast() {
		box += " " + p.Name + " (" + p.Password + ")"
	}
	if p := mail.Student(m.seed); p.Name != "" {
		box = "Your mailbox is " + p.Name + "@" + mail.Domain + ", its password " + p.Password
	}
	commands := "HELO EHLO MAIL RCPT DATA RSET NOOP HELP VRFY AUTH QUIT"
	if m.offers {
		commands += " STARTTLS"
	}
	return "214-" + commands + " (RFC 5321)\n" +
		"214-A message: MAIL FROM:<you@anywhere.example>, RCPT TO:<bob@" + mail.Domain + ">, DATA\n" +
		"214 " + box
}

// mailFrom begins a transaction: section 4.1.1.2.
func (m *machine) mailFrom(arg string, out *core.Out) {
	switch {
	case m.client == "":
		m.fail(out, "503 say HELO or EHLO first")
		return
	case m.mail != nil:
		m.fail(out, "503 a message has begun already; RSET forgets it")
		return
	}
	p, err := parsePath("MAIL FROM:", arg)
	if err == nil && p.address == "postmaster" {
		err = errNoDomain // only a recipient may be postmaster alone: section 4.1.1.3
	}
	if err != nil {
		m.fail(out, "501 "+err.Error())
		return
	}
	if words := m.mailParameters(p.parameters); words != "" {
		m.fail(out, words)
		return
	}
	m.mail = &transaction{from: p.address}
	m.reply(out, "250 sender <"+p.address+"> taken; anybody may claim to be anybody here")
}

// rcptTo adds a recipient: section 4.1.1.3.
func (m *machine) rcptTo(arg string, out *core.Out) {
	if m.mail == nil {
		m.fail(out, "503 MAIL comes before RCPT")
		return
	}
	p, err := parsePath("RCPT TO:", arg)
	switch {
	case err != nil:
		m.fail(out, "501 "+err.Error())
	case p.empty:
		m.fail(out, "501 <> is the empty sender, not a recipient")
	case len(p.parameters) > 0:
		m.fail(out, "555 RCPT knows no "+core.CutWords(p.parameters[0], 40)+" here")
	case len(m.mail.to) == MaxRecipients:
		m.reply(out, fmt.Sprintf("452 a message has at most %d recipients; send this one, then the next", MaxRecipients))
	case !here(p.address):
		m.reply(out, "550 <"+p.address+">: nothing leaves this room; only @"+mail.Domain+" is reached")
	default:
		m.ask(out, fmt.Appendf(nil, "box %q", p.address), func(answer string, out *core.Out) {
			switch {
			case strings.HasPrefix(answer, "ok"):
				m.mail.add(p.address)
				m.reply(out, "250 recipient <"+p.address+"> taken")
			case answer == "no box":
				m.reply(out, "550 <"+p.address+">: no such mailbox; HELP names some")
			case answer == "no full":
				m.reply(out, "452 <"+p.address+">: the mailbox is full")
			default:
				m.reply(out, "451 <"+p.address+">: the mailboxes cannot be asked now")
			}
		})
	}
}

// add adds a recipient, once.
func (t *transaction) add(address string) {
	for _, a := range t.to {
		if strings.EqualFold(a, address) {
			return
		}
	}
	t.to = append(t.to, address)
}

// here reports whether an address is of the fictional domain; postmaster alone is.
func here(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at < 0 || strings.EqualFold(address[at+1:], mail.Domain)
}

// startData begins the message: section 4.1.1.4.
func (m *machine) startData(arg string, line linewise.Line, out *core.Out) {
	switch {
	case m.mail == nil:
		m.fail(out, "503 MAIL and RCPT come before DATA")
	case len(m.mail.to) == 0:
		m.fail(out, "503 no recipient was taken yet: RCPT comes before DATA")
	case m.noArgument("DATA", arg, out):
		m.phase = text
		m.mail.data = message{lf: !line.CRLF}
		m.reply(out, "354 the message, and after it a line with one dot alone")
	}
}
