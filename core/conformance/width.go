package conformance

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"

	"github.com/protocol-workbench/workbench/core"
)

// maxRows bounds how many rows of all goldens widths looks at.
const maxRows = 60

// widths looks for answers that become others when a number gets a second digit
// or a third one: alike in shape for 8 elements and for 9, and not for 10. A
// limit may be meant there, so it is advice.
func (u *suite) widths(ctx context.Context, r *Result, seeds []seed, until time.Time) error {
	looked := 0
	for i := range seeds {
		for _, row := range rows(&seeds[i]) {
			if looked++; looked > maxRows || time.Now().After(until) {
				return nil
			}
			for _, digits := range []int{10, 100} {
				h, alike, err := u.alike(ctx, &seeds[i], row, digits)
				if err != nil {
					return err
				}
				if alike {
					continue
				}
				r.Advice = append(r.Advice, Finding{
					Check: r.Check, File: seeds[i].file,
					Words:   fmt.Sprintf("with %s %d times the answers are of another shape than with %d and with %d", row.what, digits, digits-2, digits-1),
					Do:      fmt.Sprintf("if this is no limit of the protocol, look for a number that is written or read as %d digit, or a width that is reckoned so", len(strconv.Itoa(digits))-1),
					Session: h.text(u.s.Manifest.Name),
				})
				return nil // one such place gives many rows
			}
		}
	}
	return nil
}

// alike reports whether a row of n elements is answered as rows of one, two and
// three less, or those are not answered alike themselves. h is that of n.
func (u *suite) alike(ctx context.Context, sd *seed, row row, n int) (h *session, alike bool, err error) {
	before := ""
	for k := n - 3; k <= n; k++ {
		events := row.of(k)
		if len(events) > maxMutantEvents || size(events) > maxMutantBytes {
			return nil, true, nil
		}
		if h, err = u.s.holdAs(ctx, sd.session, asOps(events)); err != nil {
			return nil, false, err
		}
		now := shape(h.steps)
		if k > n-3 && now != before {
			return h, k < n, nil
		}
		before = now
	}
	return h, true, nil
}

// maxPeriod is how many tokens a repeated part may have, so that it is seen as
// one.
const maxPeriod = 64

// shape is what the answers look like, however many there are of the same: each
// number is one digit, and what comes again at once is there once.
func shape(steps []step) string {
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
	for _, s := range steps {
		add(fmt.Sprintf("event %d", s.Kind))
		for _, a := range s.actions {
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
		switch token := string(data[:n]); kind {
		case '0', ' ':
			all = append(all, string(kind))
		default:
			all = append(all, token)
		}
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
