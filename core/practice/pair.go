package practice

import (
	"net"
	"net/netip"
)

// Pair returns the two ends of a TCP connection within this process, so that a client and
// a server here have all that such a connection has: half-closes, resets, back-pressure.
func Pair() (client, server *net.TCPConn, err error) {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)))
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	client, err = net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		return nil, nil, err
	}
	for { // another program may have connected first
		server, err = l.AcceptTCP()
		switch {
		case err != nil:
			client.Close()
			return nil, nil, err
		case server.RemoteAddr().String() == client.LocalAddr().String():
			return client, server, nil
		}
		server.Close()
	}
}
