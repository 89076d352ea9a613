package compare

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/drive"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Run is one column of a comparison: the request has its mode and options, the
// answer all of it.
type Run struct {
	Mode    string       `json:"mode"`
	Options core.Options `json:"options"`         // in an answer: all that are in effect
	Error   string       `json:"error,omitempty"` // why there are no events, or no more
	Events  []Event      `json:"events"`
}

// Event is the answer to one event. Event 0 is the opening.
type Event struct {
	N       uint64            `json:"n"`
	Actions []json.RawMessage `json:"actions"`
}

// Modes are the available line modes.
type Modes struct {
	// Manifest returns a mode's manifest.
	Manifest func(ctx context.Context, mode string) (core.Manifest, error)
	// Open connects to a machine of a mode, which is not opened yet. release is
	// called once the connection is closed.
	Open func(ctx context.Context, mode string) (conn *wire.Conn, release func(), err error)
}

// Recorded sets the events of the transcript that the comparison names.
func (c *Comparison) Recorded(t *transcript.Transcript) {
	c.target, c.stays, c.client, c.server, c.watch = t.Target, t.ServerEOFStays, t.Client, t.Server, t.Watch
	c.seed, c.start = t.Seed, t.Start
	for _, e := range t.Entries {
		if e.Dir == transcript.Event {
			c.events = append(c.events, wire.Event{N: e.N, Event: e.Event})
		}
	}
}

// Run feeds the events to one mode after the other and fills Runs. An error of
// one run is in its Error. The returned error is about the events: too many, or
// not in order.
func (c *Comparison) Run(ctx context.Context, modes Modes) error {
	c.events = slices.DeleteFunc(c.events, func(e wire.Event) bool { return e.N < c.from || c.to != 0 && e.N > c.to })
	if n := len(c.events); n > maxEvents {
		return fmt.Errorf("%d events; a comparison has at most %d: pick a stretch", n, maxEvents)
	}
	for i := range c.events[:max(0, len(c.events)-1)] {
		if c.events[i].N >= c.events[i+1].N {
			return errors.New("the events' numbers do not rise")
		}
	}
	for i := range c.Runs {
		run := &c.Runs[i]
		run.Events = []Event{}
		err := c.run(ctx, run, modes)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			run.Error = err.Error()
		}
	}
	return nil
}

// run feeds the events to one mode.
func (c *Comparison) run(ctx context.Context, run *Run, modes Modes) error {
	m, err := modes.Manifest(ctx, run.Mode)
	if err != nil {
		return err
	}
	if run.Options, err = m.ParseOptions(run.Options); err != nil {
		return err
	}
	release := func() {}
	connect := func(ctx context.Context) (conn *wire.Conn, err error) {
		conn, release, err = modes.Open(ctx, run.Mode)
		return conn, err
	}
	a := &asked{run: run, events: c.events}
	a.To, a.Knows = a, m.Knows
	opening := core.Opening{Options: run.Options, Target: c.target, ServerEOFStays: c.stays && m.AfterServerEOF, Server: c.server}
	if m.Seeded {
		opening.Seed, opening.Start = c.seed, c.start
	}
	if m.Serves(c.client) {
		opening.Client, opening.Watch = c.client, c.watch
	}
	if err := a.Open(ctx, connect, opening, nil); err != nil {
		return err
	}
	defer release()
	defer a.Bye()
	for i, e := range c.events { // one by one, since an answer decides what is fed next
		switch {
		case a.Over:
			return a.lost
		case a.size > maxAnswer:
			return fmt.Errorf("the answers have more than %d MiB; pick a stretch of the session", maxAnswer>>20)
		}
		a.Feed(i+1, e.Event) // a timer that this mode has not set does not fire
		a.Flush()
	}
	return a.lost
}

// asked is one mode that is asked for its answers.
type asked struct {
	drive.Machine
	run    *Run
	events []wire.Event
	size   int // of the answers
	lost   error
}

// Answered takes the answer to one event.
func (a *asked) Answered(at int, ev core.Event, actions []core.Action) (over bool) {
	answer := Event{Actions: []json.RawMessage{}}
	if at > 0 {
		answer.N = a.events[at-1].N
	}
	actions, end := a.Answer(ev, actions)
	for _, action := range actions {
		object := transcript.AppendJSON(nil, &transcript.Entry{Dir: transcript.Action, N: answer.N, Action: action})
		a.size += len(object)
		answer.Actions = append(answer.Actions, object)
	}
	a.run.Events = append(a.run.Events, answer)
	return end.Why != feed.GoesOn
}

// Left takes no note of what is not fed.
func (a *asked) Left(int) {}

// Lost ends the answers.
func (a *asked) Lost(_ int, _ core.Event, err error) { a.lost = err }

// FirstDifference returns the number of the first event whose answers are not
// all equal, or nil. It ignores runs without events.
func (c *Comparison) FirstDifference() *uint64 {
	runs := slices.DeleteFunc(slices.Clone(c.Runs), func(r Run) bool { return len(r.Events) == 0 })
	for k := 0; ; k++ {
		var at []Event // those of the runs that go on so long
		for _, r := range runs {
			if k < len(r.Events) {
				at = append(at, r.Events[k])
			}
		}
		if len(at) == 0 {
			return nil
		}
		if len(at) < len(runs) || slices.ContainsFunc(at, func(e Event) bool { return !e.equal(at[0]) }) {
			first := slices.MinFunc(at, func(a, b Event) int { return cmp.Compare(a.N, b.N) }).N // numbers rise in each run
			return &first
		}
	}
}

func (e Event) equal(f Event) bool {
	return e.N == f.N && slices.EqualFunc(e.Actions, f.Actions, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}
