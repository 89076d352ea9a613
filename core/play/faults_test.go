package play

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/protocol-workbench/workbench/core/fault"
)

// A played server misbehaves where rules say, and tells of it.
func TestServerFaults(t *testing.T) {
	s := script(t, ">> server \"220 hi\\r\\n\"\n<< server \"NOOP\\r\\n\"\n>> server \"250 ok\\r\\n\"\n<< server \"QUIT\\r\\n\"\n>> server \"221 bye\\r\\n\"\n>> server eof\n")
	for _, c := range []struct {
		rules, says string
		want        string // what the client hears
		reset       bool
		faults      string
	}{
		{"from-server after line 1: drop line", "NOOP\r\nQUIT\r\n", "220 hi\r\n221 bye\r\n", false, `fault 1 from-server 8-16 drop "250 ok\r\n"`},
		{"from-server at 0: forge \"x\"", "NOOP\r\nQUIT\r\n", "x220 hi\r\n250 ok\r\n221 bye\r\n", false, `fault 1 from-server 0-0 forge forged 0-1 "x"`},
		{"from-server after line 1: delay 20ms\nfrom-server at 8: cut line", "NOOP\r\nQUIT\r\n", "220 hi\r\n250 ok\r\n221 bye\r\n", false, "fault 1 from-server 8-8 delay 20ms|fault 2 from-server 8-8 cut"},
		{"from-server at 12: half-close", "NOOP\r\nQUIT\r\n", "220 hi\r\n250 ", false, "fault 1 from-server 12-12 half-close"},
		{"from-server after line 2: reset", "NOOP\r\n", "220 hi\r\n250 ok\r\n", true, "fault 1 from-server 16-16 reset"},
		{"from-server at 12: stall", "NOOP\r\nQUIT\r\n.", "220 hi\r\n250 ", false, "fault 1 from-server 12-12 stall"},
		{"to-server on match \"^HELO\\r\\n\": replace match \"NOOP\\r\\n\"", "HELO\r\nQUIT\r\n", "220 hi\r\n250 ok\r\n221 bye\r\n", false, `fault 1 to-server 0-6 replace "HELO\r\n" forged 0-6 "NOOP\r\n"`},
		{"to-server on match \"^RSET\\r\\n\": answer match \"500 no\\r\\n\"", "RSET\r\nNOOP\r\nQUIT\r\n", "220 hi\r\n500 no\r\n250 ok\r\n221 bye\r\n", false, `fault 1 to-server 0-6 answer "RSET\r\n" forged 8-16 "500 no\r\n"`},
	} {
		rules, err := fault.Parse([]byte(c.rules))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckFaults(rules, s); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var told []string
		address, amiss := serve(t, &Server{Script: s, Fast: true, Faults: rules, Fault: func(_ net.Addr, words string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, words)
		}})
		conn := dial(t, address)
		var heard strings.Builder
		if _, err := io.CopyN(&heard, conn, int64(len("220 hi\r\n"))); err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, strings.TrimSuffix(c.says, "."))
		if strings.HasSuffix(c.says, ".") {
			conn.CloseWrite() // the client gives up
		}
		_, err = io.Copy(&heard, conn)
		if heard.String() != c.want || errors.Is(err, syscall.ECONNRESET) != c.reset {
			t.Errorf("%s: the client heard %q, %v; want %q", c.rules, heard.String(), err, c.want)
		}
		conn.Close()
		mu.Lock()
		if all := strings.Join(told, "|"); all != c.faults {
			t.Errorf("%s: told of %s, want %s; %v", c.rules, all, c.faults, amiss())
		}
		mu.Unlock()
	}
}

// What a played server cannot do is refused.
func TestServerFaultsRefused(t *testing.T) {
	s := script(t, ">> server \"220 hi\\r\\n\"\n")
	for text, want := range map[string]string{
		"to-client at 1: stall":          "only from-server",
		"to-server after message 1: cut": "decodes none",
		"to-server at 1: stall":          "",
	} {
		rules, err := fault.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckFaults(rules, s); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := CheckFaults(nil, s); err != nil {
		t.Error(err)
	}
}
