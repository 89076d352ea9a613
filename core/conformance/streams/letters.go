package streams

import (
	"bytes"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// LetterCase is a case that ASCII letters can be in.
type LetterCase struct {
	Name         string
	from, to, by byte // the other letters, and what makes them these
}

// LetterCases are both.
var LetterCases = []LetterCase{{"lower-case letters", 'A', 'Z', 'a' - 'A'}, {"upper-case letters", 'a', 'z', 0x100 - ('a' - 'A')}}

// Of returns data in this case. The bytes of a rune are no letters of ASCII.
func (l LetterCase) Of(data []byte) []byte {
	data = bytes.Clone(data)
	for i, c := range data {
		if l.from <= c && c <= l.to {
			data[i] += l.by
		}
	}
	return data
}

// OfCommands returns the event's text in this case, but for what is secret of it
// by its answer and for what stands in quotes or between < and >: names in JSON
// and in XML are others in another case, and need not be secret. What is no text
// stays.
func (l LetterCase) OfCommands(ev core.Event, actions []core.Action) []byte {
	if !ev.Kind.IsBytes() || !utf8.Valid(ev.Data) || bytes.IndexByte(ev.Data, 0) >= 0 {
		return ev.Data
	}
	data := l.Of(ev.Data)
	for _, a := range actions {
		switch span, err := core.ParseSpan(string(a.Data)); {
		case a.Kind == core.Secret && err == nil && !span.OfAction:
			copy(span.Of(data), span.Of(ev.Data))
		case a.Kind == core.SecretBytes:
			for from := 0; ; from++ {
				i := bytes.Index(ev.Data[from:], a.Data)
				if i < 0 {
					break
				}
				from += i
				copy(data[from:], a.Data)
			}
		}
	}
	closed := byte(0) // what ends the quotes that are open
	for i, c := range ev.Data {
		switch {
		case c == closed || c == '\n':
			closed = 0
		case closed != 0:
			data[i] = c
		case c == '"' || c == '\'':
			closed = c
		case c == '<':
			closed = '>'
		}
	}
	return data
}
