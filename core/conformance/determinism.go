package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/wire"
)

const (
	// clockStep is how long the pauses are: a clock shows that a machine reads to
	// the second.
	clockStep = 1100 * time.Millisecond
	// processes is how many are started to see whether they answer alike. Where
	// a process orders its sets and maps by a seed of its own, one may agree with
	// the next by chance.
	processes = 3
)

// determinism repeats the sessions at once, with a pause, after it, and in other
// processes.
func (u *suite) determinism(ctx context.Context, r *Result) error {
	err := u.keep(ctx, r, u.held, deterministic)
	for _, look := range []func(context.Context, *Result) error{u.pause, u.elsewhere} {
		if err != nil || len(r.Findings) > 0 {
			return err
		}
		err = look(ctx, r)
	}
	return err
}

// pause holds a session with a pause in its middle, and then all once more.
func (u *suite) pause(ctx context.Context, r *Result) error {
	h, err := u.s.hold(ctx, nil, timed)
	if err != nil {
		return err
	}
	m, err := open(ctx, u.s.Open, h.opening, nil)
	if err != nil {
		return err
	}
	defer m.Bye()
	events := h.events()
	behind := min(pauseBehind, len(events))
	m.feed(events[:behind]...)
	select {
	case <-time.After(clockStep):
	case <-ctx.Done():
		return ctx.Err()
	}
	m.feed(events[behind:]...)
	if h.lost == nil && !equalSteps(h.steps, m.steps) {
		r.Findings = append(r.Findings, Finding{
			Words: fmt.Sprintf("the same events were answered otherwise when a second passed behind event %d", behind), Do: doPure,
			Diff: diff(h.steps, m.steps), Session: h.text(u.s.Manifest.Name),
		})
		return ctx.Err()
	}
	return u.again(ctx, r, u.s.Open, u.held, "a second later")
}

// elsewhere repeats all sessions in processes that have just started. Each time
// another one is the first; those with many answers show the most.
func (u *suite) elsewhere(ctx context.Context, r *Result) error {
	if u.s.Fresh == nil {
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
		connect, end, err := u.s.Fresh(ctx)
		if err != nil {
			return err
		}
		err = u.again(ctx, r, connect, order, "in another process, which had just started")
		end()
		if err != nil || len(r.Findings) > 0 {
			return err
		}
		order = slices.Concat(order[1:], order[:1])
	}
	return nil
}

// again repeats the sessions, and reports the shortest that is answered
// otherwise.
func (u *suite) again(ctx context.Context, r *Result, connect func(context.Context) (*wire.Conn, error), held []*session, when string) error {
	var shortest *session
	var got []step
	for _, h := range held {
		m, err := play(ctx, connect, h, h.events())
		if err != nil {
			return err
		}
		if !equalSteps(h.steps, m.steps) && (shortest == nil || len(h.steps) < len(shortest.steps)) {
			shortest, got = h, m.steps
		}
	}
	if shortest != nil {
		r.Findings = append(r.Findings, Finding{
			Words: "the same events were answered otherwise " + when, Do: doPure,
			Diff: diff(shortest.steps, got), Session: shortest.text(u.s.Manifest.Name),
		})
	}
	return nil
}
