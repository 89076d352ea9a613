package target

import "net"

// Reset closes the connection such that the target sees a reset (RST), and no end of the
// stream, where it is one of TCP. Others have no resets, and are closed.
func (c *Conn) Reset() {
	if tcp, ok := c.stream.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.stream.Close()
}
