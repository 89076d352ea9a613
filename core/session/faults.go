package session

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
)

// Rules on faults act between the peers and the session. What comes in is fed to the
// machine, and recorded, as the rules have left it, so that a replay has the same; what
// goes out is recorded as the machine ordered it. Each fault is a remark, with the bytes
// that did not cross and those that nobody sent.
//
// The reader of a side does what is to be done about what comes from there, its writer
// about what goes there. Either may wait for it: the supervisor does not.

// faults are the flows of a session that has such rules; of another it is nil.
type faults struct {
	rules    *fault.Rules
	in, out  [core.Server + 1]flow
	withhold bool // the bytes of faults may be a secret; guarded by the peers' lock
}

// flow is one of the four.
type flow struct {
	stream *fault.Stream // nil: no rule is about it. Of its reader or writer alone

	// feeding guards crossed, of what comes in, while bytes are taken in: an answer in the
	// server's place comes by another goroutine.
	feeding sync.Mutex
	crossed int64 // bytes that went on

	// Guarded by the peers' lock.
	armed []armed
	ended bool // of what comes in: a fault has told of its end
	reset bool // … has reset the connection
}

// armed is a rule that waited for a message, and where the machine then was.
type armed struct {
	rule *fault.Rule
	at   int64
}

// CheckFaults returns why a session that is opened so cannot have these rules.
func CheckFaults(rules *fault.Rules, opening core.Opening, messages bool) error {
	switch {
	case rules == nil:
		return nil
	case opening.Watch:
		return errors.New("a line mode that only watches cannot have faults made beside it: it has to be in the path")
	case opening.IsWhole(core.Server):
		return errors.New("faults are made at places of a stream, and the server's end of the session is none")
	case opening.Client != core.Stream && rules.OfClient():
		return errors.New("rules about from-client and to-client are for a client that is a stream, such as a tap's; use to-server and from-server")
	case rules.OfMessages() && !messages:
		return errors.New("a rule waits for messages, and the line mode decodes none; use match or line")
	}
	return nil
}

func newFaults(c *Config) *faults {
	if c.Faults == nil {
		return nil
	}
	f := &faults{rules: c.Faults, withhold: c.Withhold}
	f.in[core.Server].stream = fault.NewStream(c.Faults, core.FromServer)
	f.in[core.Client].stream = fault.NewStream(c.Faults, core.FromClient)
	f.out[core.Server].stream = fault.NewStream(c.Faults, core.ToServer)
	f.out[core.Client].stream = fault.NewStream(c.Faults, core.ToClient)
	return f
}

// faulty reports whether rules are about what goes to a side.
func (p *peers) faulty(to core.Side) bool { return p.faults != nil && p.faults.out[to].stream != nil }

// startFaults has writers do what is due before the first byte.
func (p *peers) startFaults() {
	if p.faults == nil {
		return
	}
	p.remark(Remark{Words: p.faults.rules.String()})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, side := range sides {
		p.nudge(side)
	}
	p.write()
}

// nudge has the writer of a side see to its faults though there is nothing to write. mu is
// held.
func (p *peers) nudge(to core.Side) {
	if p.faulty(to) {
		p.sides[to].out.add(nil, false)
	}
}

// startComing does what is due before the first byte that comes from a side. A client's
// waits until the session has begun.
func (p *peers) startComing(from core.Side) {
	if p.faults == nil || p.faults.in[from].stream == nil {
		return
	}
	p.mu.Lock()
	for p.phase == opening {
		p.room.Wait()
	}
	p.mu.Unlock()
	p.faults.in[from].stream.Write(nil, func(op fault.Op) { p.doComing(from, op) })
}

// comeIn takes in what a side did, as rules have left it.
func (p *peers) comeIn(e core.Event) {
	from := e.Kind.Side()
	if p.faults == nil {
		p.takeIn(e)
		return
	}
	switch f := &p.faults.in[from]; {
	case e.Kind.IsBytes() && f.stream != nil:
		f.stream.Write(e.Data, func(op fault.Op) { p.doComing(from, op) })
	case e.Kind.IsBytes():
		p.takeInCounted(f, e, nil)
	case e.Kind == core.ClientEOF:
		if f.stream != nil {
			f.stream.End(func(op fault.Op) { p.doComing(from, op) })
		}
		if !p.hasEnded(f) {
			p.takeIn(e)
		}
	default:
		p.takeIn(e)
	}
}

// cameLast takes in what rules held back of a side that sends no more, and returns the
// error with which it ended.
func (p *peers) cameLast(from core.Side, err error) error {
	if p.faults == nil {
		return err
	}
	f := &p.faults.in[from]
	if f.stream != nil {
		f.stream.End(func(op fault.Op) { p.doComing(from, op) })
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.reset {
		return errFaultReset
	}
	return err
}

var errFaultReset = fmt.Errorf("a fault: %w", syscall.ECONNRESET)

func (p *peers) hasEnded(f *flow) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return f.ended
}
