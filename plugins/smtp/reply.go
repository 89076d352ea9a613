package smtp

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a reply.
const (
	maxReplyLine = 512 // bytes of a line, with its end (RFC 5321, section 4.5.3.1.5)
	maxFields    = 100 // lines that are fields
)

// What is wrong with a line of a reply.
const (
	wrongNoCode    = "RFC 5321, section 4.2: a line of a reply begins with a code of three digits, and a blank or a hyphen after it"
	wrongCode      = "RFC 5321, section 4.2: the digits of a code are 2 to 5, 0 to 5 and 0 to 9"
	wrongOtherCode = "RFC 5321, section 4.2.1: all lines of a reply have the same code"
	wrongLong      = "RFC 5321, section 4.5.3.1.5: a line of a reply has at most 512 bytes with its end"
	wrongBare      = "RFC 5321, section 2.3.8: a line ends in CR LF; this one ends in LF alone"
)

// reply is one that is whole, or has begun.
type reply struct {
	From, To int64
	Code     string // "" if it is none
	Wrong    string `json:",omitempty"` // with the code
	Lines    int64
	Texts    []textLine // the first few lines
	Body     []byte     // what is shown
	Left     int64      // bytes that are not

	kind    kind // of the command that it answers
	answers core.MessageRef
	mail    *core.Message // that the server has ended by it
	cut     bool          // the stream ended before it was whole
}

// textLine is what stands behind the code on a line of a reply.
type textLine struct {
	From, To int64
	Text     []byte
	Wrong    string `json:",omitempty"`
}

// status returns the code that a line of a reply begins with, and whether it is the last line;
// "" if it has none.
func status(line []byte) (code string, last bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return "", true
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return "", true
		}
	}
	return string(line[:3]), len(line) == 3 || line[3] == ' '
}

// reply takes a line of the server's, or a piece of a long one, and returns a reply that is
// whole with it.
func (t *talk) reply(at int64, line []byte) (r *reply, ok bool) {
	t.end = at + int64(len(line))
	content, ended := bytes.CutSuffix(line, []byte("\n"))
	continues := t.LongReply
	t.LongReply = !ended
	content, crlf := bytes.CutSuffix(content, []byte("\r"))
	if continues {
		if t.Reply != nil {
			t.Reply.To = t.end
			t.Reply.show(content, t.keep)
		}
		return nil, false
	}
	wrong := ""
	switch {
	case !ended || len(line) > maxReplyLine:
		wrong = wrongLong
	case !crlf:
		wrong = wrongBare
	}
	code, last := status(content)
	if t.Reply == nil && code == "" && t.Lost {
		return nil, false
	}
	if t.Reply == nil {
		t.Reply = &reply{From: at, Code: code, Wrong: wrongDigits(code)}
	}
	t.Reply.add(at, t.end, code, content, wrong, t.keep)
	if !last || t.Reply.Lines > 1 && code == "" {
		return nil, false
	}
	return t.finish(), true
}

// wrongDigits says what is wrong with a code.
func wrongDigits(code string) string {
	if code != "" && (code[0] < '2' || code[0] > '5' || code[1] > '5') {
		return wrongCode
	}
	return ""
}

// add takes a line.
func (r *reply) add(at, to int64, code string, content []byte, wrong string, keep int) {
	r.Lines++
	r.To = to
	if r.Lines > 1 {
		r.show([]byte("\n"), keep)
	}
	r.show(content, keep)
	if len(r.Texts) == maxFields {
		return
	}
	l := textLine{From: at, To: at + int64(len(content)), Wrong: wrong}
	switch {
	case code == "":
		l.Wrong = wrongNoCode
	case code != r.Code:
		l.Wrong = wrongOtherCode
	default:
		n := min(4, len(content))
		l.From += int64(n)
		content = content[n:]
	}
	if len(content) == 0 && l.Wrong == "" {
		return
	}
	l.Text = bytes.Clone(content[:min(len(content), maxValue+1)])
	r.Texts = append(r.Texts, l)
}

