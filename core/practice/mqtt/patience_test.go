package mqtt

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/practice/practicetest"
)

// A client that pings keeps its connection although this process is stopped for longer than
// its keep alive.
func TestKeepAliveAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		k := joinBy(t, &Server{Broker: New()}, "5", near, practicetest.Stopped(far, 2))
		near.SetDeadline(time.Time{})
		k.says("CONNECT ada - - yes 10", "CONNACK 0x00…")
		k.says("PING", "PINGRESP")
	})
}

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		k := joinBy(t, &Server{Broker: New()}, "3.1.1", practicetest.Slow(near), far)
		near.SetDeadline(time.Time{})
		k.says("CONNECT ada - - yes 600", "CONNACK 0x00…")
	})
}
