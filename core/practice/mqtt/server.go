package mqtt

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
)

// Server serves connections to a broker.
type Server struct {
	Broker *Broker
	Seed   string // the student's, see [Student]
}

// maxOut is how many bytes wait to be written to a client before its next packet is read.
const maxOut = 16 << 10

// client is one connection. Its reader handles packets, and its writer sends what is in out,
// and then the messages that wait in the session.
type client struct {
	broker *Broker
	conn   *practice.Conn
	seed   string

	version  byte
	problems bool          // reason strings are wanted with everything
	deadline time.Duration // in which a packet must come
	inflight int           // messages that it takes before it acknowledges one
	largest  int           // bytes of a packet that it takes

	changed sync.Cond // of what follows, which is the broker's to lock
	session *session  // nil: there was no CONNECT yet, or it is over
	will    *message
	out     []byte
	again   []*delivery // to be sent once more, since the last connection broke off
	closing bool        // nothing more is sent than what is in out
}

// Converse serves one connection until DISCONNECT, the client's end of stream, a time that
// is over, or the end of ctx, and closes it.
func (s *Server) Converse(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c := &client{broker: s.Broker, conn: practice.NewConn(conn), seed: s.Seed, deadline: practice.IdleLimit}
	c.changed.L = &c.broker.mu
	var writer sync.WaitGroup
	writer.Go(c.write)
	err := c.read()
	c.leave(err)
	writer.Wait()
	var bad *wrong
	if errors.As(err, &bad) || errors.Is(err, errGone) {
		practice.Linger(c.conn)
	}
	if ctx.Err() != nil {
		return nil // the server itself closed it
	}
	return err
}

// errGone is why the reader of a connection ends that is over without its doing.
var errGone = errors.New("the server has ended the connection")

// read reads packets until one is the last. The error is a *wrong that the client is told.
func (c *client) read() error {
	r := bufio.NewReader(c.conn)
	body := func(b []byte) error { _, err := io.ReadFull(r, b); return err }
	for {
		if !c.wait() {
			return errGone
		}
		p, err := readPacket(r, body)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if !c.wait() {
				return errGone
			}
			return wrongf(codeKeepAlive, "no packet came in %v, one and a half times the keep alive: send PINGREQ in time [MQTT-3.1.2-22]", c.deadline)
		} else if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		last, err := c.take(p)
		if last || err != nil {
			return err
		}
	}
}

// wait has the next packet be waited for, and reports whether it is to be.
func (c *client) wait() bool {
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	if !c.closing {
		c.conn.SetReadDeadline(time.Now().Add(c.deadline))
	}
	return !c.closing
}

// take handles a packet, once the client has read the answers to those before. It reports
// whether it was the last.
func (c *client) take(p packet) (last bool, err error) {
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	defer c.changed.Broadcast()
	for len(c.out) >= maxOut && !c.closing {
		c.changed.Wait()
	}
	if c.closing {
		return true, errGone
	}
	var bad *wrong
	if c.session == nil {
		bad = c.connect(p, time.Now())
	} else {
		last, bad = c.handle(p, time.Now())
	}
	if bad != nil {
		return true, bad
	}
	return last, nil
}

// write writes to the client until the connection is over.
func (c *client) write() {
	for {
		data := c.next()
		if data == nil {
			return
		}
		if _, err := c.conn.Write(data); err != nil {
			c.broker.mu.Lock()
			c.closing, c.out = true, nil
			c.changed.Broadcast()
			c.broker.mu.Unlock()
			c.conn.Close() // its reader may wait
			return
		}
	}
}

// next waits for what is to be written; nil: nothing will be.
func (c *client) next() (data []byte) {
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	for {
		if !c.closing {
			c.fill(time.Now())
		}
		switch {
		case len(c.out) > 0:
			data, c.out = c.out, nil
			c.changed.Broadcast() // the reader may wait for it
			return data
		case c.closing:
			c.conn.SetReadDeadline(time.Unix(1, 0)) // its reader waits, if another client has its session
			return nil
		}
		c.changed.Wait()
	}
}

// fill adds messages to what is to be written, the ones that are sent again first.
func (c *client) fill(now time.Time) {
	if c.session == nil {
		return
	}
	for len(c.out) < maxOut {
		if len(c.again) > 0 {
			d := c.again[0]
			c.again = c.again[1:]
			if d.received {
				c.acknowledge(kindPubrel, d.id, 0, "")
			} else {
				c.deliver(d, true, now)
			}
			continue
		}
		d := c.session.next(c.inflight, now)
		if d == nil {
			return
		}
		c.deliver(d, false, now)
	}
}

// deliver adds a message to what is to be written, unless it is larger than what the client
// takes [MQTT-3.1.2-24].
func (c *client) deliver(d *delivery, again bool, now time.Time) {
	before := len(c.out)
	if c.out = appendPublish(c.out, c.version, d, again, now); len(c.out)-before <= c.largest {
		return
	}
	c.out = c.out[:before]
	c.session.done(d.id)
}

// leave ends a connection, of which err says what was wrong with it. The will is published
// unless the client has said DISCONNECT, and the session is kept if it is to be.
func (c *client) leave(err error) {
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	var bad *wrong
	if errors.As(err, &bad) {
		c.dismiss(bad)
	}
	c.part(time.Now())
	c.closing = true
	c.changed.Broadcast()
}

// dismiss tells a client of MQTT 5 why its connection ends.
func (c *client) dismiss(why *wrong) {
	if c.session != nil && c.version == 5 && !c.closing {
		c.send(kindDisconnect, 0, appendReason([]byte{why.code}, why.words), []byte{why.code})
	}
	c.closing = true
	c.changed.Broadcast()
}

// part takes a client from its session.
func (c *client) part(now time.Time) {
	s := c.session
	if s == nil {
		return
	}
	c.session, s.client, s.left = nil, nil, now
	c.broker.connected--
	if c.will != nil {
		c.broker.publish(c.will, s, now)
	}
	c.broker.sweep(now)
}

// send adds a packet to what is to be written: the short one if the client does not take the
// other.
func (c *client) send(kind, flags byte, body, short []byte) {
	if len(body)+3 > c.largest {
		body = short
	}
	c.out = appendPacket(c.out, kind, flags, body)
}

// acknowledge adds a packet with an identifier. Only those of MQTT 5 have codes and words.
func (c *client) acknowledge(kind byte, id uint16, code byte, words string) {
	flags := byte(0)
	if kind == kindPubrel {
		flags = 2
	}
	body := []byte{byte(id >> 8), byte(id)}
	switch {
	case c.version != 5 || code == 0:
		c.send(kind, flags, body, body)
	case words == "" || !c.problems:
		c.send(kind, flags, append(body, code), body)
	default:
		c.send(kind, flags, appendReason(append(body, code), words), append(body, code))
	}
}
