package gateway

import (
	"encoding/json"
	"time"

	"github.com/protocol-workbench/workbench/core/class/wall"
)

// shownElsewhere is what a teacher shows to the class at another workbench.
type shownElsewhere struct {
	n     uint64 // as showing has it, over all workbenches
	from  string
	text  json.RawMessage
	heard time.Time
}

// showsElsewhere takes in what another workbench shows. One thing is shown at a time: what
// began last.
func (r *classroom) showsElsewhere(from string, text []byte, now time.Time) {
	var sent struct{ N uint64 }
	if json.Unmarshal(text, &sent) != nil {
		return
	}
	r.mu.Lock()
	before := r.elsewhere
	switch {
	case sent.N > 0 && (before == nil || sent.N >= before.n || before.isOver(now)):
		r.elsewhere = &shownElsewhere{sent.N, from, append(json.RawMessage(nil), text...), now}
		r.lastN = max(r.lastN, sent.N)
	case sent.N == 0 && before != nil && before.from == from:
		r.elsewhere = nil
	}
	changed := before == nil != (r.elsewhere == nil) || before != nil && string(before.text) != string(r.elsewhere.text)
	r.mu.Unlock()
	if sent.N > 0 {
		r.take(func(s *showing) bool { return s.n < sent.N })
	}
	if changed {
		r.change(func() {})
	}
}

// isOver reports that nothing was heard any more of what is shown.
func (s *shownElsewhere) isOver(now time.Time) bool { return now.Sub(s.heard) > wall.ElsewhereLife }

// shownThere returns what another workbench shows; nil: nothing, or this one shows
// something that began later.
func (r *classroom) shownThere() *shownElsewhere {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.elsewhere == nil || r.elsewhere.isOver(time.Now()) || r.show != nil && r.show.n > r.elsewhere.n {
		return nil
	}
	return r.elsewhere
}

// forgetElsewhere forgets what a workbench shows of which nothing is heard any more.
func (r *classroom) forgetElsewhere(now time.Time) {
	r.mu.Lock()
	over := r.elsewhere != nil && r.elsewhere.isOver(now)
	if over {
		r.elsewhere = nil
	}
	r.mu.Unlock()
	if over {
		r.change(func() {})
	}
}
