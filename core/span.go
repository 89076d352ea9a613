package core

import (
	"fmt"
	"strconv"
	"strings"
)

// Span names the bytes of a payload that a Secret action is about.
type Span struct {
	OfAction bool // of the previous action; else of the event being answered
	From, To int  // bytes; those past the payload's end are ignored
}

// maxSpan bounds a span's text in bytes.
const maxSpan = len("action 1114112 1114112")

// String writes the span as in transcripts: "event 5 12".
func (s Span) String() string {
	of := "event"
	if s.OfAction {
		of = "action"
	}
	return of + " " + strconv.Itoa(s.From) + " " + strconv.Itoa(s.To)
}

// ParseSpan reads what String writes, in exactly that form.
func ParseSpan(text string) (Span, error) {
	var s Span
	of, numbers, _ := strings.Cut(text, " ")
	from, to, _ := strings.Cut(numbers, " ")
	s.OfAction = of == "action"
	var err1, err2 error
	s.From, err1 = strconv.Atoi(from)
	s.To, err2 = strconv.Atoi(to)
	if err1 != nil || err2 != nil || len(text) > maxSpan || !s.valid() || s.String() != text {
		return Span{}, fmt.Errorf("%q is not a span of a secret, such as event 5 12 or action 0 8", CutWords(text, 80))
	}
	return s, nil
}

func (s Span) valid() bool {
	return s.From >= 0 && s.From < s.To && s.To <= MaxActionPayload
}

// Of returns the bytes of payload that the span names.
func (s Span) Of(payload []byte) []byte {
	return payload[min(s.From, len(payload)):min(s.To, len(payload))]
}
