package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// RecoverLimit is how long a session waits for a process to be recovered on,
// while none can start. For one that is starting it waits as long as that takes,
// and as long as one takes for the past.
const RecoverLimit = 30 * time.Second

// recoverPause is between two tries to get a process. The first pauses are shorter:
// most often a process was dying just then, and the next one is there.
const (
	recoverPause = 100 * time.Millisecond
	firstPause   = 5 * time.Millisecond
)

// errNoProcess ends the wait for a process.
var errNoProcess = errors.New("no process in time")

// recover makes the machine anew in another process, from the ledger, and
// returns when it has answered its past as before. Peers do not notice: the
// sockets, queues and timers are the core's, and what comes in waits.
func (s *supervisor) recover(ctx context.Context, cause error) End {
	began := time.Now()
	patience, cancel := context.WithCancel(ctx)
	pause := firstPause
	wait := func() {
		cancel()
		pause = firstPause
		patience, cancel = limit.Context(ctx, RecoverLimit, errNoProcess)
	}
	wait()
	defer func() { cancel() }()
	for {
		s.machine.Close()
		switch {
		case ctx.Err() != nil:
			return s.ordered()
		case s.ledger.dropped:
			return End{MachineLost, fmt.Sprintf("%v; the session's log had grown past %d MiB, so it cannot be recovered", cause, s.ledger.bound>>20)}
		}
		fed, err := s.revive(ctx)
		switch {
		case err == nil:
			s.recovered(cause, time.Since(began))
			return End{}
		case errors.As(err, new(notDeterministic)):
			return End{MachineLost, err.Error()}
		case errors.As(err, new(unavailable)):
			if patience.Err() != nil {
				return End{MachineLost, err.Error()}
			}
			select {
			case <-time.After(pause):
			case <-patience.Done():
			}
			pause = min(2*pause, recoverPause)
			continue
		}
		cause = err
		wait() // for the next one
		if end := s.blameFor(fed, true, err); end.Cause != 0 {
			return end
		}
	}
}

// blameFor counts a death while event e was unanswered, unless it still waited
// for its turn, and ends the session when the event is the cause beyond doubt.
// past says that e had been answered before.
func (s *supervisor) blameFor(e wire.Event, past bool, cause error) End {
	if errors.Is(cause, wire.ErrWaited) {
		return End{}
	}
	alone := s.apart && !errors.Is(cause, wire.ErrShared)
	s.blame.died(moment{n: e.N, past: past, killed: errors.Is(cause, wire.ErrKilled), alone: alone})
	if !s.blame.guilty(alone) {
		return End{}
	}
	words := "an event ends the plugin's process again and again"
	if s.keepPoison != nil {
		words = s.keepPoison(s.reproduction(e), s.secrets.Marked())
	}
	s.remark(Remark{Code: Poisoned, Words: words})
	return End{MachineLost, fmt.Sprintf("event %d ends its process again and again: %v", e.N, cause)}
}

// reproduction is a transcript whose replay does to a process what event e
// did: the ledger, with the answers that it was given in quarantine.
func (s *supervisor) reproduction(e wire.Event) *transcript.Transcript {
	t := &transcript.Transcript{
		Target: s.opened.Target, Quiet: s.silence.asked, ServerEOFStays: s.opened.ServerEOFStays,
		Client: s.opened.Client, Server: s.opened.Server, Watch: s.opened.Watch, Seed: s.opened.Seed, Start: s.opened.Start,
	}
	if s.secrets.Marked() {
		t.Entries = []transcript.Entry{
			{Dir: transcript.Remark, Remark: "withheld: what was said, the options and the machine's state, since the machine has marked a secret"},
			{Dir: transcript.Remark, Remark: notAnswered(e)},
		}
		return t
	}
	t.State, t.Entries = s.ledger.state, s.past
	for _, name := range slices.Sorted(maps.Keys(s.opened.Options)) {
		t.Options = append(t.Options, transcript.OptionValue{Name: name, Value: s.opened.Options[name]})
	}
	if e.Kind != 0 {
		t.Entries = append(t.Entries, transcript.Entry{Dir: transcript.Event, Event: e.Event})
	}
	return t
}

// remember keeps one event that is answered in quarantine, for a reproduction.
func (s *supervisor) remember(e wire.Event, actions []core.Action) {
	if !s.apart {
		return
	}
	if e.Kind != 0 {
		s.past = append(s.past, transcript.Entry{Dir: transcript.Event, Event: e.Event.Clone()})
	}
	for _, a := range core.CloneActions(actions) {
		s.past = append(s.past, transcript.Entry{Dir: transcript.Action, Action: a})
	}
}

