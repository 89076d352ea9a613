package gateway

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/patient"
)

// A client is gone after 60 s without a byte.
func TestKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		conn := &clientConn{Conn: patient.New(near)}
		start := time.Now()
		go func() {
			time.Sleep(40 * time.Second)
			far.Write([]byte("x"))
		}()
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Errorf("a client that spoke after 40 s: %v", err)
		}
		_, err := conn.Read(make([]byte, 1))
		if took := time.Since(start); !isTimeout(err) || took != 40*time.Second+deadAfter {
			t.Errorf("a dead client: %v after %v", err, took)
		}
		near.Close()
		far.Close()
	})
}
