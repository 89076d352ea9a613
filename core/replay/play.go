package replay

import (
	"context"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// play feeds one machine, in batches as a session does: then a short
// transcript costs one exchange.
type play struct {
	g       *Golden
	ctx     context.Context
	conn    *wire.Conn
	release func() bool
	take    func(at int, ev core.Event, a answer)

	batch []wire.Event
	at    []int // of each event in batch: index in g.events of what it is, or is a part of
	size  int   // bytes of the batch
	n     uint64

	feeder  feed.Feeder
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
	broken  bool // … but the answer is no copy of its bytes
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
	conn, err := open(ctx, g.t.Mode)
	if err != nil {
		return nil, fmt.Errorf("%s: the line mode %s could not be opened: %w", core.Printable(g.file), g.t.Mode, err)
	}
	p := &play{g: g, ctx: ctx, conn: conn, take: take}
	p.feeder = feed.Feeder{Knows: p.knows, ServerEOFStays: g.opening.ServerEOFStays, AnyTimer: g.t.State != nil}
	p.release = context.AfterFunc(ctx, func() { conn.Close() })
	err = conn.Open(g.opening, g.t.State, func(a wire.Answer) { p.answer(0, core.Event{}, a.Actions) })
	if err != nil {
		p.lost(0, err)
	}
	return p, nil
}

// feed feeds ev, which is event at of the golden or a part of the run that
// begins there. A batch is at most 64 events and 256 KiB, and a timer fires
// only between two.
func (p *play) feed(at int, ev core.Event) {
	if ev.Kind == core.TimerFired || !p.feeder.Feeds(ev.Kind) || len(p.batch) == wire.MaxBatch || p.size+len(ev.Data) > wire.MaxBatchBytes {
		p.flush()
	}
	if p.ended != "" {
		p.leftOver(at)
		return
	}
	switch p.feeder.Take(ev) {
	case feed.Unknown:
		p.take(at, ev, answer{fed: true})
		return
	case feed.Unarmed:
		p.fault(at, "the timer %s cannot fire: the machine has not set it", ev.Data)
		return
	}
	p.n++
	p.batch = append(p.batch, wire.Event{N: p.n, Event: ev})
	p.at = append(p.at, at)
	p.size += len(ev.Data)
}

// knows reports whether the machine knows a later kind of event: of a silence
// it has to have asked to be told.
func (p *play) knows(k core.EventKind) bool {
	return p.g.manifest.Knows(k) && (k != core.ServerQuiet || p.conn.Quiet() > 0)
}

func (p *play) flush() {
	if len(p.batch) == 0 {
		return
	}
	next := 0
	err := p.conn.Batch(p.batch, func(a wire.Answer) {
		p.answer(p.at[next], p.batch[next].Event, a.Actions)
		next++
	})
	switch {
	case err != nil && p.ended == "":
		p.lost(p.at[next], err)
	case p.ended != "":
		for _, at := range p.at[next:] {
			p.leftOver(at)
		}
	}
	p.batch, p.at, p.size = p.batch[:0], p.at[:0], 0
}

// finish feeds what is left and lets the machine go. Its error is the
// context's: all else is in the faults.
func (p *play) finish() error {
	p.flush()
	p.release()
	_ = p.conn.Bye() // all that was due has come
	return p.ctx.Err()
}

// answer takes the answer to one event.
func (p *play) answer(at int, ev core.Event, actions []core.Action) {
	if p.ended != "" { // fed in the batch that ended the session: counts as never fed
		p.leftOver(at)
		return
	}
	passed := p.feeder.PassesOn(ev)
	actions, end := p.feeder.Answer(ev, actions)
	a := answer{actions: actions, fed: true, passed: passed, broken: passed && !feed.IsCopy(ev, actions)}
	if a.broken {
		p.fault(at, "the machine passes the %s's bytes through, but its answer is no copy of them", ev.Kind.Side())
	}
	p.take(at, ev, a)
	switch end.Why { // a file may go on behind the ends of the streams
	case feed.MachineClosed:
		p.end(at, "the machine closed the session")
	case feed.MachineFailed:
		p.end(at, "the machine failed")
	}
}

func (p *play) end(at int, words string) {
	p.ended, p.endedAt = words, at
}

// leftOver says once that the file has events behind the end of the session.
// What is left of the run that ended it is none.
func (p *play) leftOver(at int) {
	if !p.told && at != p.endedAt {
		p.told = true
		p.fault(at, "nothing is fed any more: %s in its answer to line %d", p.ended, p.g.events[p.endedAt].line)
	}
}

// lost takes note of a connection that broke before event at was answered.
func (p *play) lost(at int, err error) {
	if cause := p.conn.Cause(); cause != nil {
		err = cause
	}
	p.fault(at, "there was no answer: %v", err)
	p.end(at, "the machine was lost")
	p.told = true
}

func (p *play) fault(at int, format string, args ...any) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, Finding{p.g.events[at].line, fmt.Sprintf(format, args...)})
	}
}
