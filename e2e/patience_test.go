//go:build linux

package e2e

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The workbench waits for a server that reads 1 KiB/s, even after it was fast and much
// waits for it in buffers; it gives up one that reads nothing for 30 s.
func TestSlowAndDeafServers(t *testing.T) {
	if !thorough() {
		t.Skip("this takes two minutes: make long")
	}
	const fast = 5 << 20
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		over := make(chan struct{})
		defer close(over)
		s := serve(t, func(conn net.Conn) {
			io.CopyN(io.Discard, conn, fast)
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-tick.C:
					conn.Read(make([]byte, 1<<10))
				case <-over:
					return
				}
			}
		})
		w := start(t)
		c := w.join(t, "?mode=raw", s.address)
		var ended atomic.Bool
		go func() {
			c.ws.SetReadDeadline(time.Time{})
			c.ws.ReadMessage() // nothing comes, until the workbench closes
			ended.Store(true)
		}()
		go flood(c, fast+(16<<20))
		for range 100 {
			time.Sleep(time.Second)
			if ended.Load() {
				t.Fatal("the session ended, though its server reads")
			}
		}
	})
	t.Run("deaf", func(t *testing.T) {
		t.Parallel()
		over := make(chan struct{})
		defer close(over)
		s := serve(t, func(net.Conn) { <-over })
		w := start(t)
		c := w.join(t, "?mode=raw", s.address)
		began := time.Now()
		go flood(c, 16<<20)
		c.ws.SetReadDeadline(began.Add(2 * time.Minute))
		_, _, err := c.ws.ReadMessage()
		closed, ok := err.(*websocket.CloseError)
		if !ok || closed.Code != websocket.CloseInternalServerErr || !strings.Contains(closed.Text, "took nothing for 30 s") {
			t.Fatalf("the session ended by %v", err)
		}
		t.Logf("given up after %v", time.Since(began).Round(time.Second/10))
	})
}

// flood sends that many bytes, as they are accepted, until the client is closed.
func flood(c *client, most int) {
	c.ws.SetWriteDeadline(time.Time{})
	block := bytes.Repeat([]byte("flood"), 50_000)
	for sent := 0; sent < most; sent += len(block) {
		if c.ws.WriteMessage(websocket.BinaryMessage, block) != nil {
			return
		}
	}
}
