package replay

import (
	"bytes"
	"context"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
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

	passing [core.Server + 1]bool // sides that the machine passes through
	armed   map[string]bool       // timers that the machine has set
	ended   string                // what ended the session, in words; "" while it goes on
	endedAt int                   // index in g.events of where that was
	told    bool                  // that events are left over
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
	p := &play{g: g, ctx: ctx, conn: conn, take: take, armed: map[string]bool{}}
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
	timer, known := ev.Kind == core.TimerFired, p.knows(ev.Kind)
	if timer || !known || len(p.batch) == wire.MaxBatch || p.size+len(ev.Data) > wire.MaxBatchBytes {
		p.flush()
	}
	switch {
	case p.ended != "":
		p.leftOver(at)
		return
	case !known:
		p.take(at, ev, answer{fed: true}) // the core does what it does by default
		return
	case timer && !p.armed[string(ev.Data)] && p.g.t.State == nil:
		p.fault(at, "the timer %s can not fire: the machine has not set it", ev.Data)
		return
	case timer:
		delete(p.armed, string(ev.Data))
	}
	p.n++
	p.batch = append(p.batch, wire.Event{N: p.n, Event: ev})
	p.at = append(p.at, at)
	p.size += len(ev.Data)
}

// knows reports whether the machine is fed an event of this kind, as in a
// session: of a silence it has to have asked to be told.
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
	actions = core.Counting(actions)
	a := answer{actions: actions, fed: true}
	if ev.Kind.IsBytes() && p.passing[ev.Kind.Side()] {
		a.passed, a.broken = true, !isCopy(ev, actions)
	}
	if a.broken {
		p.fault(at, "the machine passes the %s's bytes through, but its answer is no copy of them", ev.Kind.Side())
	}
	p.take(at, ev, a)
	for _, a := range actions {
		switch a.Kind {
		case core.SetTimer:
			p.armed[string(a.Data)] = true
		case core.StopTimer:
			delete(p.armed, string(a.Data))
		case core.PassThrough:
			p.passing[a.Side] = true
		case core.Close:
			p.end(at, "the machine closed the session")
		case core.Failed:
			p.end(at, "the machine failed")
		}
	}
}

// fails reports whether an answer is that the machine failed.
func fails(actions []core.Action) bool {
	n := len(actions)
	return n > 0 && actions[n-1].Kind == core.Failed
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

// copyOf returns the action that passes the event through.
func copyOf(ev core.Event) core.Action {
	if ev.Kind.Side() == core.Server {
		return core.Action{Kind: core.SendBinary, Data: ev.Data}
	}
	return core.Action{Kind: core.SendServer, Data: ev.Data}
}

// isCopy reports whether the actions do what passing the event through does.
func isCopy(ev core.Event, actions []core.Action) bool {
	kind, left := copyOf(ev).Kind, ev.Data
	for _, a := range actions {
		if a.Kind != kind || !bytes.HasPrefix(left, a.Data) {
			return false
		}
		left = left[len(a.Data):]
	}
	return len(left) == 0
}
