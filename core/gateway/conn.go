package gateway

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/patient"
)

const (
	handshakeLimit = 10 * time.Second // for the first message
	pingEvery      = 30 * time.Second
	deadAfter      = 60 * time.Second // without a byte from the client
	closeLimit     = 5 * time.Second  // for the client's answer to our close

	holdAtMost = 128 << 10 // bytes that wait to leave together
)

// clientConn is the connection below the WebSocket. It lets several frames
// leave in one write, since a system call costs more than a short message; it
// gives a client that sends nothing a limited time; and its writes are patient.
type clientConn struct {
	*patient.Conn

	mu      sync.Mutex
	holding bool
	held    *[]byte // lent while something waits

	// A write may block for long; reading must not wait for its lock.
	reading sync.Mutex
	limit   time.Time // when reading must be over; zero: deadAfter the last byte
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

func (c *clientConn) Read(p []byte) (int, error) {
	c.reading.Lock()
	limit := c.limit
	if limit.IsZero() {
		limit = time.Now().Add(deadAfter)
	}
	c.Conn.SetReadDeadline(limit)
	c.reading.Unlock()
	return c.Conn.Read(p)
}

// endReading sets when reading must be over, for a Read that is under way too;
// zero goes back to deadAfter.
func (c *clientConn) endReading(at time.Time) {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.limit = at
	if !at.IsZero() {
		c.Conn.SetReadDeadline(at)
	}
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
	held, ok := conn.(*patient.Conn) // of Serve
	if !ok {
		held = patient.New(conn)
	}
	h.conn = &clientConn{Conn: held}
	return h.conn, rw, nil
}
