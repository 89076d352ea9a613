package play

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// Each side is told its steps in their order, what captures say now in place of what
// was recorded; what differs is not told.
func TestDone(t *testing.T) {
	const head = ">> server \"220 hi\\r\\n\"\n<< server \"EHLO\\r\\n\"\n~~ match \"id (?P<id>[0-9]+)\\r\\n\"\n"
	asked := script(t, head+">> server \"250 id 7\\r\\n\"\n~~ use id\n<< server \"GET 7\\r\\n\"\n>> server \"ok\\r\\n\"\n<< server eof\n")
	for _, c := range []struct{ name, answers, client, server string }{
		{"all", head + ">> server \"250 id 8\\r\\n\"\n<< server \"GET 8\\r\\n\"\n>> server \"ok\\r\\n\"\n<< server eof\n",
			"4 server 220 hi, 5 client EHLO, 7 server 250 id 7, 9 client GET 8, 10 server ok, 11 client eof",
			"4 server 220 hi, 5 client EHLO, 6 server 250 id 8, 7 client GET 8, 8 server ok, 9 client eof"},
		{"a difference", head + ">> server \"550 no\\r\\n\"\n<< server \"GET 8\\r\\n\"\n>> server \"ok\\r\\n\"\n<< server eof\n",
			"4 server 220 hi, 5 client EHLO, 9 client GET 7, 10 server ok, 11 client eof",
			"4 server 220 hi, 5 client EHLO, 6 server 550 no, 8 server ok, 9 client eof"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			var heard []string
			server := Server{Script: script(t, strings.ReplaceAll(c.answers, "~~ match \"id (?P<id>[0-9]+)\\r\\n\"\n", "")), Fast: true, Mismatch: func(net.Addr, *Mismatch) bool { return true }}
			ended := make(chan struct{}, 1)
			server.Done = func(_ net.Addr, s Step) {
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, words(s))
				if s.End != "" {
					ended <- struct{}{}
				}
			}
			address, _ := serve(t, &server)
			var said []string
			talk := Talk{Fast: true, Timeout: long, Mismatch: func(*Mismatch) bool { return true }, Done: func(s Step) { said = append(said, words(s)) }}
			if err := talk.Over(t.Context(), dial(t, address), asked.Play(core.Client)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(said, ", "); got != c.client {
				t.Errorf("the client: %s", got)
			}
			<-ended
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(heard, ", "); got != c.server {
				t.Errorf("the server: %s", got)
			}
		})
	}
}

func words(s Step) string {
	return fmt.Sprint(s.Line, " ", s.From, " ", strings.TrimRight(string(s.Data), "\r\n")+s.End)
}
