package session

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// turn is the right to send the machine a batch. It is the supervisor's, which
// lends it while it has nothing to do: the reader that an event comes by then sends
// it itself, and the process begins to work while the supervisor wakes up, which
// reads the answer. Guarded by the peers' lock.
type turn struct {
	lent    bool
	machine *wire.Conn // to send to; set while the turn is lent or out
	out     bool       // a reader sends
	batch   *eventList // that a reader has sent and the supervisor has not taken
	err     error      // of sending it
}

// smallBatch is how many bytes a reader sends itself. The socket has room for them,
// since it is empty.
const smallBatch = 16 << 10

// lendTurn lets readers send, if nothing waits and no batch is out.
func (p *peers) lendTurn(machine *wire.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inbox.events == nil && p.halted.Cause == 0 {
		p.turn.lent, p.turn.machine = true, machine
	}
}

// takeTurn returns a batch, with event e, that the reader of e has to send; nil:
// the supervisor does. mu is held.
func (p *peers) takeTurn(e core.Event) *eventList {
	if !p.turn.lent {
		return nil
	}
	p.turn.lent = false // also where e is left to the supervisor: the next event comes after it
	if len(e.Data) > smallBatch || !p.feeder.Feeds(e.Kind) {
		return nil
	}
	p.turn.out = true
	return p.take()
}

// sent ends a reader's turn.
func (p *peers) sent(batch *eventList, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn = turn{batch: batch, err: err}
	p.room.Broadcast()
	p.signal()
}

// takeTurnBack takes the turn back. It waits for a reader that sends, and reports
// whether one has.
func (p *peers) takeTurnBack() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn.lent = false
	for p.turn.out {
		p.room.Wait()
	}
	return p.turn.batch != nil
}

// takeSent returns the batch that a reader has sent, with the error of sending it;
// nil: none has.
func (p *peers) takeSent() (*eventList, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch, err := p.turn.batch, p.turn.err
	p.turn = turn{}
	return batch, err
}
