package conformance

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/wire"
)

const (
	// clockStep is how long the pause is: a clock shows that a machine reads to
	// the second.
	clockStep = 1100 * time.Millisecond
	// processes is how many are started to see whether they answer alike. Where
	// a process orders its sets and maps by a seed of its own, one may agree with
	// the next by chance.
	processes = 3
)

// deterministic is the promise that the same events always get the same
// answers, however often they come again.
func deterministic(times int) promise {
	return func(ctx context.Context, s *Subject, h *session) (*Finding, error) {
		for range times {
			m, err := play(ctx, s.Open, h, h.events())
			if err != nil {
				return nil, err
			}
			if f := compare(h.steps, m.steps, doPure, "the same events were answered otherwise when they came again"); f != nil {
				return f, nil
			}
		}
		return nil, nil
	}
}

// pause holds a session with a pause after its third event, before what the
// server sends back.
func (u *suite) pause(ctx context.Context, _ *Result) (*Finding, error) {
	say, answer := streams.Text("hello"), streams.Server("hello\r\n")
	h, err := u.s.hold(ctx, nil, []streams.Op{say, answer, say, answer, say, answer, streams.ServerEOF})
	if err != nil {
		return nil, err
	}
	m, err := open(ctx, u.s.Open, h.opening, nil)
	if err != nil {
		return nil, err
	}
	defer m.Bye()
	events := h.events()
	after := min(3, len(events))
	m.feed(events[:after]...)
	select {
	case <-time.After(clockStep):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	m.feed(events[after:]...)
	if h.lost != nil {
		return nil, nil
	}
	if f := compare(h.steps, m.steps, doPure, "the same events were answered otherwise when a second passed after event %d", after); f != nil {
		return u.shownBy(h, f), nil
	}
	return nil, nil
}

// later repeats all sessions once the pause is over.
func (u *suite) later(ctx context.Context, _ *Result) (*Finding, error) {
	return u.again(ctx, u.s.Open, u.held, "a second later")
}

// elsewhere repeats all sessions in processes that have just started. Each time
// another one is the first; those with many answers show the most.
func (u *suite) elsewhere(ctx context.Context, r *Result) (*Finding, error) {
	if u.s.Fresh == nil {
		r.Skipped = "within one process only: workbench plugin test repeats the sessions in others too"
		return nil, nil
	}
	answers := func(h *session) (n int) {
		for _, s := range h.steps {
			n += len(s.actions)
		}
		return n
	}
	order := slices.SortedStableFunc(slices.Values(u.held), func(a, b *session) int { return cmp.Compare(answers(b), answers(a)) })
	for range processes {
		connect, end, err := u.s.Fresh(ctx)
		if err != nil {
			return nil, err
		}
		f, err := u.again(ctx, connect, order, "in another process, which had just started")
		end()
		if f != nil || err != nil {
			return f, err
		}
		order = slices.Concat(order[1:], order[:1])
	}
	return nil, nil
}

// again repeats the sessions, and returns the shortest that is answered
// otherwise.
func (u *suite) again(ctx context.Context, connect func(context.Context) (*wire.Conn, error), held []*session, when string) (found *Finding, err error) {
	shortest := 0
	for _, h := range held {
		m, err := play(ctx, connect, h, h.events())
		if err != nil {
			return nil, err
		}
		f := compare(h.steps, m.steps, doPure, "the same events were answered otherwise %s", when)
		if f != nil && (found == nil || len(h.steps) < shortest) {
			found, shortest = u.shownBy(h, f), len(h.steps)
		}
	}
	return found, nil
}