// show keeps what is to be shown.
func (r *reply) show(text []byte, keep int) {
	kept := text[:min(len(text), max(0, keep-len(r.Body)))]
	r.Body = append(r.Body, kept...)
	r.Left += int64(len(text) - len(kept))
}

// startsTLS reports whether there is TLS after the reply.
func (r *reply) startsTLS() bool { return r.kind == starttls && r.Code == "220" && !r.cut }

// good reports whether the reply agrees (RFC 5321, section 4.2.1).
func (r *reply) good() bool { return r.Code != "" && r.Code[0] == '2' }

// finish returns the reply that is whole, and says what it answers.
func (t *talk) finish() *reply {
	r := t.Reply
	t.Reply = nil
	switch {
	case r.Code == "":
	case t.Lost:
		t.found(r)
	case !t.Greeted:
		t.Greeted = true
	default:
		t.answer(r)
	}
	return r
}

// answer says what a reply answers, and what follows from it.
func (t *talk) answer(r *reply) {
	if len(t.Pending) == 0 {
		t.unasked(r)
		return
	}
	p := &t.Pending[0]
	r.kind = p.Kind
	if p.From >= 0 {
		r.answers = core.MessageRef{Flow: t.flow, From: p.From}
	}
	switch p.Kind {
	case resets, lhlo:
		if r.good() {
			t.Recipients = 0
			t.LMTP = t.LMTP || p.Kind == lhlo
		}
	case rcpt:
		if r.good() {
			t.Recipients++
		}
	case auth:
		if r.Code == "334" {
			if len(t.Pending) == 1 && t.Later == 0 {
				t.Phase = responding
			}
			return
		}
		if t.Phase == responding {
			t.Phase = commanding
		}
	case data:
		if r.Code != "354" {
			t.refused(r)
		}
		t.answered()
		return
	case whole, lastPart:
		if p.Left == 0 && t.LMTP { // RFC 2033, section 4.2: a reply for each recipient
			p.Left = max(1, t.Recipients)
		}
		if p.Left <= 1 {
			t.Recipients = 0
		}
	}
	if p.Left > 1 {
		p.Left--
		return
	}
	t.answered()
}

// unasked takes a reply where no command is known that it could be to.
func (t *talk) unasked(r *reply) {
	switch {
	case t.Later > 0:
		if t.Later--; t.Later == 0 && t.Phase == mailing && r.Code != "354" {
			t.refused(r)
		}
	case t.Phase == mailing && !t.Mail.Answered:
		r.answers = core.MessageRef{Flow: t.flow, From: t.Mail.From}
		at, part := t.requests.Held()
		if t.Mail.Doubtful != at || len(part) > 0 {
			t.Mail.Answered = true
			break
		}
		m := t.cutShort(at, "RFC 5321, section 4.1.1.4: CR LF . CR LF ends a mail; the server took a dot for the end that has LF alone beside it")
		r.mail = &m
	case t.Phase == commanding:
		t.prompted(r)
	}
}

// refused takes back that what the client has said after DATA is a mail.
func (t *talk) refused(r *reply) {
	switch {
	case t.Phase == mailing && len(t.Pending) <= 1:
		lines := t.Mail.Lines
		if t.Mail.Size == 0 {
			t.Phase, t.Mail = commanding, nil
			return
		}
		at, _ := t.requests.Held()
		m := t.cutShort(at, wrongRefused)
		r.mail = &m
		if lines > 0 {
			t.Pending = append(t.Pending, pending{From: -1, Left: lines})
		}
	case len(t.Pending) > 1 && t.Pending[1].Kind == whole:
		t.Pending[1] = pending{From: -1, Left: t.Pending[1].Lines}
	}
}

const wrongRefused = "RFC 5321, section 4.1.1.4: the mail is sent once the server has said 354; it has not, and takes these lines for commands"
