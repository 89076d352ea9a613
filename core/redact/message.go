package redact

import (
	"bytes"
	"regexp"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// redactMessages redacts what messages say, one by one: what match finds, and what the
// answers that they stand in mark as secret. A message keeps its form.
func redactMessages(entries []transcript.Entry, marked map[uint64][][]byte, match *regexp.Regexp) (found int) {
	for i := range entries {
		e := &entries[i]
		if e.Dir != transcript.Action || e.Action.Kind != core.Decoded {
			continue
		}
		text := e.Action.Data
		core.MessageTexts(text, func(said []byte, at []int) {
			left := bytes.Clone(said)
			for _, value := range marked[e.N] {
				for len(value) > 0 && bytes.Contains(left, value) {
					from := bytes.Index(left, value)
					secret.Cover(left, from, from+len(value), false)
				}
			}
			found += redactAll([]part{{left, false}}, match)
			for b := range left {
				if left[b] != said[b] {
					secret.Cover(text, at[b], at[b+1], true)
				}
			}
		})
	}
	return found
}
