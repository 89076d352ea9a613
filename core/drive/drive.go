// Package drive feeds events to one machine over its connection and takes its
// answers, in batches as a session does, by the rules of package feed. It is for
// whoever asks a machine what it says and has neither peers nor clocks: replays,
// the conformance checks, comparisons.
//
// The duties of a caller, in order:
//
//  1. Fill in the fields of a [Machine] that stand first, and [Machine.Open] it.
//  2. [Machine.Feed] the events; [Machine.Flush] where what follows depends on
//     the answers.
//  3. Give each answer to the Feeder when [Taker].Answered gets it.
//  4. [Machine.Bye].
package drive

import (
	"context"
	"errors"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Taker takes what becomes of the events. at is the number that an event was fed
// with; the opening has 0 and no kind.
type Taker interface {
	// Answered takes the answer to an event, which is valid until it returns, and
	// reports whether the session is over. The answer to an event of a kind that
	// the machine does not know, or of one that came too early, is empty.
	Answered(at int, ev core.Event, actions []core.Action) (over bool)
	// Left is told of an event that is not fed, since the session was over.
	Left(at int)
	// Lost is told of the event that had no answer when the connection broke, and
	// why. The session is over then.
	Lost(at int, ev core.Event, err error)
}

// Machine is one machine at the other end of a connection. Its calls must not
// overlap.
type Machine struct {
	feed.Feeder // with Knows as the manifest says: of a silence the machine must have asked too
	To          Taker

	Conn *wire.Conn // from Open on
	Over bool       // nothing more is fed
	Hung bool       // it was lost because no answer came in time

	release func() bool
	batch   []wire.Event
	at      []int // of each event in batch
	size    int   // bytes of the batch
	n       uint64
}

// Open connects to a machine and opens it, from state unless that is nil. The
// connection is closed when ctx ends. The error is connect's; a machine that is
// lost goes to To.
func (m *Machine) Open(ctx context.Context, connect func(context.Context) (*wire.Conn, error), o core.Opening, state []byte) error {
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	m.Conn, m.ServerEOFStays, m.Watch, m.Client, m.Server = conn, o.ServerEOFStays, o.Watch, o.Client, o.Server
	if knows := m.Knows; knows != nil {
		m.Knows = func(k core.EventKind) bool { return knows(k) && (k != core.ServerQuiet || conn.Quiet() > 0) }
	}
	m.release = context.AfterFunc(ctx, func() { conn.Close() })
	if err := conn.Open(o, state, func(a wire.Answer) { m.answer(0, core.Event{}, a.Actions) }); err != nil {
		m.lose(0, core.Event{}, err)
	}
	return nil
}

// Feed feeds an event with the next batch, of at most 64 events and 256 KiB. All
// events before a timer or one of a link, or before one of an unknown kind, are answered first, and each
// event before the next while the machine may upgrade a connection. It returns
// feed.Unarmed for a timer that does not fire, and feed.Unlinked for an event of a link
// that is not there.
func (m *Machine) Feed(at int, ev core.Event) feed.Fate {
	if ev.Kind == core.TimerFired || ev.Kind.IsLink() || !m.Feeds(ev.Kind) || m.OneByOne() || len(m.batch) == wire.MaxBatch || m.size+len(ev.Data) > wire.MaxBatchBytes {
		m.Flush()
	}
	if m.Over {
		m.To.Left(at)
		return feed.Fed
	}
	fate := m.Take(ev)
	switch fate {
	case feed.Unknown, feed.Early:
		m.answer(at, ev, nil)
	case feed.Fed:
		m.n++
		m.batch = append(m.batch, wire.Event{N: m.n, Event: ev})
		m.at = append(m.at, at)
		m.size += len(ev.Data)
	}
	return fate
}

// Flush has all that was fed answered.
func (m *Machine) Flush() {
	if len(m.batch) == 0 {
		return
	}
	next := 0
	err := m.Conn.Batch(m.batch, func(a wire.Answer) {
		m.answer(m.at[next], m.batch[next].Event, a.Actions)
		next++
	})
	switch {
	case err != nil && !m.Over:
		m.lose(m.at[next], m.batch[next].Event, err)
	case m.Over:
		for _, at := range m.at[next:] {
			m.To.Left(at)
		}
	}
	clear(m.batch) // which would hold the events' data
	m.batch, m.at, m.size = m.batch[:0], m.at[:0], 0
}

// Bye has the rest answered and lets the machine go.
func (m *Machine) Bye() {
	m.Flush()
	m.release()
	_ = m.Conn.Bye() // all that was due has come
}

func (m *Machine) answer(at int, ev core.Event, actions []core.Action) {
	if m.Over { // fed in the batch that ended the session: counts as never fed
		m.To.Left(at)
		return
	}
	m.Over = m.To.Answered(at, ev, actions)
}

func (m *Machine) lose(at int, ev core.Event, err error) {
	m.Over, m.Hung = true, errors.Is(err, wire.ErrHung)
	if cause := m.Conn.Cause(); cause != nil {
		err = cause
	}
	m.To.Lost(at, ev, err)
}
