// Package background lets work that can wait, such as a search, leave processors to
// work that cannot, such as a live session. With all processors busy, Go looks at the
// network every 10 ms only, and each of the half dozen hand-overs of a round trip waits
// for that.
//
// Who starts such work says so with [With]. The work itself is done in small pieces, of
// about a millisecond, each within a turn that [Take] waits for. Nothing that waits for
// something else belongs in a turn.
//
// What it is not for: fairness between users, or a bound on how much work is begun.
package background

import (
	"context"
	"runtime"
)

// Turns are those that may be had at a time.
type Turns chan struct{}

// New returns as many turns as half of the processors, at least one.
func New() Turns { return make(Turns, max(1, runtime.GOMAXPROCS(0)/2)) }

type key struct{}

// With returns a context whose work takes turns.
func With(ctx context.Context, t Turns) context.Context { return context.WithValue(ctx, key{}, t) }

// Take waits for a turn if the context's work takes turns. Those who wait get theirs in
// order. The turn must be ended, also after ctx is done.
func Take(ctx context.Context) Turns {
	t, _ := ctx.Value(key{}).(Turns)
	if t != nil {
		t <- struct{}{}
	}
	return t
}

// End ends a turn.
func (t Turns) End() {
	if t != nil {
		<-t
	}
}
