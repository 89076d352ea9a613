package loopback

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := Listen(netip.MustParseAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// hasIPv6 reports whether this machine has [::1].
func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

func TestBothAddressesAreOne(t *testing.T) {
	for _, asked := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(asked, func(t *testing.T) {
			if !hasIPv6() {
				asked = "127.0.0.1:0"
			}
			l := listen(t, asked)
			addr := netip.MustParseAddrPort(l.Addr().String())
			if addr.Addr() != netip.MustParseAddrPort(asked).Addr() || addr.Port() == 0 {
				t.Errorf("listens on %s", addr)
			}
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					io.WriteString(conn, conn.LocalAddr().String())
					conn.Close()
				}
			}()
			for _, ip := range []netip.Addr{ipv4, ipv6} {
				at := netip.AddrPortFrom(ip, addr.Port()).String()
				if ip == ipv6 && !hasIPv6() {
					continue
				}
				conn, err := net.Dial("tcp", at)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(conn); string(got) != at {
					t.Errorf("%s answered %q, %v", at, got, err)
				}
				conn.Close()
			}
		})
	}
}

func TestAnotherLoopbackAddressStandsAlone(t *testing.T) {
	l := listen(t, "127.0.0.2:0")
	port := netip.MustParseAddrPort(l.Addr().String()).Port()
	listen(t, netip.AddrPortFrom(ipv4, port).String())
}

// Whichever of the two addresses another program has, neither is taken.
func TestATakenPort(t *testing.T) {
	for _, other := range []netip.Addr{ipv4, ipv6} {
		if other == ipv6 && !hasIPv6() {
			continue
		}
		t.Run(other.String(), func(t *testing.T) {
			theirs, err := net.Listen("tcp", netip.AddrPortFrom(other, 0).String())
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			taken := netip.MustParseAddrPort(theirs.Addr().String())
			for _, asked := range []netip.Addr{ipv4, ipv6} {
				if asked == ipv6 && !hasIPv6() {
					continue
				}
				l, err := Listen(netip.AddrPortFrom(asked, taken.Port()))
				var why *Error
				if l != nil || !errors.As(err, &why) || why.Reason != Taken || why.Addr != taken {
					t.Errorf("asked for %s: %v, %v", asked, l, err)
				}
			}
			theirs.Close()
			listen(t, taken.String()).Close() // nothing of ours was left
		})
	}
}

func TestWhyNot(t *testing.T) {
	for address, want := range map[string]Reason{
		"0.0.0.0:0":      NotLoopback,
		"[::]:0":         NotLoopback,
		"192.0.2.1:0":    NotLoopback,
		"[2001:db8::]:0": NotLoopback,
	} {
		_, err := Listen(netip.MustParseAddrPort(address))
		var why *Error
		if !errors.As(err, &why) || why.Reason != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestParse(t *testing.T) {
	for address, want := range map[string]Reason{
		"127.0.0.1:0": Other, "localhost:1": Other, "LocalHost:1": Other, "[::1]:1": Other, "[::ffff:127.0.0.1]:1": Other,
		"4000": NoAddress, "::1:x": NoAddress, "127.0.0.1:x": NoPort, "127.0.0.1:65536": NoPort, "example.com:1": NoHost, ":1": NotLoopback, "0.0.0.0:1": NotLoopback,
	} {
		addr, err := Parse(address)
		var why *Error
		if errors.As(err, &why) != (want != Other) || why != nil && (why.Reason != want || why.Address != address) || why == nil && !addr.Addr().IsLoopback() {
			t.Errorf("%s: %v, %v", address, addr, err)
		}
	}
}

// What nobody named gives way to another program, and what was named does not.
func TestOpenBeside(t *testing.T) {
	other := listen(t, "127.0.0.1:0")
	usual := other.Addr().String()
	l, taken, err := Open("", usual)
	if err != nil || taken == nil || taken.Addr.String() != usual {
		t.Fatalf("%v, %v", taken, err)
	}
	l.Close()
	var why *Error
	if l, taken, err := Open(usual, "127.0.0.1:0"); l != nil || taken != nil || !errors.As(err, &why) || why.Reason != Taken {
		t.Errorf("%v, %v", taken, err)
	}
}

func TestCloseEndsAccept(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	conn, err := net.Dial("tcp", l.Addr().String()) // accepted by nobody
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ended := make(chan error)
	go func() {
		first, err := l.Accept()
		if err == nil {
			first.Close()
			_, err = l.Accept()
		}
		ended <- err
	}()
	io.ReadAll(conn)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A machine may lack the other address, though not the one that was asked for.
func TestAMissingAddress(t *testing.T) {
	nowhere := netip.MustParseAddr("192.0.2.1") // for documentation, RFC 5737
	listeners, err := listenAll([]netip.Addr{ipv4, nowhere}, 0)
	if err != nil || len(listeners) != 1 {
		t.Fatalf("%d listeners, %v", len(listeners), err)
	}
	listeners[0].Close()
	if listeners, err := listenAll([]netip.Addr{nowhere, ipv4}, 0); len(listeners) != 0 || err == nil || err.Reason != Missing || err.Addr.Addr() != nowhere {
		t.Errorf("%d listeners, %v", len(listeners), err)
	}
}
