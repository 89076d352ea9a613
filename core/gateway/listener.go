package gateway

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/stall"
)

// stallListener accepts connections as stall.Conn: an answer goes on while its
// reader takes some of it, and fails after stall.Limit in which the reader took
// nothing.
type stallListener struct {
	net.Listener
	lack *lack
}

func (l stallListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		l.lack.tell(err)
		return nil, err
	}
	return stall.New(conn), nil
}

// underTLSListener accepts what a stallListener does, for TLS upon it.
type underTLSListener struct{ net.Listener }

func (l underTLSListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &underTLS{Conn: conn.(*stall.Conn)}, nil
}

// underTLS is a connection with TLS upon it. Its writes are bounded by progress, as
// those of its stall.Conn, except while they have a deadline: the handshake has one,
// and so has the alert that TLS ends with, for which nobody should wait as long as for
// an answer.
type underTLS struct {
	*stall.Conn
	deadline atomic.Pointer[time.Time] // of writes; nil: none
}

func (c *underTLS) Write(p []byte) (int, error) {
	deadline := c.deadline.Load()
	if deadline == nil {
		return c.Conn.Write(p)
	}
	below := c.NetConn()
	below.SetWriteDeadline(*deadline)
	return below.Write(p)
}

func (c *underTLS) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.deadline.Store(nil)
		return nil
	}
	c.deadline.Store(&t)
	return nil
}

func (c *underTLS) SetDeadline(t time.Time) error {
	c.SetWriteDeadline(t)
	return c.SetReadDeadline(t)
}

// connContext keeps whose a connection is. A proxy's says nothing of who asks.
func (g *Gateway) connContext(ctx context.Context, c net.Conn) context.Context {
	if g.Proxies != nil {
		return ctx
	}
	return access.WithConn(ctx, c)
}
