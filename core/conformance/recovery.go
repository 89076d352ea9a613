package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/wire"
)

// What is fed at most to resume a session after each of its events; a session
// that would need more is resumed after some of them.
const (
	resumeEvents = 40_000
	resumeBytes  = 64 << 20
)

// points returns after how many of the events to resume: after each, the
// opening first and the last left out; or after as many as the bounds allow,
// evenly spread.
func points(events []core.Event) []int {
	n := len(events)
	all := make([]int, min(n, max(1, resumeEvents/max(n, 1)), max(1, resumeBytes/max(streams.Size(events), 1))))
	for i := range all {
		all[i] = i * n / len(all)
	}
	return all
}

// A sample takes some of the points after which a session would be resumed.
type sample func(points []int) []int

// every takes all of them.
func every(points []int) []int { return points }

// fourths takes every fourth, of which there are four ways.
func fourths(way int) sample {
	return func(points []int) (some []int) {
		for at := way % 4; at < len(points); at += 4 {
			some = append(some, points[at])
		}
		return some
	}
}

// resuming is a look at a promise in all generated sessions. With few trials a session is
// resumed after every fourth of its events, each of four sessions beginning at another.
func resuming(p func(sample) promise) look {
	return func(u *suite, _ *Result) *Finding {
		some := sample(every)
		for i, h := range u.held {
			if u.Short {
				some = fourths(i)
			}
			if f := u.keep([]*session{h}, p(some)); f != nil {
				return f
			}
		}
		return nil
	}
}

// sampled says in words that not every event was resumed after, or "".
func sampled(events []core.Event) string {
	if tried := len(points(events)); tried < len(events) {
		return fmt.Sprintf("a crash and a checkpoint were tried after %d of the %d events, evenly spread: it is large", tried, len(events))
	}
	return ""
}

// recovers is the promise that a machine made anew after any event, and fed
// the log so far, has answered and goes on as the one before it.
func recovers(some sample) promise {
	return func(t *tester, h *session) *Finding {
		events := h.events()
		for _, k := range some(points(events)) {
			m := t.open(t.Open, h.opening, h.state)
			m.feed(events[:k]...)
			past := len(m.steps)
			m.feed(events[k:]...)
			m.Bye()
			words := "a machine made anew after event %d and fed the log goes on differently"
			if past > len(h.steps) || !equalSteps(h.steps[:past], m.steps[:past]) {
				words = "a machine made anew after event %d answers the log differently"
			}
			if f := compare(h.steps, m.steps, doPure, words, k); f != nil {
				return f
			}
		}
		return nil
	}
}

// atOnce is how many sessions are open at once when all are made anew.
const atOnce = 64

// anew does what the death of a plugin comes to: many sessions at once are made
// anew in the next process, are fed their logs, and go on.
func (u *suite) anew(*Result) *Finding {
	if u.Fresh == nil {
		return nil
	}
	connect, end := u.fresh()
	defer end()
	for held := range slices.Chunk(u.held, atOnce) {
		if f := u.anewAtOnce(connect, held); f != nil {
			return f
		}
	}
	return nil
}

func (t *tester) anewAtOnce(connect func(context.Context) (*wire.Conn, error), held []*session) *Finding {
	machines := make([]*machine, len(held))
	for i, h := range held {
		m := t.open(connect, h.opening, nil)
		defer m.Bye()
		m.feed(h.events()[:middle(h)]...)
		machines[i] = m
	}
	for i, h := range held {
		m := machines[i]
		m.feed(h.events()[middle(h):]...)
		if f := compare(h.steps, m.steps, doPure, "a machine made anew in another process after event %d, beside other sessions, goes on differently", middle(h)); f != nil {
			return f
		}
	}
	return nil
}

// middle is the event after which a session is made anew once.
func middle(h *session) int { return (len(h.steps) - 1) / 2 }
