package session

import (
	"errors"
	"os"

	"github.com/protocol-workbench/workbench/core"
)

// write starts the writers that are needed. mu is held.
func (p *peers) write() {
	for _, to := range []core.Side{core.Client, core.Server} {
		q := &p.sides[to].out
		if !q.writing && (q.due() || p.owesFIN(to)) {
			q.writing = true
			p.writers.Go(func() { p.writeAll(to) })
		}
	}
}

// smallWrite is how much is written at once; see Ready.
const smallWrite = 4 << 10

// writeOut writes what waits, as a writer would, if that takes no time: there is
// little, and its socket has room. For all else it starts writers.
func (p *peers) writeOut() {
	for _, to := range []core.Side{core.Client, core.Server} {
		if m := p.little(to); m != nil {
			err := p.writeTo(to, m, false)
			m.release()
			p.wroteStraight(&p.sides[to].out, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write()
}

// little returns what waits for a side, which the caller has to write, or nil.
func (p *peers) little(to core.Side) *Messages {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.sides[to].out
	if q.writing || !q.due() || q.waiting.weight() > smallWrite || p.faulty(to) {
		return nil
	}
	if to == core.Client && !p.client.Ready() || to == core.Server && !p.server.Ready() {
		return nil
	}
	q.writing = true
	return q.take()
}

// owesFIN reports that FIN is what comes next of what a side is to be sent.
func (p *peers) owesFIN(to core.Side) bool {
	q := &p.sides[to].out
	return q.phase == finished && q.waiting == nil && !q.holding && p.halfCloses(to) != nil && !(to == core.Server && p.reset)
}

// halfCloser is an end that can be told that no more comes.
type halfCloser interface{ CloseWrite() error }

// halfCloses returns a side as such an end; nil: it is none, or not there yet.
func (p *peers) halfCloses(side core.Side) halfCloser {
	if side == core.Server {
		if p.server == nil {
			return nil
		}
		return p.server
	}
	end, _ := p.client.(halfCloser)
	return end
}

// writeAll empties a side's queue, and sends the server FIN when that is due.
func (p *peers) writeAll(to core.Side) {
	q := &p.sides[to].out
	for {
		switch m, fin := p.nextWrite(to); {
		case m != nil:
			err := p.writeTo(to, m, p.faulty(to))
			m.release()
			p.wrote(q, err)
		case fin:
			p.lastLeaves(to)
			p.halfCloses(to).CloseWrite()
		default:
			return
		}
	}
}

// nextWrite returns what a side's writer does next: write messages, or send FIN,
// or, with neither, end.
func (p *peers) nextWrite(to core.Side) (m *Messages, fin bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.sides[to].out
	switch {
	case q.due():
		return q.take(), false
	case p.owesFIN(to):
		q.phase = q.phase.on(finSent)
		return nil, true
	}
	q.writing = false
	p.room.Broadcast()
	return nil, false
}

// writeTo writes to a side, as rules on faults allow if so: then it may wait for long, which
// only a writer may.
func (p *peers) writeTo(to core.Side, m *Messages, ruled bool) error {
	if to == core.Client {
		return p.sendClient(m, ruled)
	}
	if !p.whole {
		return p.writeServer(m.data, ruled)
	}
	for i := range m.Len() {
		data, _ := m.At(i)
		if err := p.writeServer(data, ruled); err != nil {
			return err
		}
	}
	return nil
}

func (p *peers) sendClient(m *Messages, ruled bool) error {
	if ruled {
		return p.writeFaulty(core.Client, m.Joined())
	}
	p.countLeaving(core.Client, m.Joined())
	return p.sendClientNow(m)
}

// countLeaving counts what goes to a side past rules.
func (p *peers) countLeaving(to core.Side, data []byte) {
	if p.faults != nil {
		f := &p.faults.out[to]
		f.pass(data)
		f.crossed = f.came
	}
}

func (p *peers) sendClientNow(m *Messages) error {
	err := p.client.Send(m)
	if p.wasMishap(err) {
		return nil
	}
	return err
}

// wrote ends a writer's write.
func (p *peers) wrote(q *queue, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(q, err)
}

// wroteStraight ends a reader's write, with which it gives up the right to.
func (p *peers) wroteStraight(q *queue, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(q, err)
	q.writing = false
	p.write()
}

// settle takes note of how a write ended. mu is held.
func (p *peers) settle(q *queue, err error) {
	q.out = 0
	p.room.Broadcast()
	if err == nil {
		return
	}
	q.cut()
	toServer := q == p.toServer()
	switch {
	case toServer && p.feeder.ServerEnded(): // no reader is left to notice
		p.haltLocked(End{ServerFailed, "the connection to the server failed: " + plain(err)})
	case !errors.Is(err, os.ErrDeadlineExceeded): // its reader notices
	case toServer:
		p.haltLocked(End{ServerStuck, "the server took nothing for 30 s"})
	default:
		p.haltLocked(End{ClientStuck, "the client took nothing for 30 s"})
	}
}
