package conformance

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Of a golden the finding names the line of the event.
func TestGoldenThatLeaks(t *testing.T) {
	for word, leaks := range map[string]bool{"hunter2": true, "abc": false, "*******": false} {
		text := "workbench transcript v1\nmode x\n\n>> server \"+OK\\r\\n\"\n# the password\n>> client text \"" + word + "\"\n<< server \"PASS " + word + "\"\n<< secret event 0 " +
			map[string]string{"hunter2": "7", "abc": "3", "*******": "7"}[word] + "\n"
		g, err := transcript.Parse("leak.golden", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d := marking(func(ev core.Event, out *core.Out) { out.Server([]byte("PASS "), ev.Data) })
		g.Mode = d.Manifest.Name
		r, err := Golden(t.Context(), InProcess(d, silent), "leak.golden", g)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) > 0 != leaks {
			t.Errorf("%s: found %v", word, r.Findings)
		}
		for _, f := range r.Findings {
			if f.Check != "secrets" || f.Line != 6 || !strings.Contains(f.String(), "leak.golden:6: secrets: 7 bytes that the answer to event 2") ||
				!strings.Contains(f.Diff, "- << server \"PASS *******\"\n+ << server \"PASS hunter2\"\n") {
				t.Errorf("found %s", f)
			}
		}
	}
}
