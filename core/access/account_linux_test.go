package access

import (
	"errors"
	"net"
	"os"
	"testing"
)

// The system tells whose a connection is, by IPv4 and IPv6, while a process has
// its other end; and a listener at the same port is not taken for it.
func TestAccountOf(t *testing.T) {
	if !tellsAccounts() {
		t.Fatal("Linux does not tell whose a connection is: is tcp_diag missing?")
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		if uid, err := accountOf(far.RemoteAddr(), far.LocalAddr()); err != nil || uid != os.Getuid() {
			t.Errorf("%s: %d, %v", address, uid, err)
		}
		near.(*net.TCPConn).CloseWrite()
		if uid, err := accountOf(far.RemoteAddr(), far.LocalAddr()); err != nil || uid != os.Getuid() {
			t.Errorf("%s, half closed: %d, %v", address, uid, err)
		}
		near.Close()
		if uid, err := accountOf(far.RemoteAddr(), far.LocalAddr()); err == nil {
			t.Errorf("%s: a socket that nobody has belongs to %d", address, uid)
		}
		if uid, err := accountOf(l.Addr(), &net.TCPAddr{IP: l.Addr().(*net.TCPAddr).IP, Port: 1}); !errors.Is(err, errNoAccount) {
			t.Errorf("%s: the listener is taken for a connection of %d: %v", address, uid, err)
		}
	}
}
