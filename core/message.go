package core

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a [Message].
const (
	MaxFields     = 1000    // fields of one message, nested ones too
	MaxFieldDepth = 64      // how deep fields nest
	MaxFieldText  = 4 << 10 // bytes of a summary, a value, or what is wrong with it
	MaxFlow       = 1 << 50 // bytes of a stream that spans can name

	MaxDecodedEvent = 64 << 10 // bytes of an event that is a piece of a stream, for machines that make messages
)

// Flow names one of the four streams of a session. A flow's bytes are counted from 0 on
// since the session began, as its transcript has them: payloads of all kinds, what passes
// through and what a watching machine has not seen included; what was dropped, and the
// bytes of a TLS handshake, are not.
type Flow uint8

// The flows.
const (
	FromServer Flow = iota + 1 // what the server sent
	ToServer                   // what was sent to the server
	FromClient                 // what the client sent
	ToClient                   // what was shown or sent to the client
)

var flowNames = [...]string{FromServer: "from-server", ToServer: "to-server", FromClient: "from-client", ToClient: "to-client"}

// String returns the flow as transcripts and plugins write it, such as "from-server".
func (f Flow) String() string {
	if f < FromServer || f > ToClient {
		return "flow?"
	}
	return flowNames[f]
}

// ParseFlow is the inverse of String.
func ParseFlow(s string) (f Flow, ok bool) {
	i := slices.Index(flowNames[1:], s)
	return Flow(i + 1), i >= 0
}

// MarshalText is String.
func (f Flow) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFlow. Its error is ErrFlow.
func (f *Flow) UnmarshalText(text []byte) error {
	flow, ok := ParseFlow(string(text))
	if *f = flow; !ok {
		return ErrFlow
	}
	return nil
}

// Message is what a machine has recognised on a flow: a request, a reply, a frame. It
// says where the bytes are and what they mean, and carries none of them.
type Message struct {
	Flow Flow  `json:"flow"`
	From int64 `json:"from"` // where it begins in the flow
	To   int64 `json:"to"`   // and where what follows it does
	// Answers is the message that this one answers, if there is one.
	Answers MessageRef `json:"answers,omitzero"`
	Summary string     `json:"summary"` // on one line, for people
	Fields  []Field    `json:"fields,omitempty"`
}

// MessageRef names a message by where it begins. The zero value names none.
type MessageRef struct {
	Flow Flow  `json:"flow"`
	From int64 `json:"from"`
}

// Field is a part of a message, with a name and a value.
type Field struct {
	// Name has 1 to MaxName letters, digits, '-', '_' and '.', and begins with a letter,
	// as in resp.type.
	Name  string `json:"name"`
	From  int64  `json:"from"` // its bytes in the flow, within the message's
	To    int64  `json:"to"`
	Value string `json:"value"` // for people and filters; bytes that are not UTF-8 are kept
	// Wrong, if it is not empty, says what is wrong with the field, and which rule says so.
	Wrong  string  `json:"wrong,omitempty"`
	Fields []Field `json:"fields,omitempty"` // of which it consists
}

// Errors that end a session because its machine made a message out of bounds.
var (
	ErrFlow         = errors.New("a message's flow must be from-server, to-server, from-client or to-client")
	ErrMessageSpan  = errors.New("a message's or a field's span must begin at 0 or later and not end before it begins, and a field's must lie within its message's")
	ErrFieldName    = errors.New("a field's name must be 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter")
	ErrFieldText    = errors.New("a message's summary, a field's value and what is wrong with it must have at most 4 KiB each")
	ErrTooManyField = errors.New("a message must have at most 1000 fields")
	ErrFieldDepth   = errors.New("a message's fields must nest at most 64 deep")
)

// Message says that a message was recognised. It is for those who watch, for goldens and
// for filters: nothing is sent. The manifest has to set Messages.
//
// Make it once its last byte is there, whatever the reads were: the same bytes give the
// same messages, in the same order, however they were cut.
func (o *Out) Message(m Message) {
	if o.err != nil {
		return
	}
	before := len(o.data)
	data, err := m.AppendText(o.data)
	if err != nil {
		o.fail(err)
		return
	}
	size := len(data) - before
	if o.data = data[:before]; !o.room(size) {
		return
	}
	o.data = data
	o.actions = append(o.actions, outAction{kind: Decoded, from: before, to: len(data)})
}

// AppendText appends the message in its text form, which the data of a Decoded action is:
//
//	from-server 120-164 answers to-server 40 "array of 2"
//	  resp.type 120-121 "array"
//	  resp.item 124-164 "…"
//	    resp.length 125-127 "34" ! "RESP2: the item has 33 bytes"
//
// The errors are the bounds above.
func (m *Message) AppendText(dst []byte) ([]byte, error) {
	switch {
	case m.Flow < FromServer || m.Flow > ToClient:
		return dst, ErrFlow
	case !span(m.From, m.To, 0, MaxFlow):
		return dst, ErrMessageSpan
	}
	dst = appendSpan(append(append(dst, m.Flow.String()...), ' '), m.From, m.To)
	if r := m.Answers; r != (MessageRef{}) {
		if r.Flow < FromServer || r.Flow > ToClient {
			return dst, ErrFlow
		}
		if !span(r.From, r.From, 0, MaxFlow) {
			return dst, ErrMessageSpan
		}
		dst = append(append(append(dst, " answers "...), r.Flow.String()...), ' ')
		dst = strconv.AppendInt(dst, r.From, 10)
	}
	dst, err := appendFieldText(append(dst, ' '), m.Summary)
	if err != nil {
		return dst, err
	}
	left := MaxFields
	return m.appendFields(dst, m.Fields, 1, &left)
}

