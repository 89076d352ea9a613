package keep

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// NewBeside returns what is kept of a session whose client is another, as in a tap. It is
// told of the session as its [Session.Beside], and can only be looked on, by
// [Session.Watch]. The session goes on however few do. stop has it end.
func (all *Sessions) NewBeside(name string, hello map[string]any, stop func(session.End)) *Session {
	s := all.New(name, hello)
	s.stop = stop
	return s
}

// LooksOnly reports that the session can only be looked on.
func (s *Session) LooksOnly() bool { return s.stop != nil }

// Beside returns what is told of a session that has another client, after whatever adds to
// Hello once the target was reached.
func (s *Session) Beside() session.Observer { return &beside{s: s} }

type beside struct {
	s      *Session
	shown  uint64 // entries so far
	buffer []byte
}

func (o *beside) Began(b session.Beginning) { o.s.Accept(b.Address) }

func (o *beside) Done(at time.Duration, e wire.Event, actions []core.Action) {
	bound := o.s.all.logBound()
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if e.Kind != 0 {
		o.add(&transcript.Entry{Dir: transcript.Event, N: e.N, Time: at, Event: e.Event}, nil, bound)
	}
	for _, a := range actions {
		o.add(&transcript.Entry{Dir: transcript.Action, N: e.N, Time: at, Action: a}, nil, bound)
	}
}

func (o *beside) Remarked(at time.Duration, r session.Remark) {
	bound := o.s.all.logBound()
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.add(&transcript.Entry{Dir: transcript.Remark, Time: at, Remark: r.Words}, &r, bound)
}

// add adds an entry to the log. The session's mu is held.
func (o *beside) add(e *transcript.Entry, r *session.Remark, bound int) {
	o.shown++
	o.buffer = session.AppendEntry(o.buffer[:0], o.shown, e, r)
	o.s.log.add(o.buffer, bound)
	for _, w := range o.s.lookers {
		w.signal()
	}
	if cap(o.buffer) > lastSegment {
		o.buffer = nil // of one long entry
	}
}

// Ended has all who look on told, after all else.
func (o *beside) Ended(_ time.Duration, end session.End) {
	o.s.mu.Lock()
	reached := o.s.reached
	o.s.mu.Unlock()
	if reached {
		o.s.Close(end)
	} else {
		o.s.Refuse(end)
	}
}
