package session

import (
	"io"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
)

// doComing does what rules say about what comes from a side. Only its reader calls it.
func (p *peers) doComing(from core.Side, op fault.Op) {
	f := &p.faults.in[from]
	if op.Kind == fault.Pass {
		kind := core.ServerBytes
		if from == core.Client {
			kind = core.ClientBytes
		}
		p.takeInCounted(f, core.Event{Kind: kind, Data: op.Data}, op.Fault)
		if op.Alone {
			p.awaitFed(from)
		}
		return
	}
	p.tellFault(op.Fault)
	switch op.Kind {
	case fault.Pause:
		p.pause(op.Wait, func() bool { return p.phase == over })
	case fault.Hold:
		gone := p.endsOf(across(from))
		p.pause(fault.MaxStall, func() bool { return p.phase == over || p.lasts(across(from)) != gone })
	case fault.End:
		p.endComing(from, f)
	case fault.Break:
		p.breakOff(from)
	}
}

// takeInCounted takes in what goes on of what comes in, with the fault that made it, if
// one did.
func (p *peers) takeInCounted(f *flow, e core.Event, made *fault.Fault) {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if made != nil {
		made.At = f.crossed
		p.tellFault(made)
	}
	f.crossed += int64(len(e.Data))
	p.takeIn(e)
}

// awaitFed waits until nothing of a side waits to be fed: what comes next is an event of
// its own.
func (p *peers) awaitFed(from core.Side) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.phase != over && p.halted.Cause == 0 && p.inbox.hasBytes(from) {
		p.room.Wait()
	}
}

// endComing tells the machine of an end that a fault makes. The reader goes on, and drops
// what it reads.
func (p *peers) endComing(from core.Side, f *flow) {
	p.mu.Lock()
	f.ended = true
	p.mu.Unlock()
	if from == core.Server {
		p.serverEnded(io.EOF)
		return
	}
	p.takeIn(core.Event{Kind: core.ClientEOF})
}

// breakOff resets the connection of a side. Its reader notices.
func (p *peers) breakOff(side core.Side) {
	p.mu.Lock()
	p.faults.in[side].reset = true
	p.mu.Unlock()
	if side == core.Client {
		if end, ok := p.client.(StreamEnd); ok {
			end.Reset()
		}
		return
	}
	if end, ok := p.server.(StreamEnd); ok {
		end.Reset()
	} else {
		p.server.Close()
	}
}

// writeFaulty writes to a side as rules allow.
func (p *peers) writeFaulty(to core.Side, data []byte) (err error) {
	f := &p.faults.out[to]
	p.attend(f).Write(data, func(op fault.Op) {
		if err == nil {
			err = p.doLeaving(to, op)
		}
	})
	return err
}

// lastLeaves writes what rules held back, before the end of what is written to a side.
// Nobody else writes to it.
func (p *peers) lastLeaves(to core.Side) {
	if !p.faulty(to) || p.isCut(to) {
		return
	}
	p.writeFaulty(to, nil)
	p.faults.out[to].stream.End(func(op fault.Op) { p.doLeaving(to, op) })
}

func (p *peers) isCut(to core.Side) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sides[to].out.phase == cut
}

// doLeaving does what rules say about what goes to a side. Only its writer calls it.
func (p *peers) doLeaving(to core.Side, op fault.Op) error {
	f := &p.faults.out[to]
	if op.Kind == fault.Reply {
		p.answerFor(op)
		return nil
	}
	if op.Fault != nil {
		op.Fault.At = f.crossed
	}
	p.tellFault(op.Fault)
	q := &p.sides[to].out
	switch op.Kind {
	case fault.Pass:
		f.crossed += int64(len(op.Data))
		if to == core.Server {
			return p.writeServerNow(op.Data)
		}
		return p.sendClientNow(new(Messages).one(op.Data))
	case fault.Pause:
		p.pause(op.Wait, func() bool { return q.phase == cut })
	case fault.Hold: // a client is left waiting after the server has closed, too
		client, server := p.endsOf(core.Client), p.endsOf(core.Server)
		p.pause(fault.MaxStall, func() bool {
			return q.phase == cut || p.lasts(core.Client) != client || to == core.Server && (p.phase == over || p.lasts(core.Server) != server)
		})
	case fault.End:
		if end := p.halfCloses(to); end != nil {
			end.CloseWrite()
		}
	case fault.Break:
		p.breakOff(to)
	}
	return nil
}

// answerFor has the machine fed what the server has not said.
func (p *peers) answerFor(op fault.Op) {
	if p.endsOf(core.Server) == 0 {
		p.takeInCounted(&p.faults.in[core.Server], core.Event{Kind: core.ServerBytes, Data: op.Data}, op.Fault)
	}
}

// tellFault remarks on a fault, if there is one.
func (p *peers) tellFault(f *fault.Fault) {
	if f == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f.Withheld = p.faults.withhold
	p.remarkLocked(Remark{Code: Faulted, Words: f.String()})
	p.write()
}

// pause waits for a time, or until the session is to stop, or enough says so. It is called
// by a reader or a writer; enough is asked under the lock.
func (p *peers) pause(d time.Duration, enough func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := false
	timer := time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.room.Broadcast()
	})
	defer timer.Stop()
	for !late && p.halted.Cause == 0 && !enough() {
		p.room.Wait()
	}
}

// endsOf returns how many ends of what comes from a side were seen.
func (p *peers) endsOf(side core.Side) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lasts(side)
}

// lasts is endsOf where mu is held: a client ends its stream, and then it is gone.
func (p *peers) lasts(side core.Side) (n int) {
	if p.sides[side].in == ended {
		n++
	}
	if side == core.Client && p.clientEOF {
		n++
	}
	return n
}

// sawMessage arms the rules that wait for a message. What a message of a flow begins in
// that flow begins after it. mu is held.
func (p *peers) sawMessage(text []byte) {
	if p.faults == nil || !p.faults.rules.OfMessages() {
		return
	}
	m, err := core.ParseMessage(text)
	if err != nil { // wire lets none through
		return
	}
	for _, rule := range p.faults.rules.Decoded(&m) {
		to := core.Server
		if rule.Flow == core.ToClient {
			to = core.Client
		}
		at := p.sides[to].out.added
		if m.Flow == rule.Flow {
			at = max(at, m.To)
		}
		f := &p.faults.out[to]
		f.armed = append(f.armed, armed{rule, at})
		p.nudge(to)
	}
}
