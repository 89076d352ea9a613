package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// moveDue reports, between batches, that the session should move to another
// build of its line mode; anyhow: though that answers the past otherwise.
func (s *session) moveDue() (due, anyhow bool) {
	if s.alone { // in quarantine: later
		return false, false
	}
	select {
	case <-s.leave():
		return true, true
	default:
	}
	select {
	case <-s.newest.Newer():
		return true, false
	default:
		return false, false
	}
}

// leave is closed when the session has to leave its build, and nil once it was
// found that it cannot.
func (s *session) leave() <-chan struct{} {
	if s.stuckOn == s.Plugin {
		return nil
	}
	return s.Plugin.Leave()
}

// move makes the machine anew in the newest build, from the log, as recovery
// does in another process. Peers do not notice. When the new build does not
// start or answers the past otherwise, the session stays where it is.
func (s *session) move(ctx context.Context, anyhow bool) End {
	began := time.Now()
	if anyhow {
		s.stuckOn = s.Plugin // until it has moved
	}
	next, err := s.newest.Next()
	if err != nil {
		return s.stays(err)
	}
	if s.newest != s.Plugin {
		s.newest.Release()
	}
	s.newest = next
	if s.ledger.dropped {
		return s.stays(fmt.Errorf("the session's log had grown past %d MiB", s.ledger.bound>>20))
	}
	conn, err := next.Open(ctx, false)
	if err != nil {
		return s.stays(err)
	}
	opening := s.Opening
	opening.Options = next.Options(opening.Options)
	answered, err := s.catchUp(conn, opening, anyhow)
	if err != nil {
		conn.Bye()
		return s.stays(err)
	}
	before := s.machine
	s.setMachine(conn)
	before.Bye()
	s.Plugin.Release()
	s.Plugin, s.Opening = next, opening
	s.ledger.answered(answered)
	took := time.Since(began)
	s.remark(fmt.Sprintf("moved to the new build in %v", took.Round(100*time.Microsecond)))
	if s.Moved != nil {
		s.Moved(took)
	}
	return End{}
}

// stays says why the session did not move.
func (s *session) stays(why error) End {
	s.remark("stays on the old build: " + why.Error())
	if s.Stayed != nil {
		var other otherwise
		if errors.As(why, &other) {
			s.Stayed(other.n, other.diff)
		} else {
			s.Stayed(0, why.Error())
		}
	}
	return End{}
}

// otherwise says that a new build answers an event of the past otherwise.
type otherwise struct {
	n    uint64 // the first such event
	diff string
}

func (o otherwise) Error() string {
	if o.n == 0 {
		return "the new one answers the opening otherwise"
	}
	return fmt.Sprintf("the new one answers event %d otherwise", o.n)
}

// catchUp feeds the log to a machine of another build and returns the digests
// of its answers, the opening's first. Unless they may differ, the first that
// does is an error.
func (s *session) catchUp(conn *wire.Conn, o core.Opening, anyhow bool) (digests []uint64, err error) {
	var first *wire.Answer
	var at wire.Event
	_, err = s.feedPast(conn, o, func(e wire.Event, want uint64, a wire.Answer) bool {
		digests = append(digests, a.Digest)
		if failed(a) || a.Digest != want && !anyhow {
			at, first = e, &wire.Answer{N: a.N, Actions: core.CloneActions(a.Actions)}
		}
		return first == nil
	})
	if first != nil {
		return nil, otherwise{first.N, s.difference(at, first.Actions)}
	}
	return digests, err
}

// difference shows how the answer to one event of the past differs from what
// the session's own build answers, which is asked again for it.
func (s *session) difference(at wire.Event, got []core.Action) string {
	conn, err := s.Plugin.Open(context.Background(), false)
	if err != nil {
		return ""
	}
	defer conn.Bye()
	var want []core.Action
	s.feedPast(conn, s.Opening, func(e wire.Event, _ uint64, a wire.Answer) bool {
		if e.N == at.N {
			want = core.CloneActions(a.Actions)
		}
		return e.N != at.N
	})
	shown, want, got := s.hidden(at.Event, want, got)
	entries := func(actions []core.Action) (all []transcript.Entry) {
		if at.Kind != 0 {
			all = append(all, transcript.Entry{Dir: transcript.Event, Event: shown})
		}
		for _, a := range actions {
			all = append(all, transcript.Entry{Dir: transcript.Action, Action: a})
		}
		return all
	}
	return transcript.Diff(entries(want), entries(got))
}

// hidden returns two answers to one event without what either marks as secret:
// what a build forgets to mark shows in a difference.
func (s *session) hidden(e core.Event, want, got []core.Action) (shown core.Event, _, _ []core.Action) {
	secrets := s.secrets.Copy()
	for _, actions := range [][]core.Action{want, got} {
		secrets.Add(actions)
		for _, marked := range secret.OfEvent(e, actions) {
			secrets.Add([]core.Action{{Kind: core.SecretBytes, Data: marked}})
		}
	}
	if !secrets.Marked() {
		return e, want, got
	}
	shown, want = secrets.Answer(e, want)
	shown, got = secrets.Answer(shown, got)
	return shown, want, got
}

// release gives the builds up that the session holds.
func (s *session) release() {
	if s.newest != s.Plugin {
		s.newest.Release()
	}
	s.Plugin.Release()
}
