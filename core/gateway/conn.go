package gateway

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/stall"
)

const (
	handshakeLimit = 10 * time.Second // for the first message
	pingEvery      = 20 * time.Second // while the client sends nothing
	silences       = 3                // of pingEvery each: then the client is gone
	closeLimit     = 5 * time.Second  // for the client's answer to our close

	holdAtMost = 128 << 10 // bytes that wait to leave together
)

// clientConn is the connection below the WebSocket. It lets several frames
// leave in one write, since a system call costs more than a short message; it
// gives a client that sends nothing a limited time; and its writes are patient.
type clientConn struct {
	*stall.Conn

	mu      sync.Mutex
	holding bool
	held    *[]byte // lent while something waits

	// A write may block for long; reading must not wait for its lock.
	reading sync.Mutex
	limit   *limit.Timer // until reading must be over; nil: the client is asked for a sign of life
	over    bool         // the limit has passed
	ask     func()       // pings the client; it does not wait
}

// holds are lent while frames wait to leave together.
var holds = sync.Pool{New: func() any { b := make([]byte, 0, holdAtMost); return &b }}

// hold makes what is written from now on wait.
func (c *clientConn) hold() {
	c.mu.Lock()
	c.holding = true
	c.mu.Unlock()
}

// release lets all that waits leave.
func (c *clientConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	return c.flush(nil)
}

func (c *clientConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding {
		if c.held == nil {
			c.held = holds.Get().(*[]byte)
		}
		if len(*c.held)+len(p) <= holdAtMost {
			*c.held = append(*c.held, p...)
			return len(p), nil
		}
	}
	if err := c.flush(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes what is held, and p behind it.
func (c *clientConn) flush(p []byte) error {
	var err error
	switch {
	case c.held != nil && len(p) > 0:
		_, err = c.WriteAll(net.Buffers{*c.held, p})
	case c.held != nil:
		_, err = c.Conn.Write(*c.held)
	case len(p) > 0:
		_, err = c.Conn.Write(p)
	}
	if c.held != nil {
		*c.held = (*c.held)[:0]
		holds.Put(c.held)
		c.held = nil
	}
	return err
}

// Read reads what the client sends. One that sends nothing is pinged, and given
// up, with a time-out, when that brings no byte either and it takes none of what
// it is sent: the pings may be far behind in that. A stop of this process uses up
// the wait for one ping, and what came meanwhile is there to be read.
func (c *clientConn) Read(p []byte) (int, error) {
	var taken int64
	for silent := 1; ; silent++ {
		c.setDeadline()
		n, err := c.Conn.Read(p)
		if !isTimeout(err) || c.limited() {
			return n, err
		}
		now := c.Taken()
		if silent > 1 && now > taken {
			silent = 1
		}
		taken = now
		if silent == silences {
			return n, err
		}
		c.ask()
	}
}

func (c *clientConn) setDeadline() {
	c.reading.Lock()
	defer c.reading.Unlock()
	switch {
	case c.over:
		c.Conn.SetReadDeadline(past)
	case c.limit != nil:
		c.Conn.SetReadDeadline(time.Time{})
	default:
		c.Conn.SetReadDeadline(time.Now().Add(pingEvery))
	}
}

func (c *clientConn) limited() bool {
	c.reading.Lock()
	defer c.reading.Unlock()
	return c.limit != nil
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// endReading has reading be over after so long, a Read that is under way too.
func (c *clientConn) endReading(after time.Duration) {
	c.readOn()
	c.reading.Lock()
	defer c.reading.Unlock()
	c.Conn.SetReadDeadline(time.Time{})
	var t *limit.Timer
	t = limit.AfterFunc(after, func() {
		c.reading.Lock()
		defer c.reading.Unlock()
		if c.limit == t { // not lifted meanwhile
			c.over = true
			c.Conn.SetReadDeadline(past)
		}
	})
	c.limit = t
}

// readOn lifts the limit of endReading.
func (c *clientConn) readOn() {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.limit != nil {
		c.limit.Stop()
	}
	c.limit, c.over = nil, false
}

// SetReadDeadline does nothing: the limits are this connection's own.
func (c *clientConn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline does nothing, for the same reason.
func (c *clientConn) SetDeadline(time.Time) error { return nil }

// hijacker hands the WebSocket library a clientConn.
type hijacker struct {
	http.ResponseWriter
	conn *clientConn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn.SetDeadline(time.Time{})
	held, ok := conn.(*stall.Conn) // of Serve
	if !ok {
		held = stall.New(conn)
	}
	h.conn = &clientConn{Conn: held}
	return h.conn, rw, nil
}
