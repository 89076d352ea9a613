package gateway

import (
	"bufio"
	"crypto/tls"
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
	silences       = 3                // of pingEvery each, after which the client is gone
	closeLimit     = 5 * time.Second  // for the client's answer to a close

	corkAtMost = 128 << 10 // bytes that wait to be written together
)

// clientConn is the connection beneath the WebSocket. It can write several
// frames at once, since a system call costs more than a short message. It ends a
// client that stays silent, and one that stops reading.
type clientConn struct {
	*stall.Conn
	tls *tls.Conn // upon it; nil: none

	mu     sync.Mutex
	corked bool
	buffer *[]byte // of the frames that wait; borrowed while there are some

	// A write may block for long; reading must not wait for its lock.
	reading sync.Mutex
	limit   *limit.Timer // after which reading ends; nil: the client is asked for a sign of life
	over    bool         // the limit has passed
	ask     func()       // pings the client; it does not wait
}

// corks are the buffers in which frames wait to be written together.
var corks = sync.Pool{New: func() any { b := make([]byte, 0, corkAtMost); return &b }}

// cork makes writes wait until uncork.
func (c *clientConn) cork() {
	c.mu.Lock()
	c.corked = true
	c.mu.Unlock()
}

// uncork writes everything that waits.
func (c *clientConn) uncork() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	return c.flush(nil)
}

// Ready reports that little can be written without waiting.
func (c *clientConn) Ready() bool {
	if !c.mu.TryLock() { // a ping is written
		return false
	}
	defer c.mu.Unlock()
	return c.Conn.Ready()
}

func (c *clientConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.corked {
		if c.buffer == nil {
			c.buffer = corks.Get().(*[]byte)
		}
		if len(*c.buffer)+len(p) <= corkAtMost {
			*c.buffer = append(*c.buffer, p...)
			return len(p), nil
		}
	}
	if err := c.flush(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes what waits, followed by p.
func (c *clientConn) flush(p []byte) error {
	var err error
	switch {
	case c.tls != nil:
		err = c.encrypt(p)
	case c.buffer != nil && len(p) > 0:
		_, err = c.WriteAll(net.Buffers{*c.buffer, p})
	case c.buffer != nil:
		_, err = c.Conn.Write(*c.buffer)
	case len(p) > 0:
		_, err = c.Conn.Write(p)
	}
	if c.buffer != nil {
		*c.buffer = (*c.buffer)[:0]
		corks.Put(c.buffer)
		c.buffer = nil
	}
	return err
}

// encrypt writes what waits, followed by p, through TLS.
func (c *clientConn) encrypt(p []byte) error {
	if c.buffer != nil {
		if _, err := c.tls.Write(*c.buffer); err != nil {
			return err
		}
	}
	_, err := c.tls.Write(p)
	return err
}

func (c *clientConn) read(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.Read(p) // goes on after a time-out
	}
	return c.Conn.Read(p)
}

// Close closes the connection, and TLS before it.
func (c *clientConn) Close() error {
	if c.tls != nil {
		return c.tls.Close()
	}
	return c.Conn.Close()
}

// Read reads what the client sends. A silent client is pinged. Read gives it up,
// with a time-out, if it sends nothing in answer and reads nothing of what it is
// sent, since the pings may wait behind a lot of data. A stop of this process
// uses up the wait for one ping, and what came meanwhile is there to be read.
func (c *clientConn) Read(p []byte) (int, error) {
	var taken int64
	for silent := 1; ; silent++ {
		c.setDeadline()
		n, err := c.read(p)
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

// past is a deadline in the past.
var past = time.Unix(1, 0)

// endReading ends reading after that time, including a Read in progress.
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

// readOn removes the limit of endReading.
func (c *clientConn) readOn() {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.limit != nil {
		c.limit.Stop()
	}
	c.limit, c.over = nil, false
}

// SetReadDeadline does nothing: clientConn sets its own limits.
func (c *clientConn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline does nothing, for the same reason.
func (c *clientConn) SetDeadline(time.Time) error { return nil }

// hijacker gives the WebSocket library a clientConn.
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
	h.conn = new(clientConn)
	if encrypted, ok := conn.(*tls.Conn); ok {
		h.conn.tls, conn = encrypted, encrypted.NetConn()
	}
	if below, ok := conn.(*underTLS); ok {
		conn = below.Conn
	}
	var ok bool
	if h.conn.Conn, ok = conn.(*stall.Conn); !ok { // not from Serve
		h.conn.Conn = stall.New(conn)
	}
	return h.conn, rw, nil
}
