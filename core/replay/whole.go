package replay

import (
	"context"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Finding is something to tell about a line of the file.
type Finding struct {
	Line  int    `json:"line"` // from 1
	Words string `json:"words"`
}

const maxFaults = 10

const actionSize = 64 // bytes that an action takes beside its data

// Result tells what a replay found.
type Result struct {
	Same bool
	Cuts Cuts // how runs were cut; of no name after a whole replay
	// Faults are what lines of a transcript cannot show: a timer that the
	// machine did not set, a broken promise to pass bytes through, events
	// after the end, a machine that was lost. With a fault a result is never
	// the same. At most the first 10 are kept.
	Faults []Finding
	// Diff shows the difference as transcript.Diff does, "-" what was expected
	// and "+" what came. Of a recut it shows each run as one event and its
	// answer as the three lists that are compared.
	Diff string
	// Line is where the difference begins, from 1: the action that did not come
	// as it stands there, or the event that was answered with something more;
	// of a recut the first line of the run. A fault above it comes first. It is
	// 0 when all is the same.
	Line int
	// Where says of a recut how the run was cut at which, or after which, the
	// difference shows: "a run of 9 bytes, cut after 3, 5". Line is 0 when
	// there is none.
	Where Finding

	// Event is the number of the event whose answer a whole replay found to
	// differ first; 0 is the opening. It means nothing while Diff is "".
	Event int

	answers []answer // of a whole replay: to each event
}

// Whole replays the file as it is, and compares exactly, event by event. The
// actions of a file that was cut off are compared as far as they go. An error
// says that the replay could not be done: the mode did not open, or ctx is
// done. A machine that is lost on the way is a fault.
func (g *Golden) Whole(ctx context.Context, open Opener) (*Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &Result{answers: make([]answer, len(g.events))}
	held := 0
	p, err := g.start(ctx, open, func(at int, _ core.Event, a answer) {
		for i := range a.actions {
			held += actionSize + len(a.actions[i].Data)
		}
		if g.MaxAnswers > 0 && held > g.MaxAnswers {
			stop(fmt.Errorf("%s: the answers have more than %d MiB", core.Printable(g.file), g.MaxAnswers>>20))
			return
		}
		a.actions = core.CloneActions(a.actions)
		r.answers[at] = a
	})
	if err != nil {
		return nil, err
	}
	for i, e := range g.events[1:] {
		p.feed(1+i, e.Event)
	}
	p.Bye()
	if ctx.Err() != nil { // all else is in the faults
		return nil, context.Cause(ctx)
	}
	r.Faults = p.faults
	for i := 0; i < len(g.events) && r.Line == 0; i++ {
		r.Event = i
		want, came := g.compared(i, &r.answers[i])
		if !r.answers[i].fed {
			r.Line = g.events[i].line
		} else if !slices.EqualFunc(want, came, shownAlike) {
			r.Line = g.lineOf(i, want, came)
		}
	}
	r.Same = r.Line == 0 && len(r.Faults) == 0
	if !r.Same {
		r.Diff = transcript.Diff(g.Sides(r))
		r.beginAtFault()
	}
	return r, nil
}

// lineOf returns the line at which an answer to event i first differs.
func (g *Golden) lineOf(i int, want, came []core.Action) int {
	alike := 0
	for alike < len(want) && alike < len(came) && shownAlike(want[alike], came[alike]) {
		alike++
	}
	for at := range g.t.Entries {
		if e := &g.t.Entries[at]; e.Dir == transcript.Action && e.N == uint64(i) {
			if alike == 0 {
				return e.Line
			}
			alike--
		}
	}
	return g.events[i].line
}

// beginAtFault moves Line up to the first fault.
func (r *Result) beginAtFault() {
	for _, f := range r.Faults {
		if r.Line == 0 || f.Line < r.Line {
			r.Line = f.Line
		}
	}
}

// compared returns what should have come to event i, and what of its answer
// came.
func (g *Golden) compared(i int, a *answer) (want, came []core.Action) {
	want, came = g.events[i].want, a.shown()
	if a.broken {
		want = []core.Action{feed.Copy(g.events[i].Event)}
	}
	if len(want) == 1 && feed.Fails(want) && feed.Fails(came) { // of when no mark outlived a failure
		came = came[len(came)-1:]
	}
	if g.t.CutOff && i == len(g.events)-1 { // its actions are only the first of the answer
		came = came[:min(len(came), len(want))]
	}
	return want, came
}

// Sides returns what a whole replay should have answered and what came, each with
// the events that were fed, under their numbers.
func (g *Golden) Sides(r *Result) (want, got []transcript.Entry) {
	// About as many as there are: grown piece by piece they would take twice that.
	want = make([]transcript.Entry, 0, len(g.t.Entries))
	got = make([]transcript.Entry, 0, len(g.t.Entries))
	for i := range g.events {
		expected, came := g.compared(i, &r.answers[i])
		want = transcript.AppendAnswered(want, uint64(i), g.events[i].Event, expected)
		if r.answers[i].fed {
			got = transcript.AppendAnswered(got, uint64(i), g.events[i].Event, came)
		}
	}
	return want, got
}

// shownAlike compares two actions as a transcript shows them.
func shownAlike(a, b core.Action) bool {
	return transcript.Equal(&transcript.Entry{Dir: transcript.Action, Action: a}, &transcript.Entry{Dir: transcript.Action, Action: b})
}
