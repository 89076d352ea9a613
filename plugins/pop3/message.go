package pop3

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
	maxWords   = 16  // of a command
)

func clipped(s string) string { return core.CutWords(s, maxValue) }

// text returns what is shown of a reply, as one message.
func (r *reply) text() []byte {
	text := bytes.Clone(r.First)
	if r.Lines > 0 {
		text = append(append(text, '\n'), bytes.TrimSuffix(r.Body, []byte("\n"))...)
	}
	if r.Left > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", r.Left)
	}
	return text
}

// message returns the message of a reply.
func (r *reply) message() core.Message {
	m := core.Message{Flow: core.FromServer, From: r.From, To: r.To, Answers: r.answers}
	word, rest, _ := bytes.Cut(r.First, []byte(" "))
	name, names := "pop3.status", "pop3.text"
	switch {
	case r.kind == auth && status(r.First) == "":
		names = "pop3.challenge"
	case status(r.First) == "":
		word, rest, name = r.First, nil, "pop3.text"
	}
	mid := r.From + int64(len(word))
	m.Summary = core.CutWords(string(r.First), maxSummary)
	m.Fields = append(make([]core.Field, 0, 3), core.Field{Name: name, From: r.From, To: mid, Value: clipped(string(word)), Wrong: r.Wrong})
	if len(rest) > 0 {
		m.Fields = append(m.Fields, core.Field{Name: names, From: mid + 1, To: mid + 1 + int64(len(rest)), Value: clipped(string(rest))})
	}
	if stamp := timestamp(r.First); r.greets && stamp != nil {
		from := r.From + int64(bytes.Index(r.First, stamp))
		m.Fields = append(m.Fields, core.Field{Name: "pop3.timestamp", From: from, To: from + int64(len(stamp)), Value: clipped(string(stamp))})
	}
	if r.Lines >= 0 {
		f := core.Field{Name: "pop3.lines", From: r.Status, To: r.To, Value: strconv.FormatInt(r.Lines, 10)}
		if r.Bare > 0 {
			f.Wrong = fmt.Sprintf("RFC 1939, section 3: lines end in CR LF; %d of these end in LF alone", r.Bare)
		}
		m.Summary += " (" + core.Plural(int(r.Lines), "line") + ")"
		m.Fields = append(m.Fields, f)
	}
	if r.cut {
		m.Fields[len(m.Fields)-1].Wrong = "the stream ended before this was whole"
	}
	return m
}
