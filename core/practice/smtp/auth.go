package smtp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// auth answers AUTH: RFC 4954, section 4.
func (m *machine) auth(arg string, number int, out *core.Out) {
	m.authAt = number
	mechanism, initial, given := strings.Cut(arg, " ")
	mechanism = strings.ToUpper(mechanism)
	if initial == "=" {
		initial = "" // given, and empty
	} else if initial == "" {
		given = false
	}
	refuse := ""
	switch {
	case m.client == "" || !m.extended:
		refuse = "503 say EHLO first; AUTH is one of its extensions"
	case m.user != "":
		refuse = "503 you have signed in as " + m.user + " already"
	case m.mail != nil:
		refuse = "503 a message has begun; AUTH comes before MAIL"
	case mechanism == "":
		refuse = "501 AUTH wants a mechanism: PLAIN or LOGIN"
	case mechanism != "PLAIN" && mechanism != "LOGIN":
		refuse = "504 " + core.CutWords(mechanism, 20) + " is not done here; PLAIN and LOGIN are"
	}
	switch {
	case refuse != "":
		m.fail(out, refuse)
		m.endAuth()
	case mechanism == "PLAIN" && given:
		m.authPlain(initial, out)
	case mechanism == "PLAIN":
		m.phase = plain
		m.reply(out, "334 ")
	case given:
		m.authName(initial, out)
	default:
		m.phase = name
		m.reply(out, "334 VXNlcm5hbWU6") // Username:
	}
}

// endAuth ends AUTH without a password: what comes is a command again.
func (m *machine) endAuth() {
	m.phase = command
	m.secrets.Forget(m.authAt)
}

// authLine takes the client's answer to 334.
func (m *machine) authLine(line string, out *core.Out) {
	phase := m.phase
	m.phase = command
	switch {
	case line == "*":
		m.fail(out, "501 you cancelled AUTH")
		m.endAuth()
	case phase == plain:
		m.authPlain(line, out)
	case phase == name:
		m.authName(line, out)
	default:
		m.authPassword(line, out)
	}
}

// authPlain takes PLAIN's message: RFC 4616, section 2.
func (m *machine) authPlain(line string, out *core.Out) {
	text, ok := m.decode(line, out)
	if !ok {
		return
	}
	parts := bytes.Split(text, []byte{0})
	if len(parts) != 3 {
		m.fail(out, "501 PLAIN is [for whom] NUL name NUL password, in base64")
		return
	}
	if len(parts[0]) > 0 && !bytes.Equal(parts[0], parts[1]) {
		m.secret(string(parts[2]), out)
		m.reply(out, "535 nobody may sign in for another here")
		return
	}
	m.check(string(parts[1]), string(parts[2]), out)
}

func (m *machine) authName(line string, out *core.Out) {
	if text, ok := m.decode(line, out); ok {
		m.login = string(text)
		m.phase = password
		m.reply(out, "334 UGFzc3dvcmQ6") // Password:
	}
}

func (m *machine) authPassword(line string, out *core.Out) {
	if text, ok := m.decode(line, out); ok {
		m.check(m.login, string(text), out)
	}
}

func (m *machine) decode(line string, out *core.Out) ([]byte, bool) {
	text, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil {
		m.fail(out, "501 that is not base64 (RFC 4648, section 4), as AUTH wants it")
		m.endAuth()
	}
	return text, err == nil
}

// check asks the world whether the password is right.
func (m *machine) check(name, password string, out *core.Out) {
	m.secret(password, out)
	m.ask(out, fmt.Appendf(nil, "login %q %q", name, password), func(answer string, out *core.Out) {
		switch {
		case strings.HasPrefix(answer, "ok"):
			m.user, _ = mail.Name(name)
			if m.secured {
				m.reply(out, "235 signed in; TLS kept your password from all on the way")
				return
			}
			m.reply(out, "235 signed in; on a network, this connection would have shown your password to all on the way")
		case answer == "no login":
			m.reply(out, "535 wrong name or password")
		default:
			m.reply(out, "454 the mailboxes cannot be asked now")
		}
	})
}

// secret keeps a password out of recordings, as it is and as a question has it.
func (m *machine) secret(password string, out *core.Out) {
	out.SecretBytes([]byte(password))
	if quoted := strconv.Quote(password); quoted != `"`+password+`"` {
		out.SecretBytes([]byte(quoted[1 : len(quoted)-1]))
	}
}

// secretLines is the rule by which passwords are marked as they come; see
// linewise.Secrets. A message that has such lines is marked too.
func secretLines(start []byte) (from, skip, more int) {
	words := bytes.Fields(bytes.ToUpper(start))
	if len(words) < 2 || string(words[0]) != "AUTH" {
		return -1, 0, 0
	}
	given := len(words) > 2
	switch from := len("AUTH PLAIN "); {
	case string(words[1]) == "PLAIN" && given:
		return from, 0, 0
	case string(words[1]) == "PLAIN":
		return -1, 0, 1
	case string(words[1]) == "LOGIN" && given:
		return -1, 0, 1
	case string(words[1]) == "LOGIN":
		return -1, 1, 1
	}
	return -1, 0, 0
}