func (m *Message) appendFields(dst []byte, fields []Field, depth int, left *int) (_ []byte, err error) {
	if len(fields) > 0 && depth > MaxFieldDepth {
		return dst, ErrFieldDepth
	}
	if *left -= len(fields); *left < 0 {
		return dst, ErrTooManyField
	}
	var toAt, toEnd int // where the last field's To is written: the next one often begins there
	for i := range fields {
		f := &fields[i]
		switch {
		case (i == 0 || f.Name != fields[i-1].Name) && !ValidFieldName(f.Name):
			return dst, ErrFieldName
		case !span(f.From, f.To, m.From, m.To):
			return dst, ErrMessageSpan
		}
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, "  "...)
		}
		dst = append(append(dst, f.Name...), ' ')
		if i > 0 && f.From == fields[i-1].To {
			dst = append(dst, dst[toAt:toEnd]...)
		} else {
			dst = strconv.AppendInt(dst, f.From, 10)
		}
		dst = append(dst, '-')
		toAt = len(dst)
		dst = strconv.AppendInt(dst, f.To, 10)
		toEnd = len(dst)
		if dst, err = appendFieldText(append(dst, ' '), f.Value); err != nil {
			return dst, err
		}
		if f.Wrong != "" {
			if dst, err = appendFieldText(append(dst, " ! "...), f.Wrong); err != nil {
				return dst, err
			}
		}
		if dst, err = m.appendFields(dst, f.Fields, depth+1, left); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func span(from, to, least, most int64) bool { return least <= from && from <= to && to <= most }

func appendSpan(dst []byte, from, to int64) []byte {
	return strconv.AppendInt(append(strconv.AppendInt(dst, from, 10), '-'), to, 10)
}

func appendFieldText(dst []byte, text string) ([]byte, error) {
	if len(text) > MaxFieldText {
		return dst, ErrFieldText
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return strconv.AppendQuote(dst, text), nil
		}
	}
	return append(append(append(dst, '"'), text...), '"'), nil // as most are, and much faster
}

// ValidFieldName reports whether s can name a field.
func ValidFieldName(s string) bool {
	if len(s) == 0 || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		other := c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return true
}

// ParseMessage reads what AppendText has written, in exactly that form. It takes memory
// in proportion to the text.
func ParseMessage(text []byte) (Message, error) {
	p := messageParser{rest: string(text)}
	line := p.line()
	var m Message
	m.Flow, _ = ParseFlow(cut(&line, " "))
	m.From, m.To = spanOf(cut(&line, " "))
	if after, ok := strings.CutPrefix(line, "answers "); ok {
		line = after
		m.Answers.Flow, _ = ParseFlow(cut(&line, " "))
		m.Answers.From, _ = strconv.ParseInt(cut(&line, " "), 10, 64)
	}
	m.Summary = unquoted(&line)
	m.Fields = p.fields(1)
	again, err := m.AppendText(make([]byte, 0, len(text)))
	switch {
	case err != nil:
		return Message{}, err
	case line != "" || p.rest != "" || !bytes.Equal(again, text):
		return Message{}, fmt.Errorf("%q is not a message, such as from-server 0-5 \"+OK\" with a line for each field", CutWords(string(text), 80))
	}
	return m, nil
}

type messageParser struct {
	rest string
	many int
}

func (p *messageParser) line() string {
	line, rest, _ := strings.Cut(p.rest, "\n")
	p.rest = rest
	return line
}

// fields reads the fields of a depth, and those below each. It leaves what is not one: a
// message with something left is none.
func (p *messageParser) fields(depth int) (all []Field) {
	for depth <= MaxFieldDepth && p.many < MaxFields && len(p.rest)-len(strings.TrimLeft(p.rest, " ")) == 2*depth {
		line := p.line()[2*depth:]
		f := Field{Name: cut(&line, " ")}
		f.From, f.To = spanOf(cut(&line, " "))
		f.Value = unquoted(&line)
		if wrong, ok := strings.CutPrefix(line, " ! "); ok {
			line = wrong
			f.Wrong = unquoted(&line)
		}
		p.many++
		f.Fields = p.fields(depth + 1)
		all = append(all, f)
	}
	return all
}

// cut takes what stands before sep off the beginning of s.
func cut(s *string, sep string) string {
	before, after, _ := strings.Cut(*s, sep)
	*s = after
	return before
}

func spanOf(s string) (from, to int64) {
	a, b, _ := strings.Cut(s, "-")
	from, _ = strconv.ParseInt(a, 10, 64)
	to, _ = strconv.ParseInt(b, 10, 64)
	return from, to
}

// unquoted takes a quoted string off the beginning of s.
func unquoted(s *string) string {
	quoted, err := strconv.QuotedPrefix(*s)
	if err != nil {
		return ""
	}
	*s = (*s)[len(quoted):]
	text, _ := strconv.Unquote(quoted)
	return text
}

// MessageTexts calls each for every summary, value and wrong of a message in its text
// form, with what it says and, for each of its bytes, where that stands in text: byte i
// is text[at[i]:at[i+1]]. Both are valid during the call alone. Text that is no message
// has none.
func MessageTexts(text []byte, each func(said []byte, at []int)) {
	var said []byte
	var at []int
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		said, at = said[:0], at[:0]
		for i++; i < len(text) && text[i] != '"'; {
			r, multibyte, rest, err := strconv.UnquoteChar(string(text[i:min(i+10, len(text))]), '"')
			if err != nil {
				return
			}
			size := min(i+10, len(text)) - i - len(rest)
			before := len(said)
			if said = append(said, byte(r)); multibyte {
				said = append(said[:before], string(r)...)
			}
			for range len(said) - before {
				at = append(at, i)
			}
			i += size
		}
		at = append(at, i)
		each(said, at)
	}
}
