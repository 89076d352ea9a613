package pop3

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// command answers one command: RFC 1939, sections 4 to 6.
func (m *machine) command(line linewise.Line, out *core.Out) {
	if m.commands++; m.commands > MaxCommands {
		m.close(out, "-ERR too many commands; closing", "too many commands")
		return
	}
	verb, arg, _ := strings.Cut(string(line.Text), " ")
	verb = strings.ToUpper(verb)
	if verb != "PASS" { // a password may end in spaces, and have any byte
		arg = strings.TrimRight(arg, " ")
		for i, c := range line.Text {
			if c < ' ' || c > '~' {
				m.fail(out, fmt.Sprintf("line %d has byte 0x%02x at byte %d; commands are printable ASCII", line.Number, c, i+1))
				return
			}
		}
	}
	switch verb {
	case "CAPA":
		m.capabilities(arg, out)
	case "QUIT":
		m.quit(arg, out)
	case "USER":
		m.name(arg, out)
	case "PASS":
		m.password(arg, out)
	case "APOP":
		m.digest(arg, out)
	case "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP":
		m.transaction(verb, arg, out)
	case "STLS":
		m.startTLS(arg, out)
	case "AUTH":
		m.fail(out, verb+notHere)
	case "":
		m.fail(out, fmt.Sprintf("line %d is empty; a command is expected, such as CAPA", line.Number))
	default:
		m.fail(out, fmt.Sprintf("line %d begins with no command of POP3; they are USER PASS APOP STAT LIST UIDL RETR TOP DELE RSET NOOP CAPA QUIT", line.Number))
	}
}

// capabilities answers CAPA: RFC 2449, section 5.
func (m *machine) capabilities(arg string, out *core.Out) {
	if !m.noArgument("CAPA", arg, out) {
		return
	}
	more := ""
	if m.offers && !m.secured && m.box == nil { // RFC 2595, section 4
		more = "STLS\r\n"
	}
	m.reply(out, "+OK what this server can do\r\nUSER\r\nTOP\r\nUIDL\r\nPIPELINING\r\n"+more+"RESP-CODES\r\nAUTH-RESP-CODE\r\nEXPIRE NEVER\r\nIMPLEMENTATION practice server\r\n.")
}

func (m *machine) noArgument(verb, arg string, out *core.Out) bool {
	if arg != "" {
		m.fail(out, verb+" stands alone")
	}
	return arg == ""
}

const notHere = " is a command of POP3, but not done here; sign in by USER and PASS or by APOP"

const signedIn = "you have signed in already: the state is TRANSACTION"

func (m *machine) name(arg string, out *core.Out) {
	switch {
	case m.box != nil:
		m.fail(out, signedIn)
	case arg == "":
		m.fail(out, "USER wants a mailbox's name, such as USER alice")
	default:
		m.user = arg
		m.reply(out, "+OK now PASS; whether that mailbox exists is not told before")
	}
}

// password asks for the mailbox. After a failure the next try begins with USER.
func (m *machine) password(arg string, out *core.Out) {
	switch {
	case m.box != nil:
		m.fail(out, signedIn)
		return
	case m.user == "":
		m.fail(out, "USER comes before PASS")
		return
	case arg == "":
		m.fail(out, "PASS wants a password")
		return
	}
	out.SecretBytes([]byte(arg))
	if quoted := strconv.Quote(arg); quoted != `"`+arg+`"` { // as the question has it
		out.SecretBytes([]byte(quoted[1 : len(quoted)-1]))
	}
	user := m.user
	m.user = ""
	m.signIn(out, fmt.Appendf(nil, "lock %q %q", user, arg), "begin again with USER")
}

// digest is the command APOP, by which no password crosses: RFC 1939, section 7.
func (m *machine) digest(arg string, out *core.Out) {
	name, digest, _ := strings.Cut(arg, " ")
	switch {
	case m.box != nil:
		m.fail(out, signedIn)
	case len(digest) != 2*md5Size || strings.Trim(digest, "0123456789abcdef") != "":
		m.fail(out, "APOP wants a mailbox's name, and the MD5 of "+m.stamp+" and the password, one after the other, in lower-case hexadecimal")
	default:
		m.user = ""
		m.signIn(out, fmt.Appendf(nil, "apop %q %q %q", name, m.stamp, digest), "begin again")
	}
}

const md5Size = 16 // bytes

// signIn asks for the mailbox by a question. again says what to do after a failure.
func (m *machine) signIn(out *core.Out, question []byte, again string) {
	m.ask(out, question, func(answer string, out *core.Out) {
		switch b := parseBox(answer); {
		case b != nil:
			m.box = b
			n, size := b.stat()
			m.reply(out, fmt.Sprintf("+OK the mailbox is yours: %d messages, %d octets", n, size))
		case answer == "no login":
			m.fail(out, "[AUTH] wrong name or password; "+again)
		case answer == "no locked":
			m.fail(out, "[IN-USE] another session has the mailbox; QUIT there, or wait")
		default:
			m.fail(out, "[SYS/TEMP] the mailboxes cannot be asked now")
		}
	})
}

// parseBox reads the world's answer to lock, or returns nil.
func parseBox(answer string) *box {
	first, rest, _ := strings.Cut(answer, "\n")
	var b box
	if n, err := fmt.Sscanf(first, "ok %q %d", &b.name, &b.session); n != 2 || err != nil {
		return nil
	}
	for line := range strings.Lines(rest) {
		uid, size, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, err1 := strconv.ParseUint(uid, 10, 32)
		bytes, err2 := strconv.ParseUint(size, 10, 31)
		if err1 != nil || err2 != nil {
			return nil
		}
		b.all = append(b.all, message{uid: uint32(id), size: int(bytes)})
	}
	return &b
}
