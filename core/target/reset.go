package target

// Reset closes the connection such that the target sees a reset (RST), and no end of the
// stream.
func (c *Conn) Reset() {
	c.tcp.SetLinger(0)
	c.tcp.Close()
}
