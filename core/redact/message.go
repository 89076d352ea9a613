package redact

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// messages redacts what messages say, one by one: what match finds, and what the
// answers that they stand in mark as secret. A message keeps its form.
func (s *search) messages(entries []transcript.Entry, marked map[uint64][][]byte) {
	for i := range entries {
		e := &entries[i]
		if e.Dir != transcript.Action || e.Action.Kind != core.Decoded {
			continue
		}
		text := e.Action.Data
		core.MessageTexts(text, func(said []byte, at []int) {
			left := bytes.Clone(said)
			for _, value := range marked[e.N] {
				if s.err == nil {
					s.err = s.ctx.Err()
				}
				if s.err != nil {
					return
				}
				for from := 0; len(value) > 0; {
					at := bytes.Index(left[from:], value)
					if at < 0 {
						break
					}
					from += at + len(value) // past it: value may be all '*', since the recorder masks too
					secret.Cover(left, from-len(value), from, false)
				}
			}
			s.redact([]part{{left, false}})
			for b := range left {
				if left[b] != said[b] {
					secret.Cover(text, at[b], at[b+1], true)
				}
			}
		})
	}
}
