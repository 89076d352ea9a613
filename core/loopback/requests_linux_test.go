package loopback

import (
	"io"
	"net"
	"net/netip"
	"testing"
)

// A connection whose client says nothing is accepted later than one whose client speaks,
// though it was there first.
func TestForRequests(t *testing.T) {
	l, err := Listen(netip.AddrPortFrom(ipv4, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ForRequests(l)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	silent := dial()
	speaks := dial()
	io.WriteString(speaks, "GET")
	for _, client := range []net.Conn{speaks, silent} {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := conn.RemoteAddr().String(); got != client.LocalAddr().String() {
			t.Errorf("accepted %s, want %s", got, client.LocalAddr())
		}
	}
}
