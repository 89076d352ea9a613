package plugintest

import (
	"log/slog"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
)

// Conformance holds the discipline to what every machine promises, with
// generated sessions; package conformance lists the checks. Each is a subtest
// of its name. It takes a few seconds, less with go test -short, and measures the
// heap of the whole process: no other test should run in parallel.
//
// The *.golden files in the folders goldens are where it starts from too: their
// sessions are changed in many ways and held to the same promises. What no
// golden shows is logged.
func Conformance(t *testing.T, d core.Discipline, goldens ...string) {
	t.Helper()
	s := subject(t, d)
	for _, dir := range goldens {
		for _, file := range goldenFiles(t, dir) {
			for _, connection := range parse(t, file) {
				s.Seeds.Goldens = append(s.Seeds.Goldens, conformance.Seed{File: file.Path, Transcript: connection})
			}
		}
	}
	_, err := conformance.Run(t.Context(), s, conformance.Checks(), func(r conformance.Result) {
		t.Run(r.Check, func(t *testing.T) {
			t.Helper()
			report(t, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Events holds one session of the given events to the same promises as a
// golden, whatever the answers are; it is for fuzz tests and generated events.
// Options that are not named (nil: all) have their defaults. A timer's event is
// left out if the machine has not set it then, and so is what follows the end.
func Events(t testing.TB, d core.Discipline, options map[string]string, events ...core.Event) {
	t.Helper()
	found, err := conformance.Events(t.Context(), subject(t, d), options, events)
	if err != nil {
		t.Fatal(err)
	}
	report(t, conformance.Result{Findings: found})
}

// subject is the discipline in this process. Stacks of panics are shown with
// the test.
func subject(t testing.TB, d core.Discipline) conformance.Subject {
	t.Helper()
	if d.Open == nil {
		t.Fatal("the discipline has no Open function")
	}
	s := conformance.InProcess(d, slog.New(slog.NewTextHandler(t.Output(), nil)))
	s.Short = testing.Short()
	return s
}
