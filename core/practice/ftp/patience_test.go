package ftp

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/practicetest"
)

// A client that reads slowly hears everything, and a stop of this process ends nobody.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- (&Server{Files: NewFiles(time.Now)}).Converse(t.Context(), practicetest.Stopped(far, 1))
		}()
		for _, c := range []struct{ say, want string }{
			{"", "220 A practice FTP server: say USER and PASS, or HELP\r\n"},
			{"NOOP\r\n", "200 Nothing done\r\n"},
		} {
			if c.say != "" {
				io.WriteString(near, c.say)
			}
			got := make([]byte, len(c.want))
			if n, err := io.ReadFull(practicetest.Slow(near), got); err != nil || string(got) != c.want {
				t.Errorf("%q is answered with %q, %v", c.say, got[:n], err)
			}
		}
		near.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestPatienceWithData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		control, far := net.Pipe()
		near, data := net.Pipe()
		go io.Copy(io.Discard, control)
		s := &session{server: &Server{}, conn: practice.NewConn(far)}
		want := bytes.Repeat([]byte("x"), 100)
		go func() {
			s.carry(t.Context(), func(context.Context) (net.Conn, error) { return data, nil }, "all of it comes",
				func(conn net.Conn) (string, error) { return "", send(conn, want) })
			far.Close()
		}()
		got, err := io.ReadAll(practicetest.Slow(near))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes came of %d, %v", len(got), len(want), err)
		}
	})
}
