package pop3

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// transaction answers the commands of the state TRANSACTION, but for QUIT: RFC 1939,
// sections 5 and 7.
func (m *machine) transaction(verb, arg string, out *core.Out) {
	switch {
	case m.box == nil:
		m.fail(out, verb+" comes after USER and PASS: the state is AUTHORIZATION")
	case verb == "STAT":
		m.stat(arg, out)
	case verb == "LIST":
		m.list(arg, out)
	case verb == "UIDL":
		m.uidl(arg, out)
	case verb == "RETR":
		m.retrieve(arg, out)
	case verb == "TOP":
		m.top(arg, out)
	case verb == "DELE":
		m.remove(arg, out)
	case verb == "RSET":
		m.reset(arg, out)
	case verb == "NOOP":
		m.noop(arg, out)
	}
}

// stat counts the messages that are not marked, and their bytes.
func (b *box) stat() (n, size int) {
	for _, one := range b.all {
		if !one.deleted {
			n, size = n+1, size+one.size
		}
	}
	return n, size
}

func (m *machine) stat(arg string, out *core.Out) {
	if m.noArgument("STAT", arg, out) {
		n, size := m.box.stat()
		m.reply(out, fmt.Sprintf("+OK %d %d", n, size))
	}
}

// message returns the message of a number that the client named, or answers.
func (m *machine) message(number string, out *core.Out) *message {
	n, err := strconv.ParseUint(number, 10, 31)
	switch {
	case err != nil || n == 0:
		m.fail(out, "a message's number is expected, from 1 on")
	case int(n) > len(m.box.all):
		m.fail(out, fmt.Sprintf("there is no message %d; the last one is %d", n, len(m.box.all)))
	case m.box.all[n-1].deleted:
		m.fail(out, fmt.Sprintf("message %d is marked as deleted; RSET takes all marks away", n))
	default:
		return &m.box.all[n-1]
	}
	return nil
}

func (m *machine) list(arg string, out *core.Out) {
	n, size := m.box.stat()
	m.each(arg, fmt.Sprintf("+OK %d messages, %d octets", n, size), func(one *message) string {
		return strconv.Itoa(one.size)
	}, out)
}

func (m *machine) uidl(arg string, out *core.Out) {
	m.each(arg, "+OK unique-ids, which stay", func(one *message) string {
		return fmt.Sprintf("%s-%d", m.box.name, one.uid)
	}, out)
}

// each says something of one message, or of each. The latter asks the world first: it
// shows that the session is alive, and holds back what a client sends ahead.
func (m *machine) each(arg, words string, say func(*message) string, out *core.Out) {
	if arg != "" {
		if one := m.message(arg, out); one != nil {
			n, _ := strconv.Atoi(arg)
			m.reply(out, fmt.Sprintf("+OK %d %s", n, say(one)))
		}
		return
	}
	m.hold(out, func(out *core.Out) {
		var all strings.Builder
		all.WriteString(words + "\r\n")
		for i := range m.box.all {
			if one := &m.box.all[i]; !one.deleted {
				fmt.Fprintf(&all, "%d %s\r\n", i+1, say(one))
			}
		}
		m.reply(out, all.String()+".")
	})
}

// hold does something once the world said that the mailbox is still this session's.
func (m *machine) hold(out *core.Out, then func(out *core.Out)) {
	m.ask(out, fmt.Appendf(nil, "hold %q %d", m.box.name, m.box.session), func(answer string, out *core.Out) {
		switch answer {
		case "ok":
			then(out)
		case "no lock":
			m.lost(out)
		default:
			m.fail(out, "[SYS/TEMP] the mailboxes cannot be asked now")
		}
	})
}

func (m *machine) noop(arg string, out *core.Out) {
	if m.noArgument("NOOP", arg, out) {
		m.hold(out, func(out *core.Out) { m.reply(out, "+OK nothing done") })
	}
}

func (m *machine) retrieve(arg string, out *core.Out) {
	if one := m.message(arg, out); one != nil {
		m.read(one, out, func(text string, out *core.Out) {
			m.reply(out, fmt.Sprintf("+OK %d octets\r\n%s", len(text), stuffed(text)))
		})
	}
}

// top answers TOP: the header, the empty line, and so many lines of the body.
func (m *machine) top(arg string, out *core.Out) {
	number, count, _ := strings.Cut(arg, " ")
	lines, err := strconv.ParseUint(count, 10, 31)
	if err != nil {
		m.fail(out, "TOP wants a message's number and how many lines of its body, such as TOP 1 5")
		return
	}
	if one := m.message(number, out); one != nil {
		m.read(one, out, func(text string, out *core.Out) {
			m.reply(out, "+OK the top of it\r\n"+stuffed(top(text, int(lines))))
		})
	}
}

func top(text string, lines int) string {
	size, body := 0, false
	for line := range strings.Lines(text) {
		if body {
			if lines == 0 {
				break
			}
			lines--
		}
		size += len(line)
		body = body || strings.TrimRight(line, "\r\n") == ""
	}
	return text[:size]
}

// read asks for a message's text.
func (m *machine) read(one *message, out *core.Out, then func(text string, out *core.Out)) {
	m.ask(out, fmt.Appendf(nil, "read %q %d %d", m.box.name, m.box.session, one.uid), func(answer string, out *core.Out) {
		text, ok := strings.CutPrefix(answer, "ok\n")
		switch {
		case ok:
			then(text, out)
		case answer == "no lock":
			m.lost(out)
		case answer == "no message":
			m.fail(out, "that message is gone: somebody deleted it by IMAP")
		default:
			m.fail(out, "[SYS/TEMP] the mailboxes cannot be asked now")
		}
	})
}

func (m *machine) remove(arg string, out *core.Out) {
	if one := m.message(arg, out); one != nil {
		one.deleted = true
		m.reply(out, "+OK marked; QUIT deletes it, RSET takes the mark away")
	}
}

func (m *machine) reset(arg string, out *core.Out) {
	if m.noArgument("RSET", arg, out) {
		for i := range m.box.all {
			m.box.all[i].deleted = false
		}
		n, size := m.box.stat()
		m.reply(out, fmt.Sprintf("+OK no marks; %d messages, %d octets", n, size))
	}
}
