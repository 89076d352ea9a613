package shared

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// This file is for connections between workbenches, which need no way to each other but
// the broker: a request for a session goes to the workbench that has it.
//
// Each end listens on a subject for pieces of the stream, numbered from 1, and on another
// for what the other end says of itself: how many bytes it has taken, which is how many
// more it may be sent, or that it is still there. So the broker never holds much of a
// connection, and an end that is slow to read is no reason to think it dead.

const (
	maxPiece   = 32 << 10        // bytes
	window     = 256 << 10       // bytes that were sent and are not taken
	aliveEvery = 5 * time.Second // an end says so
	maxSilent  = 3               // times aliveEvery without that; then the other end is gone
	dialLimit  = 5 * time.Second // for the other end's answer
	maxDials   = 64              // connections that wait to be accepted
	number     = 8               // bytes before a piece
)

// ends tells one end of a connection where the other is.
type ends struct {
	Pieces string `json:"pieces"` // subject
	Alive  string `json:"alive"`  // subject
	From   string `json:"from"`   // the workbench
}

// peerConn is one end. What it has received goes into one end of a pipe, and its user has
// the other, with its deadlines.
type peerConn struct {
	net.Conn          // the user's end
	inner    net.Conn // ours
	log      *Log
	other    ends
	subs     []*nats.Subscription
	own      ends

	silent atomic.Int32  // times that it was asked since the other end was heard
	next   uint64        // piece; the subscription's own
	room   chan int      // bytes that the other end has taken
	begun  chan struct{} // closed once other is known
	over   chan struct{}
	end    sync.Once // closes it
}

// peerAddr is the address of a workbench.
type peerAddr string

func (peerAddr) Network() string  { return "workbench" }
func (a peerAddr) String() string { return string(a) }

// LocalAddr returns the name of this workbench.
func (c *peerConn) LocalAddr() net.Addr { return peerAddr(c.log.c.Gateway) }

// RemoteAddr returns the name of the other workbench.
func (c *peerConn) RemoteAddr() net.Addr { return peerAddr(c.other.From) }

// dialSubject returns where a workbench is dialled.
func (l *Log) dialSubject(gateway string) string { return "wb." + l.c.Tenant + ".d." + gateway }

// newConn returns an end that listens, and does nothing else before begin.
func (l *Log) newConn() (*peerConn, error) {
	c := &peerConn{log: l, next: 1, room: make(chan int, 1), begun: make(chan struct{}), over: make(chan struct{})}
	c.Conn, c.inner = net.Pipe()
	in := l.nc.NewInbox()
	c.own = ends{in + ".p", in + ".a", l.c.Gateway}
	pieces, err := l.nc.Subscribe(c.own.Pieces, c.take)
	if err != nil {
		return nil, err
	}
	c.subs = append(c.subs, pieces)
	alive, err := l.nc.Subscribe(c.own.Alive, c.hear)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.subs = append(c.subs, alive)
	return c, nil
}

// begin has the end serve, once it is known where the other one is.
func (c *peerConn) begin(other ends) {
	c.other = other
	close(c.begun)
	c.log.running.Go(c.send)
	c.log.running.Go(c.live)
}

// take takes in a piece. It waits until the user has read it.
func (c *peerConn) take(m *nats.Msg) {
	select {
	case <-c.begun:
	case <-c.over:
		return
	}
	if len(m.Data) < number || binary.BigEndian.Uint64(m.Data) != c.next {
		c.finish()
		return
	}
	c.next++
	piece := m.Data[number:]
	if len(piece) == 0 { // the end of the stream
		c.finish()
		return
	}
	if _, err := c.inner.Write(piece); err != nil {
		c.finish()
		return
	}
	c.say(len(piece))
}

// say tells the other end that so many bytes were taken, and that this one is there.
func (c *peerConn) say(taken int) {
	c.log.nc.Publish(c.other.Alive, binary.BigEndian.AppendUint64(nil, uint64(taken)))
}

// hear takes in what the other end says of itself.
func (c *peerConn) hear(m *nats.Msg) {
	c.silent.Store(0)
	if len(m.Data) != number {
		return
	}
	taken := int(min(binary.BigEndian.Uint64(m.Data), window))
	select {
	case before := <-c.room:
		taken += before
	default:
	}
	c.room <- taken // only hear sends
}

