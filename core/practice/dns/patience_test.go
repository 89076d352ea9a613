package dns

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"

	"github.com/protocol-workbench/workbench/core/practice/practicetest"
)

// A client that reads slowly gets its answer, and a stop of this process ends nobody.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- new(Server).Converse(t.Context(), practicetest.Stopped(far, 1)) }()
		near.Write(framed(query("example.test.", dns.TypeA)))
		receive(t, practicetest.Slow(near))
		near.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
