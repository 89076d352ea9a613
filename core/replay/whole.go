package replay

import (
	"bytes"
	"context"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Finding is something to tell about a line of the file.
type Finding struct {
	Line  int    `json:"line"` // from 1
	Words string `json:"words"`
}

const maxFaults = 10

// Result tells what a replay found.
type Result struct {
	Same bool
	Cuts Cuts // how runs were cut; of no name after a whole replay
	// Faults are what lines of a transcript can not show: a timer that the
	// machine did not set, a broken promise to pass bytes through, events
	// behind the end, a machine that was lost. With a fault a result is never
	// the same. At most the first 10 are kept.
	Faults []Finding
	// Diff shows the difference as transcript.Diff does, "-" what was expected
	// and "+" what came. Of a recut it shows each run as one event and its
	// answer as the three lists that are compared.
	Diff string
	// Where says of a recut how the run was cut at which, or after which, the
	// difference shows: "a run of 9 bytes, cut after 3, 5". Line is 0 when
	// there is none.
	Where Finding

	answers []answer // of a whole replay: to each event
}

// Whole replays the file as it is, and compares exactly, event by event. The
// actions of a file that was cut off are compared as far as they go. An error
// says that the replay could not be done: the mode did not open, or ctx is
// done. A machine that is lost on the way is a fault.
func (g *Golden) Whole(ctx context.Context, open Opener) (*Result, error) {
	r := &Result{answers: make([]answer, len(g.events))}
	p, err := g.start(ctx, open, func(at int, _ core.Event, a answer) {
		a.actions = cloneActions(a.actions)
		r.answers[at] = a
	})
	if err != nil {
		return nil, err
	}
	for i, e := range g.events[1:] {
		p.feed(1+i, e.Event)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	r.Faults = p.faults
	want, got := g.compared(r.answers)
	r.Same = len(r.Faults) == 0 && slices.EqualFunc(want, got, func(a, b transcript.Entry) bool {
		return transcript.Equal(&a, &b)
	})
	if !r.Same {
		r.Diff = transcript.Diff(want, got)
	}
	return r, nil
}

// compared returns what should have come and what came, as entries.
func (g *Golden) compared(answers []answer) (want, got []transcript.Entry) {
	for i := range g.events {
		e, a := &g.events[i], &answers[i]
		expected, came := e.want, a.shown()
		if a.broken {
			expected = []core.Action{copyOf(e.Event)}
		}
		if i == g.cutOffAt() {
			came = came[:min(len(came), len(expected))]
		}
		want = appendEvent(want, e.Event, expected)
		if a.fed {
			got = appendEvent(got, e.Event, came)
		}
	}
	return want, got
}

// appendEvent appends an event and its actions. The opening is none.
func appendEvent(entries []transcript.Entry, ev core.Event, actions []core.Action) []transcript.Entry {
	if ev.Kind != 0 {
		entries = append(entries, transcript.Entry{Dir: transcript.Event, Event: ev})
	}
	for _, a := range actions {
		entries = append(entries, transcript.Entry{Dir: transcript.Action, Action: a})
	}
	return entries
}

func cloneActions(actions []core.Action) []core.Action {
	if len(actions) == 0 {
		return nil
	}
	all := slices.Clone(actions)
	for i := range all {
		all[i].Data = bytes.Clone(all[i].Data)
	}
	return all
}

func equalAction(a, b core.Action) bool {
	return a.Kind == b.Kind && a.Side == b.Side && a.After == b.After && bytes.Equal(a.Data, b.Data)
}
