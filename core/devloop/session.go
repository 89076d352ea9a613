package devloop

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// wholeLog is what a session in development may remember, in bytes: a new
// build has to answer for all of it.
const wholeLog = 64 << 20

// Watch has a session of the mode in development report to the loop, and what
// is returned that it has ended.
func (l *Loop) Watch(id string, s *session.Config) (ended func()) {
	s.WholeLog = wholeLog
	s.Stayed = func(n uint64, why string) { l.Stayed(id, n, why) }
	s.Moved = func(time.Duration) { l.Moved(id) }
	record := s.Record
	s.Record = func(quiet time.Duration, opening []core.Action, remark func(string)) session.Recorder {
		r := &noteRecorder{loop: l, id: id}
		if record != nil {
			r.next = record(quiet, opening, remark)
		}
		return r
	}
	return func() { l.Ended(id) }
}

// noteRecorder shows a session's notes in the terminal and on the page, without
// what is secret: whoever looks there need not hold the session.
type noteRecorder struct {
	loop    *Loop
	id      string
	secrets secret.Values
	next    session.Recorder // nil: not recorded
}

// Done looks for notes.
func (r *noteRecorder) Done(at time.Duration, e wire.Event, actions []core.Action) {
	r.secrets.Add(actions)
	shown := actions
	if r.secrets.Marked() {
		_, shown = r.secrets.Answer(e.Event, actions)
	}
	for _, a := range shown {
		if a.Kind == core.Note {
			r.loop.Heard(r.id + " notes: " + string(a.Data))
		}
	}
	if r.next != nil {
		r.next.Done(at, e, actions)
	}
}

// Remark passes on.
func (r *noteRecorder) Remark(at time.Duration, words string) {
	if r.next != nil {
		r.next.Remark(at, words)
	}
}

// End passes on.
func (r *noteRecorder) End(at time.Duration, words string) {
	if r.next != nil {
		r.next.End(at, words)
	}
}
