package smtp

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// message is what comes after DATA.
type message struct {
	bytes  []byte
	lines  int
	lf     bool   // the last line ended in LF alone, or DATA did
	refuse string // the reply at its end, if it is not to be delivered
}

// text takes one line of the message, or its end: RFC 5321, sections 4.1.1.4 and 4.5.2.
//
// Only a dot between two line ends of one kind is the end. <LF>.<CR><LF> never is: a
// server that took it for the end, next to one that does not, would let a message
// smuggle in another.
func (m *machine) text(line linewise.Line, out *core.Out) {
	d := &m.mail.data
	before := d.lf
	d.lf = !line.CRLF
	if string(line.Text) == "." && before == d.lf {
		m.endData(out)
		return
	}
	d.lines++
	switch at := bytes.IndexByte(line.Text, '\r'); {
	case !line.CRLF && m.strict:
		m.close(out, fmt.Sprintf("521 line %d of the message ended in LF alone at byte %d; SMTP wants CR LF. "+
			"Where the message ends is not clear, so the connection does", d.lines, line.Size), "LF alone in a message")
		return
	case at >= 0 && m.strict:
		m.close(out, fmt.Sprintf("521 line %d of the message has CR alone at byte %d; SMTP has CR only before LF. "+
			"Where the message ends is not clear, so the connection does", d.lines, at+1), "CR alone in a message")
		return
	}
	content := line.Text
	size := line.Size
	if rest, stuffed := bytes.CutPrefix(content, []byte(".")); stuffed && len(rest) > 0 {
		content = rest
		size--
	}
	switch {
	case d.refuse != "":
	case line.Long || size > MaxText:
		d.refuse = fmt.Sprintf("500 line %d of the message has %d bytes; at most %d fit, CR LF included", d.lines, size, MaxText)
	case len(d.bytes)+len(content)+2 > MaxData:
		d.refuse = fmt.Sprintf("552 the message has more than %d bytes", MaxData)
	default:
		d.bytes = append(append(d.bytes, content...), "\r\n"...)
		return
	}
	d.bytes = nil
}

// endData delivers the message, or says why not.
func (m *machine) endData(out *core.Out) {
	m.phase = command
	t := m.mail
	m.mail = nil
	if t.data.refuse != "" {
		m.reply(out, t.data.refuse+"; nothing was delivered")
		return
	}
	m.ask(out, []byte("time"), func(answer string, out *core.Out) {
		question := fmt.Appendf(nil, "deliver %q", t.from)
		for _, a := range t.to {
			question = fmt.Appendf(question, " %q", a)
		}
		question = append(question, '\n')
		question = append(question, m.trace(t, answer)...)
		m.ask(out, append(question, t.data.bytes...), m.delivered)
	})
}

// trace returns the header lines that a server which delivers adds on top: RFC 5321,
// section 4.4.
func (m *machine) trace(t *transaction, answer string) string {
	with := "SMTP"
	if m.extended { // RFC 3848
		with = "ESMTP"
		if m.secured {
			with += "S"
		}
		if m.user != "" {
			with += "A"
		}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimPrefix(answer, "ok "))
	date := at.UTC().Format(time.RFC1123Z)
	if err != nil {
		date = "Thu, 01 Jan 1970 00:00:00 +0000" // the world has no clock
	}
	return "Return-Path: <" + t.from + ">\r\n" +
		"Received: from " + m.client + " by " + m.host + " with " + with + ";\r\n\t" + date + "\r\n"
}

func (m *machine) delivered(answer string, out *core.Out) {
	switch {
	case strings.HasPrefix(answer, "ok"):
		m.reply(out, "250 delivered")
	case answer == "no full":
		m.reply(out, "452 no room for this message; nothing was delivered")
	case answer == "no size":
		m.reply(out, "552 the message is too large; nothing was delivered")
	default:
		m.reply(out, "451 the mailboxes cannot be reached now; nothing was delivered")
	}
}
