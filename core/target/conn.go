package target

import "net"

// Conn is a connection to a target, plain or TLS.
type Conn struct {
	net.Conn
	tcp     *net.TCPConn // below
	below   net.Conn     // what Dialer.Below made of tcp
	outcome *Outcome     // nil: plain
}

// CloseWrite half-closes the connection: it sends a FIN, after a close_notify if
// the connection is TLS (RFC 8446, 6.1). Nothing may be written after it.
func (c *Conn) CloseWrite() error {
	if secure, ok := c.Conn.(*tlsConn); ok {
		if err := secure.CloseWrite(); err != nil {
			return err
		}
	}
	return c.tcp.CloseWrite()
}

// Ready reports that a Write of little would not block, if what [Dialer.Below] has
// made of the connection can tell by a method of that name.
func (c *Conn) Ready() bool {
	below, ok := c.below.(interface{ Ready() bool })
	return ok && below.Ready()
}

// Resolved returns the address that was reached, as ip:port.
func (c *Conn) Resolved() string { return c.tcp.RemoteAddr().String() }

// TLS returns the outcome of the TLS handshake, or nil on a plain connection.
func (c *Conn) TLS() *Outcome { return c.outcome }

// Secured returns TLS in words, on one line; "" on a plain connection.
func (c *Conn) Secured() string {
	if c.outcome == nil {
		return ""
	}
	return c.outcome.String()
}
