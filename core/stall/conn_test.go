package stall

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Write waits for a peer that reads a byte now and then, and fails for one that
// has read nothing for Limit, however much it read before.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		const pause = Limit - time.Second
		go func() {
			for range 5 {
				time.Sleep(pause)
				far.Read(make([]byte, 1))
			}
		}()
		start := time.Now()
		n, err := New(near).Write([]byte("0123456789"))
		idle := time.Since(start) - 5*pause
		if n != 5 || !errors.Is(err, os.ErrDeadlineExceeded) || idle < Limit-time.Second || idle > Limit+time.Second {
			t.Errorf("wrote %d bytes, %v, %v after the last was read", n, err, idle)
		}
	})
}

// What a program on this machine reads counts as progress, even while its system
// announces no room for more.
func TestSlowReaderOnThisMachine(t *testing.T) {
	if unread := canLookInto(t); !unread {
		t.Skip("this system does not show what a peer has not read")
	}
	for _, network := range []string{"tcp4", "tcp6"} {
		t.Run(network, func(t *testing.T) {
			near, far := pair(t, network)
			fill(t, near)
			c := New(near)
			queued, left := c.Unsent(), c.left()
			if queued == 0 || left <= queued {
				t.Fatalf("on a full connection: Unsent = %d, left = %d; want 0 < Unsent < left", queued, left)
			}
			const taken = 1000
			if _, err := far.Read(make([]byte, taken)); err != nil {
				t.Fatal(err)
			}
			if now := c.left(); now != left-taken {
				t.Errorf("left after the peer read %d bytes: was %d, is %d", taken, left, now)
			}
		})
	}
}

// canLookInto reports whether this system has sock_diag(7) for TCP, which some
// containers deny.
func canLookInto(t *testing.T) bool {
	near, far := pair(t, "tcp4")
	if _, err := near.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	waiting := far.LocalAddr().(*net.TCPAddr).AddrPort()
	return unread(waiting, near.LocalAddr().(*net.TCPAddr).AddrPort()) == 1
}

func pair(t *testing.T, network string) (near, far net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "tcp6" {
		address = "[::1]:0"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		if network == "tcp6" {
			t.Skip("no IPv6 here")
		}
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

// fill writes until the connection takes no more.
func fill(t *testing.T, conn net.Conn) {
	t.Helper()
	for block := make([]byte, 64<<10); ; {
		conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := conn.Write(block)
		if errors.Is(err, os.ErrDeadlineExceeded) && n == 0 {
			return
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
}
