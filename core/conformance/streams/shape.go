package streams

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"unicode"

	"github.com/protocol-workbench/workbench/core"
)

// maxPeriod is how many tokens a repeated part may have, so that it is seen as
// one.
const maxPeriod = 64

// Shape returns what answers to events look like, however many there are of the
// same: each number is one digit, and what comes again at once is there once.
func Shape(answers iter.Seq2[core.Event, []core.Action]) string {
	var tokens []string
	add := func(token string) {
		tokens = append(tokens, token)
		n := len(tokens)
		for p := 1; p <= min(maxPeriod, n/2); p++ {
			if slices.Equal(tokens[n-p:], tokens[n-2*p:n-p]) {
				tokens = tokens[:n-p]
				return
			}
		}
	}
	for ev, actions := range answers {
		add(fmt.Sprintf("event %d", ev.Kind))
		for _, a := range actions {
			add(fmt.Sprintf("action %d %d %d", a.Kind, a.Side, a.After))
			if a.Kind == core.Secret {
				continue // its numbers are places
			}
			for _, token := range words(a.Data) {
				add(token)
			}
		}
	}
	return fmt.Sprintf("%q", tokens)
}

// words cuts data into runs of letters, of digits and of blanks, and all else
// into bytes.
func words(data []byte) (all []string) {
	for len(data) > 0 {
		kind := kindOf(data[0])
		n := bytes.IndexFunc(data, func(r rune) bool { return r > 0x7f || kindOf(byte(r)) != kind })
		switch {
		case n < 0 && kind != 0:
			n = len(data)
		case n < 1 || kind == 0:
			n = 1
		}
		token := string(data[:n])
		if kind == '0' || kind == ' ' {
			token = string(kind)
		}
		all = append(all, token)
		data = data[n:]
	}
	return all
}

// kindOf returns what stands for the kind of run that c belongs to, or 0.
func kindOf(c byte) rune {
	switch r := rune(c); {
	case c > 0x7f:
		return 0
	case unicode.IsDigit(r):
		return '0'
	case unicode.IsLetter(r):
		return 'a'
	case r == ' ' || r == '\t':
		return ' '
	}
	return 0
}
