package mqtt

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// stopped is a connection whose process is stopped for an hour when it begins to read for
// the nth time.
type stopped struct {
	net.Conn
	nth int
}

func (s *stopped) Read(b []byte) (int, error) {
	if s.nth--; s.nth == 0 {
		time.Sleep(time.Hour)
	}
	return s.Conn.Read(b)
}

// slow is a connection that is read a byte at a time, with a pause before each.
type slow struct{ net.Conn }

func (s slow) Read(b []byte) (int, error) {
	time.Sleep(20 * time.Second)
	return s.Conn.Read(b[:min(len(b), 1)])
}

// A client that pings keeps its connection although this process is stopped for longer than
// its keep alive.
func TestKeepAliveAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		k := joinBy(t, &Server{Broker: New()}, "5", near, &stopped{far, 2})
		near.SetDeadline(time.Time{})
		k.says("CONNECT ada - - yes 10", "CONNACK 0x00…")
		k.says("PING", "PINGRESP")
	})
}

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		k := joinBy(t, &Server{Broker: New()}, "3.1.1", slow{near}, far)
		near.SetDeadline(time.Time{})
		k.says("CONNECT ada - - yes 600", "CONNACK 0x00…")
	})
}
