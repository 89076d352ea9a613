package smtp

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// maxMail is how many bytes of a mail a message shows.
const maxMail = 1 << 10

// mail is the text of one, or the part of one that BDAT sends.
type mail struct {
	From     int64
	Size     int64  // bytes, without the dots that SMTP puts before lines
	Lines    int64  // that have ended
	Text     []byte // its beginning
	Bare     int64  // lines that ended in LF alone
	LastBare bool   // the last line did
	// Doubtful is where a lone dot has ended that some servers take for the end and others
	// for text, because of a line end that is not CR LF; 0: there was none.
	Doubtful int64
	Answered bool  // the server has replied to it before its end
	Left     int64 // bytes that BDAT announced and which are still to come
	Part     bool  // it is what BDAT sends
	Last     bool  // … the last time
}

// add takes bytes of the mail.
func (m *mail) add(text []byte) {
	m.Size += int64(len(text))
	if room := maxMail + 1 - len(m.Text); room > 0 {
		m.Text = append(m.Text, text[:min(len(text), room)]...)
	}
}

// mailLine takes a line of a mail, or a piece of a long one, and returns the message of the
// mail if it is whole with it.
func (t *talk) mailLine(at int64, line []byte) (core.Message, bool) {
	m := t.Mail
	continues, ended := t.LongRequest, line[len(line)-1] == '\n'
	t.LongRequest = !ended
	end := at + int64(len(line))
	if !continues && line[0] == '.' {
		switch dot := string(line); {
		case dot == ".\r\n" && !m.LastBare:
			t.Phase, t.Mail = commanding, nil
			if !m.Answered {
				t.expect(pending{From: m.From, Kind: whole, Lines: m.Lines + 1})
			}
			return m.message(t.flow, end, int64(len(line)), ""), true
		case dot == ".\r\n", dot == ".\n":
			m.Doubtful = end
		}
		m.add(line[1:])
	} else {
		m.add(line)
	}
	if ended {
		m.Lines++
		m.LastBare = len(line) < 2 && !continues || len(line) > 1 && line[len(line)-2] != '\r'
		if m.LastBare {
			m.Bare++
		}
	}
	return core.Message{}, false
}

// mailPart takes bytes that BDAT has announced.
func (t *talk) mailPart(at int64, data []byte) (core.Message, bool) {
	m := t.Mail
	m.add(data)
	m.Lines += int64(bytes.Count(data, []byte("\n")))
	if m.Left -= int64(len(data)); m.Left > 0 {
		return core.Message{}, false
	}
	t.Phase, t.Mail = commanding, nil
	return m.message(t.flow, at+int64(len(data)), 0, ""), true
}

// cutShort returns the message of a mail that ends at a place without its lone dot, or
// without all that BDAT announced.
func (t *talk) cutShort(to int64, wrong string) core.Message {
	m := t.Mail
	t.Phase, t.Mail = commanding, nil
	return m.message(t.flow, max(to, m.From), 0, wrong)
}

// message returns the message of a mail, which has a lone dot of so many bytes at its end.
func (m *mail) message(flow core.Flow, to, dot int64, wrong string) core.Message {
	if wrong == "" && m.Bare > 0 { // which BDAT does not mind
		wrong = fmt.Sprintf("RFC 5321, section 2.3.8: lines end in CR LF; %d of these end in LF alone", m.Bare)
		if m.Doubtful > 0 {
			wrong = "RFC 5321, section 4.1.1.4: a lone dot ends the mail if the line ends before and after it are CR LF; here one is LF alone, and servers differ about what follows"
		}
	}
	size := strconv.FormatInt(m.Size, 10)
	summary := fmt.Sprintf("mail of %s bytes, %s", size, core.Plural(int(m.Lines), "line"))
	switch {
	case m.Last:
		summary = fmt.Sprintf("last part of a mail, %s bytes", size)
	case m.Part:
		summary = fmt.Sprintf("part of a mail, %s bytes", size)
	}
	fields := []core.Field{
		{Name: "smtp.message", From: m.From, To: to - dot, Value: core.CutWords(string(m.Text), maxMail), Wrong: wrong},
		{Name: "smtp.size", From: m.From, To: to - dot, Value: size},
	}
	if dot > 0 {
		fields = append(fields, core.Field{Name: "smtp.eom", From: to - dot, To: to, Value: "."})
	}
	return core.Message{Flow: flow, From: m.From, To: to, Summary: summary, Fields: fields}
}
