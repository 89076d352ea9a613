package transcript

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// A transcript that continues from a checkpoint has it in its header, and timers
// that were set before may fire.
func TestState(t *testing.T) {
	text := "workbench transcript v1\nmode x\ntarget \"h:1\"\n# where it was\nstate \"\\x00a\\n\"\n\n>> timer tick\n"
	got, err := Parse("f", []byte(text))
	if err != nil || string(got.State) != "\x00a\n" {
		t.Fatalf("got %q, %v", got.State, err)
	}
	if printed := string(got.Append(nil)); printed != text {
		t.Errorf("printed as\n%s", printed)
	}
	if empty, err := Parse("f", []byte("workbench transcript v1\nmode x\nstate \"\"\n")); err != nil || empty.State == nil {
		t.Errorf("an empty state counts as none: %v", err)
	}
	for bad, want := range map[string]string{
		"state \"a\"\nstate \"b\"\n":    "f:4: expected one state",
		"state \"a\"\ntarget \"h:1\"\n": "f:4: expected an entry (>>, << or --); target belongs above the state",
		"state \"a\"\noption a \"b\"\n": "f:4: expected an entry (>>, << or --); option belongs above the state",
		"state a\n":                     "f:3: expected a quoted string",
		"state \"" + strings.Repeat("x", core.MaxCheckpoint+1) + "\"\n": "f:3: expected at most",
	} {
		if _, err := Parse("f", []byte("workbench transcript v1\nmode x\n"+bad)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", bad, err, want)
		}
	}
}
