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
	return func(t *tester, h *session) *Finding {
		for range times {
			m := t.play(t.Open, h, h.events())
			if f := compare(h.steps, m.steps, doPure, "the same events were answered differently when they came again"); f != nil {
				return f
			}
		}
		return nil
	}
}

// deterministic is the promise with as many repetitions as the subject asks for.
func (s *Subject) deterministic() promise {
	if s.Short {
		return deterministic(3)
	}
	return deterministic(10)
}

// pause holds a session with a pause after its third event, before what the
// server sends back.
func (u *suite) pause(*Result) *Finding {
	say, answer := streams.Text("hello"), streams.Server("hello\r\n")
	h := u.hold(nil, []streams.Op{say, answer, say, answer, say, answer, streams.ServerEOF})
	m := u.open(u.Open, h.opening, nil)
	defer m.Bye()
	events := h.events()
	after := min(3, len(events))
	m.feed(events[:after]...)
	select {
	case <-time.After(clockStep):
	case <-u.ctx.Done():
	}
	m.feed(events[after:]...)
	if h.lost != nil {
		return nil
	}
	if f := compare(h.steps, m.steps, doPure, "the same events were answered differently when a second passed after event %d", after); f != nil {
		return u.shownBy(h, f)
	}
	return nil
}

// later repeats all sessions once the pause is over.
func (u *suite) later(*Result) *Finding {
	return u.again(u.Open, u.held, "a second later")
}

// elsewhere repeats all sessions in processes that have just started. Each time
// another one is the first; those with many answers show the most.
func (u *suite) elsewhere(r *Result) *Finding {
	if u.Fresh == nil {
		r.Skipped = "within one process only: workbench plugin test repeats the sessions in others too"
		return nil
	}
	answers := func(h *session) (n int) {
		for _, s := range h.steps {
			n += len(s.actions)
		}
		return n
	}
	order := slices.SortedStableFunc(slices.Values(u.held), func(a, b *session) int { return cmp.Compare(answers(b), answers(a)) })
	for range processes {
		connect, end := u.fresh()
		f := u.again(connect, order, "in another process, which had just started")
		end()
		if f != nil {
			return f
		}
		order = slices.Concat(order[1:], order[:1])
	}
	return nil
}

// again repeats the sessions, and returns the shortest that is answered
// otherwise.
func (u *suite) again(connect func(context.Context) (*wire.Conn, error), held []*session, when string) (found *Finding) {
	shortest := 0
	for _, h := range held {
		m := u.play(connect, h, h.events())
		f := compare(h.steps, m.steps, doPure, "the same events were answered differently %s", when)
		if f != nil && (found == nil || len(h.steps) < shortest) {
			found, shortest = u.shownBy(h, f), len(h.steps)
		}
	}
	return found
}
