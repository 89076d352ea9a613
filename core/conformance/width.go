package conformance

import (
	"fmt"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// maxRows bounds how many rows of all goldens widths looks at.
const maxRows = 60

// widths looks for answers that become others when a number gets a second digit
// or a third one: alike in shape for 8 elements and for 9, and not for 10. A
// limit may be meant there, so it is advice.
func (u *suite) widths(r *Result, seeds []seed, until time.Time) {
	looked := 0
	for i := range seeds {
		for _, row := range streams.Rows(seeds[i].events()) {
			if looked++; looked > maxRows || time.Now().After(until) {
				return
			}
			for _, digits := range []int{10, 100} {
				h, alike := u.alike(&seeds[i], row, digits)
				if alike {
					continue
				}
				r.Advice = append(r.Advice, Finding{
					Check: r.Check, File: seeds[i].file,
					Words:   fmt.Sprintf("with %s %d times the answers are of another shape than with %d and with %d", row.What, digits, digits-2, digits-1),
					Do:      fmt.Sprintf("if this is no limit of the protocol, look for a number that is written or read as %d digit, or a width that is reckoned so", len(strconv.Itoa(digits))-1),
					Session: h.text(u.Manifest.Name),
				})
				return // one such place gives many rows
			}
		}
	}
}

// alike reports whether a row of n elements is answered as rows of one, two and
// three less, or those are not answered alike themselves. h is that of n.
func (u *suite) alike(sd *seed, row streams.Row, n int) (h *session, alike bool) {
	before := ""
	for k := n - 3; k <= n; k++ {
		events := row.Of(k)
		if !streams.Fits(events) {
			return nil, true
		}
		h = u.holdAs(sd.session, streams.Ops(events))
		now := streams.Shape(h.answers)
		if k > n-3 && now != before {
			return h, k < n
		}
		before = now
	}
	return h, true
}

// answers yields each event with its answer.
func (h *session) answers(yield func(core.Event, []core.Action) bool) {
	for _, s := range h.steps {
		if !yield(s.Event, s.actions) {
			return
		}
	}
}
