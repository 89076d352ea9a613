package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/abridge"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// What is long is shown in few bytes, which tell what it is.
func TestFindingIsReadable(t *testing.T) {
	words := strings.Repeat("all work and no play, ", 3)
	long := 1 << 20
	if testing.Short() {
		long = 1 << 16
	}
	var varied []byte
	for n := range long {
		varied = append(varied, byte(n*n>>7))
	}
	for _, c := range []struct{ payload, want string }{
		{strings.Repeat("\n", long), fmt.Sprintf(`"\n" × %d`, long)},
		{strings.Repeat("a", long), fmt.Sprintf(`"a" × %d`, long)},
		{strings.Repeat("ab\r\n", 1000), `"ab\r\n" × 1000`},
		{"GET " + strings.Repeat("a", long) + "\r\n", fmt.Sprintf(`"GET " "a" × %d "\r\n" (%d bytes)`, long, long+len("GET \r\n"))},
		{strings.Repeat("\x00", 5000) + strings.Repeat("\xff", 5000), `"\x00" × 5000 "\xff" × 5000 (10000 bytes)`},
		{string(varied), fmt.Sprintf(`(%d bytes)`, long)},
		{words, `"` + words + `"`},
		{"a\nb\n", "\"a\\n\"\n  "},
	} {
		event := []transcript.Entry{{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(c.payload)}}}
		session := string(transcript.AppendEntry(nil, &event[0]))
		for _, f := range []Finding{{Check: "bounds", Words: "no", Session: session}, {Check: "whole", Words: "no", Diff: transcript.Diff(nil, event)}} {
			text := f.String()
			if f.Session != "" && !strings.Contains(text, c.want) {
				t.Errorf("%.20q is shown as %s, want %s", c.payload, text, c.want)
			}
			if len(text) > 2000 {
				t.Errorf("%.20q takes %d bytes: %.300s", c.payload, len(text), text)
			}
			if f.Session != "" && f.Shortened() != (len(c.payload) > 100) {
				t.Errorf("%.20q: shortened is %v", c.payload, f.Shortened())
			}
		}
	}
	if text := (Finding{Check: "x", Words: string(bytes.Repeat([]byte("w"), long))}).String(); len(text) > 2*abridge.MaxShown {
		t.Errorf("words take %d bytes", len(text))
	}
}