// notDeterministic says that a machine answered its past differently.
type notDeterministic struct{ n uint64 }

func (e notDeterministic) Error() string { return fmt.Sprintf("not deterministic, event %d", e.n) }

// unavailable says that there is no process now.
type unavailable struct{ error }

// revive opens a machine in another process and feeds it the log. e is the
// event that was unanswered when it died.
func (s *supervisor) revive(ctx context.Context) (e wire.Event, err error) {
	s.apart, s.past = s.blame.suspect(), nil
	conn, err := s.plugin.Open(ctx, s.apart)
	if err != nil {
		return e, unavailable{err}
	}
	s.setMachine(ctx, conn)
	var differs error
	e, err = s.feedPast(conn, s.opened, func(e wire.Event, want uint64, a wire.Answer) bool {
		if differs = nil; a.Digest != want || e.Kind == 0 && feed.Fails(a.Actions) {
			differs = notDeterministic{a.N}
		}
		s.remember(e, a.Actions)
		s.blame.answered(a.N)
		if s.watching != nil {
			s.watching.answers.Add(1)
		}
		return differs == nil
	})
	if differs == nil && err != nil {
		err = s.died(err)
	}
	if differs != nil {
		err = differs
	}
	return e, err
}

// feedPast feeds the log to a machine that nothing was said to yet. each gets
// the answer to each event, the opening first, with the digest that it had; it
// returns false to end there. The error is the connection's, and e the event
// that it left unanswered.
func (s *supervisor) feedPast(conn *wire.Conn, o core.Opening, each func(e wire.Event, want uint64, a wire.Answer) bool) (e wire.Event, err error) {
	log, on := &s.ledger, true
	err = conn.Open(o, log.state, func(a wire.Answer) {
		want := log.opening
		if log.state != nil {
			want = a.Digest // the opening is past: the answer says only that the state was taken
		}
		on = each(wire.Event{}, want, a)
	})
	if err != nil || !on {
		return e, err
	}
	// The next batches are sent before the last one is answered, so that a long past
	// is not a long row of waits.
	var sent []past
	room := conn.Ahead()
	answer := func() {
		oldest, next := sent[0], 0
		sent = sent[1:]
		room += oldest.size()
		err = conn.Answers(oldest.batch, func(a wire.Answer) {
			if on {
				on = each(oldest.batch[next], oldest.digests[next], a)
			}
			next++
		})
		if err != nil && next < len(oldest.batch) {
			e = oldest.batch[next]
			e.Event = e.Event.Clone()
		}
	}
	log.batches(func(batch []wire.Event, digests []uint64) bool {
		p := past{slices.Clone(batch), slices.Clone(digests)}
		for len(sent) > 0 && p.size() > room && on && err == nil {
			answer()
		}
		if !on || err != nil {
			return false
		}
		if err = conn.Send(p.batch); err != nil {
			sent = append(sent, p)
			e = sent[0].batch[0]
			e.Event = e.Event.Clone()
			return false
		}
		room -= p.size()
		sent = append(sent, p)
		return true
	})
	for len(sent) > 0 && on && err == nil {
		answer()
	}
	return e, err
}

// past is a batch of the past, with the digests of its answers.
type past struct {
	batch   []wire.Event
	digests []uint64
}

// size is how many bytes it takes on the way, about.
func (p past) size() int {
	n := 0
	for _, e := range p.batch {
		n += len(e.Data) + eventWeight
	}
	return n
}

// diedTime is how long it may take to be known how a process died whose streams have
// ended. On a machine that is overloaded that takes a while, and who does not wait
// would blame an event for a kill from outside.
const diedTime = 2 * time.Second

// died returns why the machine is gone, in the words of whoever watched it.
func (s *supervisor) died(err error) error {
	limit := recoverPause
	if errors.Is(err, wire.ErrLost) {
		limit = diedTime
	}
	select {
	case <-s.machine.Lost():
	case <-time.After(limit): // the stream may end before the process is known to be dead
	}
	if cause := s.machine.Cause(); cause != nil {
		return cause
	}
	return err
}

func (s *supervisor) recovered(cause error, took time.Duration) {
	s.remark(Remark{Code: Recovered, Took: took, Words: fmt.Sprintf("recovered the plugin in %v: %v", took.Round(100*time.Microsecond), cause)})
}

// checkpoint replaces the log by the machine's state, when that is due.
func (s *supervisor) checkpoint(ctx context.Context) End {
	state, err := s.machine.Checkpoint()
	switch {
	case err == nil:
		s.ledger.checkpointed(state)
	case errors.Is(err, core.ErrNoCheckpoint):
		s.ledger.refused()
	default:
		return s.recover(ctx, s.died(err))
	}
	return End{}
}
