package starlark

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// What is counted is each line on which a statement of a function begins, and
// counting changes no answer.
func TestCounting(t *testing.T) {
	source := `manifest = {"name": "shout", "title": "Shout"}

if True:
    def helper(x):
        return x

def handle(state, event, out):
    """Answers."""
    n = 0
    while n < len(event.text):
        if event.text[n] == "a":
            n += 2
            continue
        elif n > 100:
            break
        else:
            n += 1
    for _ in range(0):
        pass
    def inner(): return helper("never")
    out.note(str(n))
    return state
`
	file := filepath.Join(t.TempDir(), "shout.star")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := Discipline(file)
	if err != nil {
		t.Fatal(err)
	}
	counting, coverage, err := Counting(file)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, d := range []core.Discipline{plain, counting} {
		var out core.Out
		m, err := d.Open(core.Opening{Options: core.Options{}}, &out)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Handle(core.Event{Kind: core.ClientText, Data: []byte("ab")}, &out); err != nil {
			t.Fatal(err)
		}
		notes = append(notes, string(out.Action(0).Data))
	}
	if notes[0] != notes[1] {
		t.Errorf("answers %q", notes)
	}
	data, err := coverage()
	if err != nil {
		t.Fatal(err)
	}
	var lines map[int]bool
	if err := json.Unmarshal(data, &lines); err != nil {
		t.Fatal(err)
	}
	missed := maps.Clone(lines)
	maps.DeleteFunc(missed, func(_ int, executed bool) bool { return executed })
	if got := slices.Sorted(maps.Keys(missed)); !slices.Equal(got, []int{5, 14, 15, 17, 19}) {
		t.Errorf("missed %v of %v", got, lines)
	}
}
