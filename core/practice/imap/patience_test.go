package imap

import (
	"bufio"
	"net"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/practicetest"
)

// A client that reads slowly hears everything, and a stop of this process ends nobody.
func TestPatience(t *testing.T) {
	bubble(t, func(t *testing.T, _ *mail.Store, s *Server) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.Converse(t.Context(), practicetest.Stopped(far, 1)) }()
		c := &client{t, near, bufio.NewReader(practicetest.Slow(near)), ended}
		c.line()
		c.expect("NOOP", "OK NOOP completed")
		near.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
