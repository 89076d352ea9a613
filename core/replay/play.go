package replay

import (
	"context"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/drive"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// play is one machine that is fed the golden.
type play struct {
	drive.Machine
	g    *Golden
	take func(at int, ev core.Event, a answer)

	ended   string // how the machine ended the session, in words; "" while it goes on
	endedAt int    // index in g.events of where that was
	told    bool   // that events are left over
	faults  []Finding
}

// answer is what one event was answered with.
type answer struct {
	actions []core.Action // in the callback of play, valid only until it returns
	fed     bool
	passed  bool // the event's side passes through …
	broken  bool // … but the answer is not a copy of its bytes
}

// shown returns the actions that stand in a transcript.
func (a *answer) shown() []core.Action {
	if a.passed && !a.broken {
		return nil
	}
	return a.actions
}

// start opens a machine. take gets the answer to each event as it comes, the
// opening's first.
func (g *Golden) start(ctx context.Context, open Opener, take func(int, core.Event, answer)) (*play, error) {
	p := &play{g: g, take: take}
	p.To, p.Knows, p.AnyTimer = p, g.manifest.Knows, g.t.State != nil
	connect := func(ctx context.Context) (*wire.Conn, error) { return open(ctx, g.t.Mode) }
	if err := p.Open(ctx, connect, g.opening, g.t.State); err != nil {
		return nil, fmt.Errorf("%s: the line mode %s could not be opened: %w", core.Printable(g.file), g.t.Mode, err)
	}
	return p, nil
}

// feed feeds ev, which is event at of the golden or a part of the run that
// begins there.
func (p *play) feed(at int, ev core.Event) {
	switch p.Feed(at, ev) {
	case feed.Unarmed:
		p.fault(at, "the timer %s cannot fire: the machine has not set it", ev.Data)
	case feed.Unlinked:
		p.fault(at, "nothing can come from the link %s: the machine has not ordered it, or it has ended", ev.Link)
	}
}

// Answered takes the answer to one event.
func (p *play) Answered(at int, ev core.Event, actions []core.Action) (over bool) {
	passed := p.Feeds(ev.Kind) && !p.IsEarly(ev.Kind) && p.PassesOn(ev)
	actions, end := p.Answer(ev, actions)
	a := answer{actions: actions, fed: true, passed: passed, broken: passed && !p.IsPassed(ev, actions)}
	if a.broken {
		p.fault(at, "the machine passes the %s's bytes through, but its answer is no copy of them", ev.Kind.Side())
	}
	p.take(at, ev, a)
	switch end.Why { // a file may go on after the ends of the streams
	case feed.MachineClosed:
		p.ended, p.endedAt = "the machine closed the session", at
	case feed.MachineFailed:
		p.ended, p.endedAt = "the machine failed", at
	}
	return p.ended != ""
}

// Left says once that the file has events after the end of the session. What is
// left of the run that ended it is not one.
func (p *play) Left(at int) {
	if !p.told && at != p.endedAt {
		p.told = true
		p.fault(at, "nothing is fed any more: %s in its answer to line %d", p.ended, p.g.events[p.endedAt].line)
	}
}

// Lost takes note of a connection that broke before event at was answered.
func (p *play) Lost(at int, _ core.Event, err error) {
	p.fault(at, "there was no answer: %v", err)
	p.told = true
}

func (p *play) fault(at int, format string, args ...any) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, Finding{p.g.events[at].line, fmt.Sprintf(format, args...)})
	}
}
