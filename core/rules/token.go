package rules

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// token is a word, a moment, a line end, or another byte.
type token struct {
	from, to int
	kind     tokenKind
	moment   int // of moment: which of the moments
}

type tokenKind uint8

const (
	symbol tokenKind = iota
	word
	moment
	lineEnd
)

// moments are the forms in which dates and times are written, those first that
// hold others. Each has a fixed length, or tells by itself where it ends.
var moments = [...]string{
	`[A-Z][a-z]{2}, [ 0-9][0-9] [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT`,                 // RFC 9110, 5.6.7
	`[A-Z][a-z]{2}, [ 0-9][0-9] [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}`,        // RFC 5322, 3.3
	`[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}`,                      // asctime
	`[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})`, // RFC 3339
	`[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}`,
	`[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}`, // logs
	`[0-9]{4}-[0-9]{2}-[0-9]{2}`,
	`[0-9]{2}:[0-9]{2}:[0-9]{2}`,
}

// anyMoment finds one of them, each in a group of its own. It is made when it is
// first used, which few processes of the workbench do.
var anyMoment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(" + strings.Join(moments[:], ")|(") + ")") })

// isWord reports whether a byte belongs to words. One beyond ASCII does.
func isWord(b byte) bool { return isAlnum(b) || b >= 0x80 }

// tokens takes bytes apart. Joined the tokens are the bytes.
func tokens(data []byte) []token {
	var all []token
	var dates [][]int
	if bytes.Count(data, []byte(":")) > 1 || bytes.Count(data, []byte("-")) > 1 { // all of them have that
		dates = anyMoment().FindAllSubmatchIndex(data, -1)
	}
	for i := 0; i < len(data); {
		for len(dates) > 0 && dates[0][0] < i {
			dates = dates[1:]
		}
		t := token{from: i, to: i + 1}
		switch {
		case len(dates) > 0 && dates[0][0] == i && (i == 0 || !isWord(data[i-1])) && (dates[0][1] == len(data) || !isWord(data[dates[0][1]])):
			t.kind, t.to = moment, dates[0][1]
			for t.moment = 0; dates[0][2*t.moment+2] < 0; {
				t.moment++
			}
		case data[i] == '\n':
			t.kind = lineEnd
		case bytes.HasPrefix(data[i:], []byte("\r\n")):
			t.kind, t.to = lineEnd, i+2
		case data[i] == '*': // as many as a secret had bytes
			for t.kind = word; t.to < len(data) && data[t.to] == '*'; {
				t.to++
			}
		case isWord(data[i]):
			for t.kind = word; t.to < len(data) && isWord(data[t.to]); {
				t.to++
			}
		}
		all = append(all, t)
		i = t.to
	}
	return all
}

// skeleton returns the token, or what stands for all that are likely to be
// others in another recording.
func (t token) skeleton(data []byte) string {
	text := data[t.from:t.to]
	if t.kind == moment || len(text) > 2 && isStarred(text) || t.kind == word && bytes.ContainsAny(text, "0123456789") {
		return "\x00"
	}
	return string(text)
}