// send sends what the user writes, as the other end has room, and in the end that it is the
// end.
func (c *peerConn) send() {
	defer c.finish()
	n, room := uint64(1), window
	piece := make([]byte, number+maxPiece)
	publish := func(size int) error {
		binary.BigEndian.PutUint64(piece, n)
		n++
		return c.log.nc.Publish(c.other.Pieces, piece[:number+size])
	}
	for c.hasRoom(&room) {
		size, err := c.inner.Read(piece[number : number+min(room, maxPiece)])
		if size > 0 && publish(size) != nil {
			return
		}
		if room -= size; err != nil {
			break
		}
	}
	publish(0)
}

// hasRoom waits until the other end has room. It returns false when the connection is over.
func (c *peerConn) hasRoom(room *int) bool {
	for *room == 0 {
		select {
		case more := <-c.room:
			*room += more
		case <-c.over:
			return false
		}
	}
	return true
}

// live says that this end is there, and ends the connection when the other one is not.
func (c *peerConn) live() {
	defer c.finish()
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	c.log.mu.Lock()
	back := c.log.back
	c.log.mu.Unlock()
	for {
		select {
		case <-tick.C:
		case <-back: // meanwhile pieces may have been lost
			return
		case <-c.over:
			return
		case <-c.log.ctx.Done():
			return
		}
		if c.isGone() {
			return
		}
		c.say(0)
	}
}

// isGone is asked every aliveEvery, and reports whether the other end was not heard for too
// long. It counts how often instead of looking at a clock: after a stop of this process,
// what the other end has said meanwhile is still to be heard.
func (c *peerConn) isGone() bool { return c.silent.Add(1) > maxSilent }

// finish ends the connection: the user comes to the end of what was received.
func (c *peerConn) finish() {
	c.end.Do(func() {
		close(c.over)
		c.inner.Close()
		for _, sub := range c.subs {
			sub.Unsubscribe()
		}
	})
}

// Close ends the connection. What was written before is sent.
func (c *peerConn) Close() error {
	err := c.Conn.Close()
	c.finish()
	return err
}

// Dial connects to another workbench that listens, by its name. The error is of a
// connection that cannot be had, or ctx's.
func (l *Log) Dial(ctx context.Context, gateway string) (net.Conn, error) {
	if !ValidName(gateway) {
		return nil, fmt.Errorf("workbench %q: no such name", gateway)
	}
	c, err := l.newConn()
	if err != nil {
		return nil, err
	}
	own, _ := json.Marshal(c.own)
	asked, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	answer, err := l.nc.RequestWithContext(asked, l.dialSubject(gateway), own)
	var other ends
	if err == nil {
		err = json.Unmarshal(answer.Data, &other)
	}
	if err == nil && other.Pieces == "" {
		err = errors.New("it takes no more connections")
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to workbench %s: %w", gateway, err)
	}
	c.begin(other)
	return c, nil
}

// peerListener accepts connections of other workbenches.
type peerListener struct {
	log   *Log
	sub   *nats.Subscription
	conns chan *peerConn
	done  chan struct{}
	close sync.Once
}

// Listen returns a listener for connections of other workbenches.
func (l *Log) Listen() (net.Listener, error) {
	p := &peerListener{log: l, conns: make(chan *peerConn, maxDials), done: make(chan struct{})}
	var err error
	p.sub, err = l.nc.Subscribe(l.dialSubject(l.c.Gateway), p.answer)
	return p, err
}

// answer accepts who dials, or refuses.
func (p *peerListener) answer(m *nats.Msg) {
	var other ends
	if json.Unmarshal(m.Data, &other) != nil || other.Pieces == "" || other.Alive == "" || len(p.conns) == maxDials {
		m.Respond([]byte("{}"))
		return
	}
	c, err := p.log.newConn()
	if err != nil {
		m.Respond([]byte("{}"))
		return
	}
	own, _ := json.Marshal(c.own)
	m.Respond(own)
	c.begin(other)
	p.conns <- c // there is room: only answer sends
}

// Accept implements [net.Listener].
func (p *peerListener) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-p.log.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *peerListener) Close() error {
	p.close.Do(func() { close(p.done) })
	return p.sub.Unsubscribe()
}

// Addr implements [net.Listener].
func (p *peerListener) Addr() net.Addr { return peerAddr(p.log.c.Gateway) }
