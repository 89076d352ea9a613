package transcript

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// Of a file without its end, a message that is left is whole.
func TestMessagesCutOff(t *testing.T) {
	const first = "from-server 0-5 \"+OK\"\n  status 0-3 \"+OK\"\n    sign 0-1 \"+\" ! \"é\""
	const second = "from-server 5-7 \"\""
	text := "workbench transcript v1\nmode raw\n\n>> server \"+OK\\r\\n..\"\n<< message " + first + "\n0.250 << message " + second + "\n>> server eof\n"
	begins := strings.Index(text, ">>")
	for n := begins + 1; n <= len(text); n++ {
		parsed, err := Parse("f", []byte(text[:n]))
		if err != nil {
			t.Fatalf("%q: %v", text[:n], err)
		}
		var left []string
		for _, e := range parsed.Entries {
			if e.Dir == Action && e.Action.Kind == core.Decoded {
				left = append(left, string(e.Action.Data))
			}
		}
		for i, message := range left {
			if want := []string{first, second}[i]; message != want && !(text[n-1] == '\n' && strings.HasPrefix(want, message+"\n")) {
				t.Errorf("%q has %q", text[:n], message)
			}
		}
		if n == len(text) && len(left) != 2 {
			t.Errorf("%d messages", len(left))
		}
	}
}
