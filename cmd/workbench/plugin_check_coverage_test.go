package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/protocol-workbench/workbench/cmd/workbench/scaffold"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// countedMiss feeds a plugin one message, and returns the lines that it did not
// execute, as plugin test finds them out: in a process in the sandbox.
func countedMiss(t *testing.T, source string) []conformance.Lines {
	t.Helper()
	plugin, err := openPluginProcess(t.Context(), source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Close()
	counted, err := plugin.Counted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer counted.End()
	s := plugin.Subject
	s.Open = counted.Open
	golden := "workbench transcript v1\nmode " + s.Manifest.Name + "\n\n>> client text \"hello\"\n"
	g, err := transcript.Parse("x", []byte(golden))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conformance.Golden(t.Context(), s, "x", g); err != nil {
		t.Fatal(err)
	}
	missed, err := counted.Missed()
	if err != nil {
		t.Fatal(err)
	}
	return missed
}

func TestCountedStarlark(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shout.star")
	source := `manifest = {"name": "shout", "title": "Shout", "version": "1"}

def handle(state, event, out):
    """Answers."""
    if event.name == "client text":
        out.server(event.text)
    elif event.name == "timer":
        for n in range(3):
            out.note("x" *
                     n)
        # why
        return state
    return state
`
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if missed := countedMiss(t, file); !reflect.DeepEqual(missed, []conformance.Lines{{File: "shout.star", From: 7, To: 12}}) {
		t.Errorf("%v", missed)
	}
}

func TestCountedGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shout")
	if _, err := scaffold.New(t.Context(), scaffold.Options{Name: "shout", Lang: "go", Dir: dir}); err != nil {
		t.Fatal(err)
	}
	const source = `package main

import "github.com/protocol-workbench/workbench/core"

type second struct{}

func (second) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.TimerFired {
		out.Note("late")
		out.Note("later")
	}
	return nil
}
`
	if err := os.WriteFile(filepath.Join(dir, "second.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	var second []conformance.Lines
	for _, l := range countedMiss(t, dir) {
		if l.File == "second.go" {
			second = append(second, l)
		}
		if _, err := os.Stat(filepath.Join(dir, l.File)); err != nil {
			t.Error(err)
		}
	}
	if !reflect.DeepEqual(second, []conformance.Lines{{File: "second.go", From: 7, To: 12}}) {
		t.Errorf("%v", second)
	}
}
