package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// moveDue reports, between batches, that the session should move to another
// build of its line mode; force: though that answers the past differently.
func (s *supervisor) moveDue() (due, force bool) {
	if s.apart { // in quarantine: later
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
func (s *supervisor) leave() <-chan struct{} {
	if s.stuckOn == s.plugin {
		return nil
	}
	return s.plugin.Leave()
}

// move makes the machine anew in the newest build, from the log, as recovery
// does in another process. Peers do not notice. When the new build does not
// start or answers the past differently, the session stays where it is.
func (s *supervisor) move(ctx context.Context, force bool) {
	began := time.Now()
	if force {
		s.stuckOn = s.plugin // until it has moved
	}
	var differs divergence
	switch err := s.moveOn(ctx, force); {
	case err == nil:
		took := time.Since(began)
		s.remark(Remark{Code: Moved, Took: took, Words: fmt.Sprintf("moved to the new build in %v", took.Round(100*time.Microsecond))})
	case errors.As(err, &differs):
		s.remark(Remark{Code: Diverged, N: differs.n, Diff: differs.diff, Words: "stays on the old build: " + err.Error()})
	default:
		s.remark(Remark{Code: Stayed, Words: "stays on the old build: " + err.Error()})
	}
}

// moveOn is move. Its error says why the session stays, a divergence if it is
// for that.
func (s *supervisor) moveOn(ctx context.Context, force bool) error {
	next, err := s.newest.Next()
	if err != nil {
		return err
	}
	if s.newest != s.plugin {
		s.newest.Release()
	}
	s.newest = next
	if s.ledger.dropped {
		return fmt.Errorf("the session's log had grown past %d MiB", s.ledger.bound>>20)
	}
	conn, err := next.Open(ctx, false)
	if err != nil {
		return err
	}
	o := s.opened
	o.Options = next.Options(o.Options)
	answered, err := s.catchUp(conn, o, force)
	if err != nil {
		conn.Bye()
		return err
	}
	before := s.machine
	s.setMachine(ctx, conn)
	before.Bye()
	s.plugin.Release()
	s.plugin, s.opened = next, o
	s.ledger.answered(answered)
	return nil
}

// divergence says that a new build answers an event of the past differently.
type divergence struct {
	n    uint64 // the first such event
	diff string
}

func (d divergence) Error() string {
	if d.n == 0 {
		return "the new one answers the opening differently"
	}
	return fmt.Sprintf("the new one answers event %d differently", d.n)
}

// catchUp feeds the log to a machine of another build and returns the digests
// of its answers, the opening's first. Unless they may differ, the first that
// does is an error.
func (s *supervisor) catchUp(conn *wire.Conn, o core.Opening, force bool) (digests []uint64, err error) {
	var first *wire.Answer
	var at wire.Event
	_, err = s.feedPast(conn, o, func(e wire.Event, want uint64, a wire.Answer) bool {
		digests = append(digests, a.Digest)
		if feed.Fails(a.Actions) || a.Digest != want && !force {
			at, first = e, &wire.Answer{N: a.N, Actions: core.CloneActions(a.Actions)}
		}
		return first == nil
	})
	if first != nil {
		return nil, divergence{first.N, s.difference(at, first.Actions)}
	}
	return digests, err
}

// difference shows how the answer to one event of the past differs from what
// the session's own build answers, which is asked again for it.
func (s *supervisor) difference(at wire.Event, got []core.Action) string {
	conn, err := s.plugin.Open(context.Background(), false)
	if err != nil {
		return ""
	}
	defer conn.Bye()
	var want []core.Action
	s.feedPast(conn, s.opened, func(e wire.Event, _ uint64, a wire.Answer) bool {
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
func (s *supervisor) hidden(e core.Event, want, got []core.Action) (shown core.Event, _, _ []core.Action) {
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
