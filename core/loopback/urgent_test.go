//go:build unix

package loopback

import (
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
)

// Urgent data stands in its place in the stream, on both addresses, also where
// all of it has come before anybody accepts.
func TestUrgentDataIsInTheStream(t *testing.T) {
	for _, ip := range []netip.Addr{ipv4, ipv6} {
		if ip == ipv6 && !hasIPv6() {
			continue
		}
		l, err := listenAll([]netip.Addr{ip}, 0) // joined listeners would accept at once
		if err != nil {
			t.Fatal(err)
		}
		defer l[0].Close()
		c, dialErr := net.Dial("tcp", l[0].Addr().String())
		if dialErr != nil {
			t.Fatal(dialErr)
		}
		defer c.Close()
		io.WriteString(c, "before ")
		raw, rawErr := c.(*net.TCPConn).SyscallConn()
		if rawErr != nil {
			t.Fatal(rawErr)
		}
		raw.Control(func(fd uintptr) { rawErr = syscall.Sendto(int(fd), []byte("urgent!"), syscall.MSG_OOB, nil) })
		if rawErr != nil {
			t.Fatal(rawErr)
		}
		io.WriteString(c, " after")
		c.Close() // on loopback what was sent has come by now
		got, acceptErr := l[0].Accept()
		if acceptErr != nil {
			t.Fatal(acceptErr)
		}
		defer got.Close()
		if all, err := io.ReadAll(got); string(all) != "before urgent! after" || err != nil {
			t.Errorf("on %s: %q, %v", ip, all, err)
		}
	}
}
