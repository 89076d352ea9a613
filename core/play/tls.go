package play

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/stall"
)

// handshakeLimit is how long a client may take for the TLS handshake.
const handshakeLimit = 10 * time.Second

// secured is a client's connection over TLS, as a talk wants one. The patience
// is below TLS, which does not survive a write that timed out half-way.
type secured struct {
	*tls.Conn
	below *heard
	cut   atomic.Bool // Close is to be a reset
}

// heard knows whether the peer has said anything.
type heard struct {
	*stall.Conn
	first []byte // was read already
	any   bool
}

func (h *heard) Read(b []byte) (int, error) {
	if len(h.first) > 0 {
		n := copy(b, h.first)
		h.first, h.any = h.first[n:], true
		return n, nil
	}
	n, err := h.Conn.Read(b)
	h.any = h.any || n > 0
	return n, err
}

// secure returns the connection over TLS, after the handshake, of which the first bytes
// were read already. It returns without one, and probe, if the client left without a word.
func secure(ctx context.Context, conn net.Conn, first []byte, config *tls.Config) (c *secured, probe bool, err error) {
	below := &heard{Conn: stall.New(conn), first: first}
	c = &secured{Conn: tls.Server(below, config), below: below}
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	if err = c.HandshakeContext(ctx); errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("not done within %v", handshakeLimit)
	}
	return c, err != nil && !below.any, err
}

// CloseWrite ends our stream: a close_notify (RFC 8446, 6.1), then FIN.
func (c *secured) CloseWrite() error {
	if err := c.Conn.CloseWrite(); err != nil {
		return err
	}
	return c.below.CloseWrite()
}

// SetLinger sets what Close does, for TCP. With 0 that is a reset, and no
// close_notify says before it that all is well.
func (c *secured) SetLinger(seconds int) error {
	c.cut.Store(seconds == 0)
	if tcp, ok := c.below.Conn.Conn.(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}

func (c *secured) Close() error {
	if c.cut.Load() {
		return c.below.Close()
	}
	return c.Conn.Close()
}

// SyscallConn is of the connection below, where what was not sent can be seen.
func (c *secured) SyscallConn() (syscall.RawConn, error) {
	tcp, ok := c.below.Conn.Conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return tcp.SyscallConn()
}
