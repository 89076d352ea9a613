package conformance

import (
	"context"
	"errors"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// machine is one machine at the other end of a connection, driven as a session
// drives it.
type machine struct {
	conn    *wire.Conn
	release func() bool
	n       uint64
	drop    bool   // answers are not kept
	steps   []step // what happened; the opening is the first
	feeder  feed.Feeder
	over    bool  // nothing more is fed
	lost    error // why there was no answer
	hung    bool  // none came in time
}

// step is an event and its answer. The opening is of no kind.
type step struct {
	core.Event
	actions []core.Action
}

// open opens a machine. The error is of a connection that could not be had;
// what the machine does wrong is in its steps.
func open(ctx context.Context, connect func(context.Context) (*wire.Conn, error), o core.Opening, state []byte) (*machine, error) {
	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	m := &machine{conn: conn, feeder: feed.Feeder{ServerEOFStays: o.ServerEOFStays}}
	m.release = context.AfterFunc(ctx, func() { conn.Close() })
	if err := conn.Open(o, state, func(a wire.Answer) { m.answer(core.Event{}, a.Actions) }); err != nil {
		m.lose(core.Event{}, err)
	}
	return m, nil
}

// feed feeds events in batches, as large as they may be, until the session is
// over. A timer comes first in its batch.
func (m *machine) feed(events ...core.Event) {
	var batch []wire.Event
	for len(events) > 0 && !m.over {
		batch = batch[:0]
		for size := 0; len(batch) < min(len(events), wire.MaxBatch); {
			e := events[len(batch)]
			size += len(e.Data)
			if len(batch) > 0 && (e.Kind == core.TimerFired || size > wire.MaxBatchBytes) {
				break
			}
			m.n++
			batch = append(batch, wire.Event{N: m.n, Event: e})
		}
		events = events[len(batch):]
		next := 0
		err := m.conn.Batch(batch, func(a wire.Answer) {
			m.answer(batch[next].Event, a.Actions)
			next++
		})
		if err != nil && !m.over {
			m.lose(batch[next].Event, err)
		}
	}
}

// answer takes the answer to one event.
func (m *machine) answer(ev core.Event, actions []core.Action) {
	if m.over {
		return // fed in the batch that ended the session: counts as never fed
	}
	if ev.Kind == core.TimerFired {
		m.feeder.Take(ev)
	}
	actions, end := m.feeder.Answer(ev, actions)
	m.over = end.Why != feed.GoesOn
	if !m.drop {
		m.steps = append(m.steps, step{ev.Clone(), core.CloneActions(actions)})
	}
}

func (m *machine) lose(ev core.Event, err error) {
	m.hung = errors.Is(err, wire.ErrHung)
	if cause := m.conn.Cause(); cause != nil {
		err = cause
	}
	m.lost, m.over = err, true
	m.steps = append(m.steps, step{Event: ev.Clone()})
}

// bye lets the machine go.
func (m *machine) bye() {
	m.release()
	_ = m.conn.Bye() // all that was due has come
}

// failed returns the words with which the machine failed, or "".
func failed(steps []step) string {
	if len(steps) > 0 {
		for _, a := range steps[len(steps)-1].actions {
			if a.Kind == core.Failed {
				return string(a.Data)
			}
		}
	}
	return ""
}

// play opens a machine as the session's was, feeds it the events and lets it
// go.
func play(ctx context.Context, connect func(context.Context) (*wire.Conn, error), h *session, events []core.Event) (*machine, error) {
	m, err := open(ctx, connect, h.opening, h.state)
	if err != nil {
		return nil, err
	}
	defer m.bye()
	m.feed(events...)
	return m, ctx.Err()
}

func equalSteps(a, b []step) bool {
	return slices.EqualFunc(a, b, func(a, b step) bool {
		return a.Kind == b.Kind && slices.EqualFunc(a.actions, b.actions, core.Action.Equal)
	})
}

// diff shows how got differs from want, which are answers to the same events.
func diff(want, got []step) string {
	return transcript.Diff(entries(want), entries(got))
}

func entries(steps []step) []transcript.Entry {
	var all []transcript.Entry
	for n, s := range steps {
		all = transcript.AppendAnswered(all, uint64(n), s.Event, s.actions)
	}
	return all
}
