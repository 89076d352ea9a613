package golden

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Each connection of a file is replayed on its own, all of them are rewritten, and what is
// reported says in which it is.
func TestSeveralConnections(t *testing.T) {
	const skipped = "workbench transcript v1\nmode http-line\nskip-if no capability \"seeded\"\n\n>> server \"x\"\n"
	broken := strings.Replace(right, "<< client", "<<< client", 1)
	other := strings.ReplaceAll(wrong, "ho", "hu")
	for _, c := range []struct {
		name, text, now, problem, said string
		outcome                        Outcome
		line, connection               int
		update                         bool
	}{
		{name: "the same", text: right + "\n" + right + "# the end\n", outcome: Same},
		{name: "the second differs", text: right + "\n" + wrong, outcome: Different, line: 15, connection: 2, said: "different in connection 2\n"},
		{name: "all are updated", text: wrong + "# between\n\n\n" + other, now: right + "# between\n\n" + right, update: true, outcome: Updated, line: 16,
			said: "+ << server \"hi\\r\\n\"\n  >> server \"a\\r\\n\"\n  << client text \"a\"\n"},
		{name: "none is updated if one cannot be", text: wrong + "\n" + strings.TrimSuffix(wrong, "\n"), update: true, outcome: Different, line: 15, connection: 2},
		{name: "the second is no transcript", text: right + "\n" + broken, outcome: Unusable, line: 17, problem: "a.golden:17: connection 2: expected"},
		{name: "the second has no mode that there is", text: right + "\n" + strings.Replace(right, "http-line", "none", 1), outcome: Unusable, line: 11, connection: 2, problem: "a.golden:11: connection 2: expected the name of a line mode"},
		{name: "one is skipped", text: skipped + "\n" + right, outcome: Same},
		{name: "all are skipped", text: skipped + "\n" + skipped, outcome: Skipped, line: 9, connection: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), "a.golden"), c.text)
			file := File{Path: path, Found: true}
			r := &Runner{Modes: httpLine(), Cuts: replay.Plan(1, 1), Update: c.update}
			got := r.Replay(t.Context(), file)
			if got.Outcome != c.outcome || got.Line != c.line || got.Connection != c.connection || got.Updated != (c.outcome == Updated) {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(got.text(), c.said) || !strings.Contains(got.Problem(), c.problem) {
				t.Errorf("%s\n%s", got.text(), got.Problem())
			}
			want := c.text
			if c.now != "" {
				want = c.now
			}
			if text, err := file.Read(); err != nil || string(text) != want {
				t.Errorf("%v, the file holds\n%s", err, text)
			}
			if got.Updated && string(transcript.AppendAll(nil, got.Now)) != want {
				t.Error("another text is told of")
			}
		})
	}
}
