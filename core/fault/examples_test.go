package fault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// The files of docs/faults.md do what it says of them.
func TestExamples(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	want := map[string]struct {
		flow       core.Flow
		data, want string
	}{
		"slow-greeting":       {core.ToClient, "220 hi\r\n", "{2 to-client 0-0 delay 8s}220 hi\r\n{8s}"},
		"byte-by-byte":        {core.ToClient, "hi", "{2 to-client 0-0 cut}{3 to-client 0-0 limit 500}[h][i]{4ms}"},
		"stalled-reply":       {core.ToClient, "a\nb\n", "a\n{2 to-client 2-2 stall}"},
		"cut-short":           {core.ToClient, page, strings.TrimSuffix(page, "lo") + "{2 to-client 41-41 half-close}"},
		"reset-after-request": {core.ToServer, "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n{2 to-server 18-18 reset}"},
		"double-reply":        {core.ToClient, "+OK\r\n+PONG\r\n+OK\r\n", "+OK\r\n+PONG\r\n{2 to-client 5-12 duplicate forged 12-19 \"+PONG\\r\\n\"}+PONG\r\n+OK\r\n"},
		"wrong-length": {core.ToClient, page, `HTTP/1.1 200 OK` + "\r\n" + `{2 to-client 17-34 replace "Content-Length: 5" forged 17-38 "Content-Length: 99999"}Content-Length: 99999` +
			"\r\n\r\nhello"},
		"starttls-stripped": {core.ToClient, "250-here\r\n250-STARTTLS\r\n250 HELP\r\n", "250-here\r\n{2 to-client 10-24 drop \"250-STARTTLS\\r\\n\"}250 HELP\r\n"},
		"refused-data":      {core.ToServer, "RCPT\r\nDATA\r\nQUIT\r\n", "RCPT\r\n{2 to-server 6-12 answer \"DATA\\r\\n\" forged 0-27 \"451 4.3.0 try again later\\r\\n\"}QUIT\r\n"},
		"slow-client":       {core.ToServer, "GET", "{2 to-server 0-0 limit 1}GET{3s}"},
	}
	files, err := filepath.Glob("../../examples/faults/*.faults")
	if err != nil || len(files) != len(want) {
		t.Errorf("there are %d files, want %d: %v", len(files), len(want), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".faults")
		c, rules := want[name], parse(t, string(text))
		for _, pieces := range [][][]byte{{[]byte(c.data)}, bytewise([]byte(c.data))} {
			if got := run(t, rules, c.flow, pieces...); got != c.want {
				t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
			}
		}
	}
}
