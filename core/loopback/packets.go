package loopback

import "net"

// Packets returns a socket for datagrams at HOST:PORT, an address of this machine alone,
// as [Parse] reads it. It is on that address and no other: an answer has to come from
// where the question went. Its errors are an *[Error].
func Packets(address string) (*net.UDPConn, error) {
	addr, err := Parse(address)
	if err != nil {
		return nil, err
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, &Error{addr.String(), addr, reasonOf(err), err}
	}
	return c, nil
}
