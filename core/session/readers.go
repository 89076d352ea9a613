package session

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// readClient takes what the client does until it is gone. left is called when
// it is.
func (p *peers) readClient(left func()) {
	p.startComing(core.Client)
	for {
		e, err := p.client.Receive()
		if p.rest(core.Client, len(e.Data)) || p.wasMishap(err) {
			continue
		}
		if err != nil || e.Kind == core.ClientClosed {
			p.clientLeft(p.cameLast(core.Client, err))
			left()
			return
		}
		p.comeIn(e)
	}
}

// clientLeft has the machine told that the client is gone.
func (p *peers) clientLeft(err error) {
	var why End
	if !errors.As(err, &why) {
		why = End{ByClient, "the client closed"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, stream := p.client.(StreamEnd); stream && errors.Is(err, syscall.ECONNRESET) {
		p.reset, why.Words = true, "the client reset the connection"
	}
	p.leaving = why
	told := p.sides[core.Client].in == ended // by the outcome of an upgrade
	p.sides[core.Client].in = p.sides[core.Client].in.on(lastCame)
	if why.Cause == ByClient {
		p.toClient().cut()
	}
	if p.phase != over && !told {
		p.inbox.add(core.ClientClosed, nil)
	}
	p.room.Broadcast()
	p.signal()
}

// readServer takes what the server sends until its stream ends.
func (p *peers) readServer() {
	p.startComing(core.Server)
	for {
		data, err := p.server.Receive()
		if p.rest(core.Server, len(data)) || p.wasMishap(err) {
			continue
		}
		if err != nil {
			p.serverEnded(p.cameLast(core.Server, err))
			return
		}
		p.comeIn(core.Event{Kind: core.ServerBytes, Data: data})
	}
}

// serverEnded has the machine told that the server's stream has ended.
func (p *peers) serverEnded(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.sides[core.Server].in == ended // by the outcome of an upgrade
	p.sides[core.Server].in = p.sides[core.Server].in.on(lastCame)
	switch {
	case p.phase == over, told:
	case errors.Is(err, io.EOF):
		p.sayFarewell(err)
		p.inbox.add(core.ServerEOF, nil)
	default:
		p.toServer().cut()
		p.inbox.add(core.ServerFailed, []byte(plain(err)))
	}
	p.room.Broadcast()
	p.signal()
}

// sayFarewell remarks on what the server said about the end of its stream. mu is held.
func (p *peers) sayFarewell(err error) {
	var said interface{ Farewell() string }
	if errors.As(err, &said) {
		p.remarkLocked(Remark{Words: said.Farewell()})
	}
}

// takeIn waits until there is room for an event, and passes it on: to be fed, or
// across, where its side is passed through. After the end it drops it.
func (p *peers) takeIn(e core.Event) {
	for len(e.Data) > p.most && p.ends.IsStream(e.Kind) {
		p.takeInPiece(core.Event{Kind: e.Kind, Data: e.Data[:p.most]})
		e.Data = e.Data[p.most:]
	}
	p.takeInPiece(e)
}

func (p *peers) takeInPiece(e core.Event) {
	switch out, batch := p.admit(e); {
	case out != nil:
		p.wroteStraight(out, p.writeStraight(e))
	case batch != nil:
		p.sent(batch, p.turn.machine.Send(batch.batch))
	}
}

// admit waits until there is room for an event, and puts it where it goes. What it
// returns is left to its caller: the queue of the side that the event has to be
// written to, with no copy and no queue between; or a batch to send to the machine.
func (p *peers) admit(e core.Event) (*queue, *eventList) {
	from := e.Kind.Side()
	s, out := &p.sides[from], &p.sides[across(from)].out
	p.mu.Lock()
	defer p.mu.Unlock()
	if from == core.Server {
		p.silence.held = true
		defer func() { p.silence.held = false }()
	}
	if e.Kind == core.ClientEOF {
		p.clientEOF = true
		p.room.Broadcast()
	}
	early := func() bool { return p.upgrades[from].blind }
	for p.phase != over && !early() && !p.hasRoom(e) {
		p.room.Wait()
	}
	switch {
	case early():
		p.upgrades[from].early += len(e.Data)
		return nil, nil
	case p.phase == over, from == core.Server && p.sides[core.Client].in == ended:
		return nil, nil
	case !s.passing || !e.Kind.IsBytes():
		p.inbox.add(e.Kind, e.Data)
		if e.Kind == core.ClientStartTLS {
			p.upgrades[core.Server].asked++
		}
		if from == core.Server {
			p.silence.broken()
		}
		if batch := p.takeTurn(e); batch != nil {
			return nil, batch
		}
		p.signal()
		return nil, nil
	}
	p.events++
	p.observe(time.Since(p.start), wire.Event{N: p.events, Event: e}, nil)
	if out.phase != open && from == core.Client {
		p.sendServer(nil) // dropped: is said
	}
	p.write()
	if out.phase != open || p.isShown(from) {
		return nil, nil
	}
	if p.faulty(across(from)) { // its writer may have to wait
		out.add(e.Data, false)
		p.write()
		return nil, nil
	}
	out.writing, out.out = true, len(e.Data)
	out.added += int64(len(e.Data))
	return out, nil
}

// hasRoom reports whether an event can be admitted: there is room in the inbox,
// in the queue of the side across and in both queues together. What is passed
// through has to come after all that was ordered.
func (p *peers) hasRoom(e core.Event) bool {
	from := e.Kind.Side()
	out := &p.sides[across(from)].out
	if p.inbox.held[from] >= InboxAt || out.size() >= GateAt || p.tooLong() || from == core.Client && p.linksFull(GateAt) {
		return false
	}
	if !e.Kind.IsBytes() || !p.feeder.Passes(from) {
		return true
	}
	return p.sides[from].passing && !p.holdsBack(from) && (out.idle() || p.isShown(from) || p.faulty(across(from)))
}

// isShown reports that the bytes of a side go to their reader as entries.
func (p *peers) isShown(from core.Side) bool { return p.entries && from == core.Server }

// writeStraight writes a passed-through event, as its side's reader: rules on faults that
// were added meanwhile act on what comes after it.
func (p *peers) writeStraight(e core.Event) error {
	if e.Kind.Side() == core.Server {
		return p.sendClient(p.straight.one(e.Data), false)
	}
	return p.writeServer(e.Data, false)
}

// writeServer writes to the server, as rules on faults allow if so.
func (p *peers) writeServer(data []byte, ruled bool) error {
	if ruled {
		return p.writeFaulty(core.Server, data)
	}
	p.countLeaving(core.Server, data)
	return p.writeServerNow(data)
}

func (p *peers) writeServerNow(data []byte) error {
	_, err := p.server.Write(data)
	if p.wasMishap(err) {
		return nil
	}
	return err
}

// wasMishap reports that an error ends nothing, and remarks on it.
func (p *peers) wasMishap(err error) bool {
	var m Mishap
	if err == nil || !errors.As(err, &m) {
		return false
	}
	p.remark(Remark{Code: Undelivered, Words: m.Error()})
	return true
}

// plain returns an error of the connection to the server in plain words.
func plain(err error) string { return plainFor("the server", err) }

// plainFor returns an error of a connection in plain words.
func plainFor(who string, err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset by " + who
	case errors.Is(err, syscall.EPIPE):
		return who + " no longer listens"
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return who + " no longer answers"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return core.Words(err.Error())
}
