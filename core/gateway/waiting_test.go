package gateway

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Those who connect and say nothing cannot keep others out, nor hold more than so many
// connections.
func TestConnectionsThatWait(t *testing.T) {
	inBounds(t, Bounds{}, func(t *testing.T, s bounded) {
		const more = 10
		ask := func(conn net.Conn) string {
			t.Helper()
			conn.SetDeadline(time.Now().Add(time.Second))
			io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n")
			answer := make([]byte, 1<<10)
			n, _ := conn.Read(answer)
			return string(answer[:n])
		}
		kept := s.connect()
		if answer := ask(kept); !strings.Contains(answer, "ok\n") {
			t.Fatalf("%q", answer)
		}
		synctest.Wait() // it is idle
		var conns []net.Conn
		for range maxWaiting + more {
			conns = append(conns, s.connect())
			defer conns[len(conns)-1].Close()
		}
		synctest.Wait()
		for i, conn := range append([]net.Conn{kept}, conns...) {
			conn.SetReadDeadline(time.Now())
			_, err := conn.Read(make([]byte, 1))
			if closed := !errors.Is(err, os.ErrDeadlineExceeded); closed != (i <= more) {
				t.Errorf("connection %d: %v", i, err)
			}
		}
		if answer := ask(conns[more]); !strings.Contains(answer, "ok\n") {
			t.Errorf("%q", answer)
		}
	})
}

func TestOpenFilesRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		l := lack{log: slog.New(slog.NewTextHandler(&told, nil))}
		l.tell(net.ErrClosed)
		for range 90 {
			l.tell(&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)})
			time.Sleep(time.Second)
		}
		if n := strings.Count(told.String(), "too many files are open here"); n != 2 || strings.Count(told.String(), "\n") != 2 {
			t.Errorf("told %d times:\n%s", n, &told)
		}
	})
}
