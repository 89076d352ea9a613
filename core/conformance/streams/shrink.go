package streams

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// What bounds Shrink: the streams that it tries, and the time that it takes with
// a machine that hangs or is slow.
const (
	maxTries = 300
	maxTime  = 20 * time.Second
)

// Shrink looks for a shorter stream that shows the same as events do. It leaves
// out events, then parts of payloads, as often as it gets away with it: try
// returns the stream as it was held, which is [Shorter], or false if that shows
// it no more.
func Shrink(events []core.Event, try func([]core.Event) ([]core.Event, bool)) {
	left, until := maxTries, time.Now().Add(maxTime)
	smaller := func(fewer []core.Event) bool {
		if left == 0 || time.Now().After(until) {
			return false
		}
		left--
		held, ok := try(fewer)
		if ok {
			events = held
		}
		return ok
	}
	for n := max(1, len(events)/2); n > 0; n /= 2 {
		for from := 0; from < len(events); {
			if !smaller(slices.Concat(events[:from], events[min(from+n, len(events)):])) {
				from += n
			}
		}
	}
	for i := 0; i < len(events); i++ {
		for again := true; again && i < len(events); {
			again = false
			data := events[i].Data
			for _, part := range [][]byte{data[:len(data)/2], data[len(data)/2:], data[:max(0, len(data)-1)], data[min(1, len(data)):]} {
				if events[i].Kind.IsText() && !utf8.Valid(part) {
					continue
				}
				fewer := slices.Clone(events)
				fewer[i].Data = part
				if again = smaller(fewer); again {
					break
				}
			}
		}
	}
}

// Shorter reports whether a has fewer events than b, or as many with fewer bytes.
func Shorter(a, b []core.Event) bool {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(Size(a), Size(b))) < 0
}
