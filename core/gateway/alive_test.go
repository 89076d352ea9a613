package gateway

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/stall"
)

// A silent client is pinged, and is gone after 60 s without a byte.
func TestKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		conn := &clientConn{Conn: stall.New(near)}
		asked := 0
		conn.ask = func() { asked++ }
		start := time.Now()
		go func() {
			time.Sleep(40*time.Second + 1)
			far.Write([]byte("x"))
		}()
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Errorf("a client that spoke after 40 s: %v", err)
		}
		_, err := conn.Read(make([]byte, 1))
		if took := time.Since(start); !isTimeout(err) || took != 100*time.Second+1 || asked != 2+2 {
			t.Errorf("a dead client: %v after %v and %d pings", err, took, asked)
		}
		near.Close()
		far.Close()
	})
}

// A client that reads is alive although it answers no ping: the ping waits behind
// other data.
func TestSlowClientIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		conn := &clientConn{Conn: stall.New(near), ask: func() {}}
		const reads, pause = 60, 10 * time.Second
		go conn.Conn.Write(make([]byte, 2*reads))
		go func() {
			for range reads {
				time.Sleep(pause)
				far.Read(make([]byte, 1))
			}
		}()
		start := time.Now()
		_, err := conn.Read(make([]byte, 1))
		if took := time.Since(start); !isTimeout(err) || took < reads*pause || took > reads*pause+(silences+1)*pingEvery {
			t.Errorf("%v after %v", err, took)
		}
		near.Close()
		far.Close()
	})
}

// endReading ends reading at that time, whatever arrives, and not before.
func TestEndReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer time.Sleep(time.Second) // the writer ends
		defer near.Close()
		conn := &clientConn{Conn: stall.New(near), ask: func() { t.Error("pinged") }}
		start := time.Now()
		conn.endReading(handshakeLimit)
		go func() {
			for err := error(nil); err == nil; time.Sleep(time.Second / 2) {
				_, err = far.Write([]byte("x"))
			}
		}()
		var err error
		for err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		if took := time.Since(start); !isTimeout(err) || took != handshakeLimit {
			t.Errorf("%v after %v", err, took)
		}
		conn.readOn()
		conn.endReading(0)
		time.Sleep(time.Nanosecond)
		if _, err := conn.Read(make([]byte, 1)); !isTimeout(err) {
			t.Errorf("%v", err)
		}
	})
}
