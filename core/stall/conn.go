package stall

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// Limit is how long a peer may read nothing of what is written to it.
const Limit = 30 * time.Second

// looks is how often a blocked write looks for progress within Limit. Looks are
// counted instead of time: after a stop of this whole process, or of the
// machine, the peer still has its Limit.
const looks = 30

// Conn is a connection whose writes fail, with os.ErrDeadlineExceeded, only
// after the peer has read no byte for Limit. It belongs below TLS and WebSocket,
// which do not survive a write that times out half-way.
type Conn struct {
	net.Conn
	raw     syscall.RawConn // nil: no socket
	written atomic.Int64    // bytes, into the buffers
}

// New returns a Conn on conn, whose write deadlines belong to the Conn from then
// on.
func New(conn net.Conn) *Conn {
	c := &Conn{Conn: conn}
	if socket, ok := conn.(syscall.Conn); ok {
		c.raw, _ = socket.SyscallConn()
	}
	return c
}

// NetConn returns the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Ready reports that a Write of at most [Small] bytes does not have to wait: so
// little waits to be sent that the socket's smallest buffer holds both. It is false
// where this system cannot tell.
func (c *Conn) Ready() bool {
	waiting, known := c.unsent()
	return known && waiting <= Small
}

// Small is for Ready: half of the room that a socket has on the systems that tell
// how much of it is used (on Linux, the second number of tcp_wmem).
const Small = 8 << 10

// Write writes all of p.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.WriteAll(net.Buffers{p})
	return int(n), err
}

// WriteAll writes all buffers, in one system call if there is room for them.
func (c *Conn) WriteAll(buffers net.Buffers) (total int64, err error) {
	for idle, left := 0, 0; ; {
		c.Conn.SetWriteDeadline(time.Now().Add(Limit / looks))
		n, err := buffers.WriteTo(c.Conn)
		total += n
		c.written.Add(n)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return total, err
		}
		now := c.left()
		if idle++; n > 0 || now < left {
			idle = 0
		}
		if left = now; idle == looks {
			return total, err
		}
	}
}

// Taken returns how many of the bytes written so far the peer has read, as far
// as that can be known. A peer that reads on is alive although it sends nothing:
// a ping for it may still wait behind a lot of data.
func (c *Conn) Taken() int64 { return c.written.Load() - int64(c.left()) }

// left returns how many of the bytes written the peer has not read, as far as
// this system can tell; 0 where it cannot.
func (c *Conn) left() int {
	queued := c.Unsent()
	if queued == 0 {
		return 0
	}
	local, ok := c.LocalAddr().(*net.TCPAddr)
	remote, tcp := c.RemoteAddr().(*net.TCPAddr)
	if !ok || !tcp {
		return queued
	}
	return queued + unread(remote.AddrPort(), local.AddrPort())
}

// Unsent returns how many of the bytes written the peer's system has not
// acknowledged; 0 where this system cannot tell.
func (c *Conn) Unsent() int {
	n, _ := c.unsent()
	return n
}

func (c *Conn) unsent() (n int, known bool) {
	if c.raw != nil {
		c.raw.Control(func(fd uintptr) { n, known = unsent(fd) })
	}
	return n, known
}

// SetWriteDeadline does nothing: Conn sets its own write deadlines.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite sends FIN.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
