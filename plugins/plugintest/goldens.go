package plugintest

import (
	"errors"
	"flag"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// updateFlag is the flag of go test by which Goldens rewrites actions. A test
// binary that has one of that name before shares it.
const updateFlag = "update"

func init() {
	if flag.Lookup(updateFlag) == nil {
		flag.Bool(updateFlag, false, "rewrite the actions of goldens that differ; events and comments stay")
	}
}

func updating() bool {
	f := flag.Lookup(updateFlag)
	return f != nil && f.Value.String() == "true"
}

// Goldens holds every *.golden file in dir to its promises, each in a subtest
// of its name: it is replayed whole, with the server's bytes joined, byte by
// byte and cut at random, with a crash after every event, and with a checkpoint
// and restore after every event; with go test -short the crash comes after every fourth
// event, and there are fewer random cuts. dir is relative to the test's package. That
// there is no golden is an error.
//
// With go test -update the actions of a golden that differs are rewritten
// first. A golden may be written by hand that way: events only.
func Goldens(t *testing.T, d core.Discipline, dir string) {
	t.Helper()
	for _, file := range goldenFiles(t, dir) {
		t.Run(filepath.Base(file.Path), func(t *testing.T) {
			t.Helper()
			hold(t, d, file)
		})
	}
}

func goldenFiles(t *testing.T, dir string) []golden.File {
	t.Helper()
	files, err := golden.Find(dir, nil)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("there is no *.golden in %s: save a session on the page as a golden, or write its events by hand and run go test -update", dir)
	}
	return files
}

func hold(t *testing.T, d core.Discipline, file golden.File) {
	t.Helper()
	s := subject(t, d)
	if updating() {
		update(t, s, file)
	}
	all := parse(t, file)
	for i, connection := range all {
		r, err := conformance.Golden(t.Context(), s, file.Path, connection)
		if err != nil {
			t.Fatal(golden.InConnection(err, i+1, len(all)))
		}
		report(t, r)
	}
}

// parse returns the connections of a golden.
func parse(t *testing.T, file golden.File) []*transcript.Transcript {
	t.Helper()
	parsed, err := file.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// update rewrites the actions of a golden that differs.
func update(t *testing.T, s conformance.Subject, file golden.File) {
	t.Helper()
	runner := golden.Runner{Modes: golden.Only(s.Manifest, s.Open), Update: true}
	switch r := runner.Replay(t.Context(), file); {
	case r.Outcome == golden.Unusable:
		t.Fatal(r.Problem())
	case r.Error != "":
		t.Fatalf("%s: %s", file.Path, r.Error)
	case r.Updated:
		t.Logf("%s: its actions were updated", file.Path)
	}
}

func report(t testing.TB, r conformance.Result) {
	t.Helper()
	for _, f := range r.Findings {
		t.Errorf("\n%s", f)
	}
	for _, f := range r.Advice {
		t.Logf("not a failure, but look at it:\n%s", f)
	}
	if r.Reach != nil && r.Reach.String() != "" {
		t.Log(r.Reach)
	}
	if r.Skipped != "" {
		t.Log(r.Skipped)
	}
}
