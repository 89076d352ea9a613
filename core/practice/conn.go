package practice

import (
	"errors"
	"net"
	"time"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/stall"
)

// Conn is a client's connection as a server wants one. A write goes on while the client
// takes some of it, however slowly, and fails after [StallLimit] in which it took nothing.
// The deadline of reads is one that a stop of this process does not use up; that of
// writes does nothing. It belongs below TLS.
type Conn struct {
	*stall.Conn
	in *limit.Reader
}

// NewConn returns a Conn on conn.
func NewConn(conn net.Conn) *Conn { return &Conn{stall.New(conn), limit.NewReader(conn)} }

// Read implements [net.Conn].
func (c *Conn) Read(b []byte) (int, error) { return c.in.Read(b) }

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { return c.in.SetReadDeadline(t) }

// SetDeadline sets the deadline of reads.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// CloseWrite ends the stream to the client. The error is errors.ErrUnsupported if the
// connection has no half-close.
func (c *Conn) CloseWrite() error {
	if half, ok := c.NetConn().(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger sets what Close does, for TCP.
func (c *Conn) SetLinger(seconds int) error {
	if tcp, ok := c.NetConn().(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(seconds)
	}
	return errors.ErrUnsupported
}
