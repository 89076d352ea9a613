package smtp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
)

func clipped(s string) string { return core.CutWords(s, maxValue) }

// text returns what is shown of a reply, as one message.
func (r *reply) text() []byte {
	text := bytes.Clone(r.Body)
	if r.Left > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", r.Left)
	}
	return text
}

// message returns the message of a reply.
func (r *reply) message() core.Message {
	m := core.Message{Flow: core.FromServer, From: r.From, To: r.To, Answers: r.answers, Summary: r.Code}
	m.Fields = make([]core.Field, 0, 1+len(r.Texts))
	if r.Code != "" {
		m.Fields = append(m.Fields, core.Field{Name: "smtp.response.code", From: r.From, To: r.From + 3, Value: r.Code, Wrong: r.Wrong})
	}
	for i, l := range r.Texts {
		value := clipped(string(l.Text))
		if i == 0 && l.From < r.From+5 { // the first line's
			m.Summary = strings.TrimSpace(m.Summary + " " + value)
		}
		m.Fields = append(m.Fields, core.Field{Name: "smtp.response.parameter", From: l.From, To: l.To, Value: value, Wrong: l.Wrong})
	}
	m.Summary = core.CutWords(m.Summary, maxSummary)
	if r.Lines > 1 {
		m.Summary += " (" + core.Plural(int(r.Lines), "line") + ")"
	}
	if r.cut {
		m.Fields[len(m.Fields)-1].Wrong = "the stream ended before this was whole"
	}
	return m
}
