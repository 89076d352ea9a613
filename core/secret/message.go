package secret

import "github.com/protocol-workbench/workbench/core"

// message finds the values in what a message says. Its form stays as it is: what is
// covered is as long as it was written.
func (s *Streams) message(text []byte, patterns []*pattern) {
	core.MessageTexts(text, func(said []byte, at []int) {
		for _, r := range s.find(patterns, said) {
			s.coverLone(text, at[r[0]], at[r[1]], true)
		}
	})
}

// messages finds what a span marks in the messages of its answer.
func (s *Streams) messages(actions []core.Action, marked []byte) {
	if len(marked) == 0 {
		return
	}
	for i := range actions {
		if a := &actions[i]; a.Kind == core.Decoded {
			s.message(a.Data, []*pattern{newPattern(marked)})
		}
	}
}
