package dns

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
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

// A client that reads slowly gets its answer, and a stop of this process ends nobody.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- new(Server).Converse(t.Context(), &stopped{far, 1}) }()
		near.Write(framed(query("example.test.", dns.TypeA)))
		receive(t, slow{near})
		near.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
