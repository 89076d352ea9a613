package play

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/stall"
)

const (
	much      = 40 * 60_000
	thenReset = ">> server failed \"connection reset by the server\"\n"
)

var muchThenReset = strings.Repeat(">> server \""+strings.Repeat("x", 60_000)+"\"\n", 40) + thenReset

// What the server had said before its connection broke is heard, whether it was
// much or little.
func TestAllIsHeardBeforeAReset(t *testing.T) {
	for name, text := range map[string]string{
		"much":    muchThenReset,
		"little":  ">> server \"hello\\r\\n\"\n" + thenReset,
		"nothing": thenReset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := script(t, text)
			address, told := serve(t, &Server{Script: s, Fast: true})
			_, size := s.Answers()
			for range 5 {
				conn := dial(t, address)
				if n, err := io.Copy(io.Discard, conn); n != int64(size) || inWords(err) != "connection reset" {
					t.Errorf("%d of %d bytes, then %v", n, size, err)
				}
				conn.Close()
				p := s.Play(core.Client)
				if err := (Talk{Fast: true, Timeout: long}).Over(t.Context(), dial(t, address), p); err != nil {
					t.Errorf("%.200v", err)
				}
			}
			if said := told(); len(said) > 0 {
				t.Errorf("the server told %.200q", said)
			}
		})
	}
}

// A client that takes its time hears all too: it begins to read when another,
// which came later, has been sent its reset.
func TestResetWaitsForASlowClient(t *testing.T) {
	address, _ := serve(t, &Server{Script: script(t, muchThenReset), Fast: true})
	slow := dial(t, address)
	for _, conn := range []net.Conn{dial(t, address), slow} {
		defer conn.Close()
		if n, err := io.Copy(io.Discard, conn); n != much || inWords(err) != "connection reset" {
			t.Errorf("%d of %d bytes, then %v", n, much, err)
		}
	}
}

// A client that leaves while much is on its way is not waited for.
func TestNobodyIsLeftToHear(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn){
		"reset": func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		"FIN":   func(c *net.TCPConn) { c.CloseWrite(); c.Close() },
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client := dial(t, l.Addr().String())
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		server.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for err == nil { // until the queue is full
			_, err = server.Write(make([]byte, readPiece))
		}
		leave(client)
		start := time.Now()
		(&talk{ctx: t.Context()}).flush(stall.New(server))
		if took := time.Since(start); took > stall.Limit/2 {
			t.Errorf("%s: waited %v", name, took)
		}
		server.Close()
	}
}
