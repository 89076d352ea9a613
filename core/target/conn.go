package target

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// Conn is a connection to a target, plain or TLS. Its target's bytes are taken by
// Receive or by Read, not by both.
type Conn struct {
	net.Conn
	receiving
	stream  Stream   // below
	packets *packets // of UDP: each read and write is a datagram
	below   net.Conn // what Dialer.Below made of stream
	outcome *Outcome // nil: plain
	upgrade upgrade
	served  string // of a connection that was accepted: how it is secured

	noUpgrade                    string // why StartTLS is not for this connection; "": it may be
	resolved, allowedBy, through string
}

// Stream is a connection that can end one of its directions.
type Stream interface {
	net.Conn
	CloseWrite() error
}

// receiving is what Receive needs from one call to the next.
type receiving struct {
	raw  syscall.RawConn // of a plain connection, where it can be waited for without a buffer
	lent *[]byte         // since the last call
	much bool            // the last call filled its buffer
}

// Buffers for Receive. Most of what a target sends at a time fits into a small one;
// one that sends much gets large ones, which cost fewer system calls.
var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}
)

// Receive returns what the target sends next, at most 128 KiB; it is valid until the
// next call. The error is io.EOF at the end of the stream. It is for one goroutine.
// On a plain connection no buffer is held while it waits.
//
// Of UDP it returns a datagram, perhaps an empty one. A *Mishap as the error then says
// that one did not arrive, and more may follow.
func (c *Conn) Receive() ([]byte, error) {
	c.giveBack()
	if c.packets != nil {
		return c.receivePacket()
	}
	n, err := c.receive()
	if n > 0 {
		c.much = n == len(*c.lent)
		return (*c.lent)[:n], nil
	}
	c.giveBack()
	if err == nil {
		err = io.EOF
	}
	return nil, err
}

func (c *Conn) receive() (n int, err error) {
	if c.raw == nil {
		return c.Conn.Read(c.lend())
	}
	closed := c.raw.Read(func(fd uintptr) (done bool) {
		n, err, done = readNow(fd, c.lend())
		if !done {
			c.giveBack()
		}
		return done
	})
	if closed != nil {
		return 0, closed
	}
	if err != nil {
		err = &net.OpError{Op: "read", Net: c.stream.RemoteAddr().Network(), Addr: c.stream.RemoteAddr(), Err: err}
	}
	return n, err
}

func (c *Conn) lend() []byte {
	if c.much {
		c.lent = largeBuffers.Get().(*[]byte)
	} else {
		c.lent = smallBuffers.Get().(*[]byte)
	}
	return *c.lent
}

func (c *Conn) giveBack() {
	switch {
	case c.lent == nil:
		return
	case len(*c.lent) > 4<<10:
		largeBuffers.Put(c.lent)
	default:
		smallBuffers.Put(c.lent)
	}
	c.lent = nil
}

// CloseWrite half-closes the connection: it sends a FIN, after a close_notify if
// the connection is TLS (RFC 8446, 6.1). Nothing may be written after it.
func (c *Conn) CloseWrite() error {
	if secure, ok := c.Conn.(*tlsConn); ok {
		if err := secure.CloseWrite(); err != nil {
			return err
		}
	}
	return c.stream.CloseWrite()
}

// Ready reports that a Write of little would not block, if what [Dialer.Below] has
// made of the connection can tell by a method of that name.
func (c *Conn) Ready() bool {
	below, ok := c.below.(interface{ Ready() bool })
	return ok && below.Ready()
}

// AllowedBy returns what let the address be dialled, as [Decision.By].
func (c *Conn) AllowedBy() string { return c.allowedBy }

// Resolved returns what was reached: of TCP, the address as ip:port; of others, the
// target without TLS.
func (c *Conn) Resolved() string { return c.resolved }

// Through says in words through what the target was reached, without what is
// secret; "": through nothing.
func (c *Conn) Through() string { return c.through }

// TLS returns the outcome of the TLS handshake, or nil on a plain connection.
func (c *Conn) TLS() *Outcome { return c.outcome }

// Secured returns TLS in words, on one line; "" on a plain connection.
func (c *Conn) Secured() string {
	if c.outcome == nil {
		return c.served
	}
	return c.outcome.String()
}
