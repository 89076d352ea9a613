package imap

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
	maxPreview = 160 // … of a literal's
	maxWords   = 16  // of a command
)

func clipped(s []byte) string {
	return core.CutWords(string(s[:min(len(s), maxValue+utf8.UTFMax)]), maxValue)
}

// preview is the beginning of a literal.
func preview(s []byte) string {
	return core.CutWords(string(s[:min(len(s), maxPreview+utf8.UTFMax)]), maxPreview)
}

// reply is what is said of a response, and what follows from it.
type reply struct {
	message core.Message
	refuses bool  // the literal of the command that has begun
	left    int64 // bytes of that
	asks    bool  // for the literal
	kind    kind  // of the command that it completes with OK, or whose challenge it is
	ok      bool
}

// reply takes a response that is whole, or of which no more will come if cut.
func (t *talk) reply(cut bool) (r reply) {
	d := &t.replies
	r.message = core.Message{Flow: core.FromServer, From: d.From, To: d.At, Fields: make([]core.Field, 0, 5)}
	m := &r.message
	line := bytes.TrimRight(d.Text, "\r\n")
	m.Summary = core.CutWords(string(d.brief(0, min(len(line), 8<<10))), maxSummary)
	wrong, at := d.wrong(), 0
	field := func(name string, n int) []byte { // the next n bytes, and the blank after them
		from, to := d.place(at), d.place(at+n)
		m.Fields = append(m.Fields, core.Field{Name: name, From: from, To: to, Value: clipped(line[at : at+n])})
		word := line[at : at+n]
		if at += n; at < len(line) && line[at] == ' ' {
			at++
		}
		return word
	}
	next := func() int { // the bytes of the next word
		if n := bytes.IndexByte(line[at:], ' '); n >= 0 {
			return n
		}
		return len(line) - at
	}
	tag := line[:next()]
	peek, _, _ := bytes.Cut(line[min(len(tag)+1, len(line)):], []byte(" "))
	status, greets := isStatus(peek), !t.Greeted
	t.Greeted = true
	switch {
	case string(tag) == "+" && !greets:
		field("imap.tag", 1)
		name := "imap.text"
		switch p := t.underWay(auth); {
		case t.requests.Awaits:
			r.asks, m.Answers = true, core.MessageRef{Flow: t.flow, From: t.requests.From}
			t.requests.Awaits = false
		case p != nil:
			r.kind, m.Answers = auth, core.MessageRef{Flow: t.flow, From: p.From}
			t.Challenged, t.requests.Plain, name = true, true, "imap.challenge"
		default:
			if p := t.underWay(idle); p != nil {
				m.Answers = core.MessageRef{Flow: t.flow, From: p.From}
			} else if wrong == "" && len(t.Pending) == 0 && !t.Unsure {
				wrong = "RFC 9051, section 7.6: + asks a client to go on, and no command waits for that"
			}
		}
		if at < len(line) {
			field(name, len(line)-at)
		}
	case string(tag) == "*" && status:
		field("imap.tag", 1)
		t.status(field, next, line, &at)
	case string(tag) == "*" && len(peek) > 0:
		field("imap.tag", 1)
		if isNumber(peek) {
			field("imap.number", next())
		}
		name := field("imap.response", next())
		if at < len(line) {
			if bytes.EqualFold(name, []byte("CAPABILITY")) {
				t.capabilities(line[at:])
			}
			w := word{from: at, to: len(line)}
			data := core.Field{Name: "imap.data", From: d.place(at), To: d.place(len(line)), Value: clipped(d.brief(at, len(line))), Fields: d.literals(w)}
			m.Fields = append(m.Fields, data)
		}
	case isTag(tag) && status:
		if t.requests.Awaits && string(tag) == t.requests.tag() {
			r.refuses = true // the caller makes the command's message, and answers it
		}
		field("imap.tag", len(tag))
		word := t.status(field, next, line, &at)
		r.ok = bytes.EqualFold(word, []byte("OK"))
		if wrong == "" && !r.ok && !completesTagged(word) {
			wrong = "RFC 9051, section 7.1: a tagged response is OK, NO or BAD"
		}
	default:
		if len(line) > 0 {
			field("imap.text", len(line))
		} else {
			m.Fields = append(m.Fields, core.Field{Name: "imap.text", From: d.From, To: d.From})
		}
		if wrong == "" {
			wrong = "RFC 9051, section 2.2.2: a response begins with *, +, or a tag and OK, NO or BAD"
		}
	}
	if greets && wrong == "" && !(string(tag) == "*" && status && !completesTagged(peek)) {
		wrong = "RFC 9051, section 7.1: a server greets with * OK, * PREAUTH or * BYE"
	}
	if cut {
		wrong = "the stream ended before this was whole"
	}
	m.Fields[0].Wrong = wrong
	return r
}

