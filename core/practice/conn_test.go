package practice

import (
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core/practice/practicetest"
)

// A client that reads slowly is sent all of an answer, however long that takes.
func TestSlowReader(t *testing.T) {
	err := conversation(t, &Machine{}, func(conn net.Conn) {
		says(t, practicetest.Slow(conn), "", "hello\n")
		says(t, practicetest.Slow(conn), "a long answer\n", "a long answer\n")
		says(t, conn, "bye\n", "bye\n")
		expectEnd(t, conn)
	})
	if err != nil {
		t.Error(err)
	}
}

// A stop of this process ends nobody: what the client has said meanwhile is answered, and
// a timer fires.
func TestMachineAfterAStop(t *testing.T) {
	for name, c := range map[string]struct {
		nth       int
		say, want string
	}{
		"said meanwhile": {1, "a line\n", "a line\n"},
		"with a timer":   {2, "later\n", "now\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				ended := make(chan error, 1)
				go func() {
					ended <- (&Machine{Discipline: speak()}).Converse(t.Context(), practicetest.Stopped(far, c.nth))
				}()
				says(t, near, "", "hello\n")
				says(t, near, c.say, c.want)
				says(t, near, "bye\n", "bye\n")
				expectEnd(t, near)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Where a connection has no half-close, a server does without.
func TestConnWithoutHalfClose(t *testing.T) {
	err := conversation(t, &Machine{Manner: Manner{Closing: HalfClose}}, func(conn net.Conn) {
		says(t, conn, "", "hello\n")
		says(t, conn, "a line\n", "a line\n")
		if n, err := io.Copy(io.Discard, conn); n > 0 || err != nil {
			t.Errorf("then %d bytes, %v", n, err)
		}
	})
	if err == nil {
		t.Error("the server reads on from a connection that is closed")
	}
}