// complete says which command a tagged response completes.
func (t *talk) complete(r *reply) {
	f := &r.message.Fields[0]
	if f.Name != "imap.tag" || f.Value == "*" || f.Value == "+" {
		return
	}
	p, ok := t.answered(f.Value)
	switch {
	case ok:
		r.kind, r.message.Answers = p.Kind, core.MessageRef{Flow: t.flow, From: p.From}
	case f.Wrong == "" && !t.Unsure && len(f.Value) <= maxTag:
		f.Wrong = "RFC 9051, section 2.2.2: the tag is that of a command, and no command that is under way has this one"
	}
}

// completesTagged reports whether a status is NO or BAD.
func completesTagged(w []byte) bool {
	return bytes.EqualFold(w, []byte("NO")) || bytes.EqualFold(w, []byte("BAD"))
}

// status takes a status, its code and its text off a line.
func (t *talk) status(field func(string, int) []byte, next func() int, line []byte, at *int) []byte {
	word := field("imap.status", next())
	if code := line[*at:]; len(code) > 0 && code[0] == '[' {
		if end := bytes.IndexByte(code, ']'); end > 0 {
			field("imap.code", end+1)
			if inner := code[1:end]; len(inner) > 11 && strings.EqualFold(string(inner[:11]), "CAPABILITY ") {
				t.capabilities(inner[11:])
			}
		}
	}
	if *at < len(line) {
		field("imap.text", len(line)-*at)
	}
	return word
}

// capabilities notes what the server can do that matters here.
func (t *talk) capabilities(list []byte) {
	t.SASLIR = false
	for name := range bytes.FieldsSeq(list) {
		t.SASLIR = t.SASLIR || bytes.EqualFold(name, []byte("SASL-IR"))
	}
}

// tag returns the tag of a command that has begun.
func (d *decoder) tag() string {
	tag, _, _ := bytes.Cut(d.Text[:min(len(d.Text), maxTag+1)], []byte(" "))
	return string(tag)
}

// brief is a part of a message without the bytes of its literals.
func (d *decoder) brief(from, to int) []byte {
	if len(d.Literals) == 0 {
		return d.Text[from:to]
	}
	var b []byte
	for _, l := range d.Literals {
		if l.Head < from || l.At > to {
			continue
		}
		b = append(append(b, d.Text[from:l.Head]...), bytes.TrimRight(d.Text[l.Head:l.At], "\r\n")...)
		from = min(l.At+l.Kept, to)
	}
	return append(b, d.Text[from:to]...)
}

// hasLiteral reports whether there is one within a word.
func (d *decoder) hasLiteral(w word) bool {
	for _, l := range d.Literals {
		if l.Head > w.from && l.Head < w.to {
			return true
		}
	}
	return false
}

// literals are the fields of those in a word.
func (d *decoder) literals(w word) (all []core.Field) {
	for _, l := range d.Literals {
		if l.Head < w.from || l.Head >= w.to || len(all) == maxWords {
			continue
		}
		all = append(all, core.Field{Name: "imap.literal", From: l.From, To: l.From + l.come(d.At), Value: preview(d.Text[l.At : l.At+l.Kept])})
	}
	return all
}

// shown returns what is shown of a response, as one message.
func (d *decoder) shown() []byte {
	text := bytes.ReplaceAll(bytes.TrimRight(d.Text, "\r\n"), []byte("\r\n"), []byte("\n"))
	if d.Unkept > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", d.Unkept)
	}
	return text
}
