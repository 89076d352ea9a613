package plugintest

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
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
// and restore after every event. dir is relative to the test's package. That
// there is no golden is an error.
//
// With go test -update the actions of a golden that differs are rewritten
// first. A golden may be written by hand that way: events only.
func Goldens(t *testing.T, d core.Discipline, dir string) {
	t.Helper()
	for _, file := range goldenFiles(t, dir) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Helper()
			golden(t, d, file)
		})
	}
}

func goldenFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("there is no *.golden in %s: save a session on the page as a golden, or write its events by hand and run go test -update", dir)
	}
	return files
}

// maxGolden is how many bytes a golden may have.
const maxGolden = 64 << 20

func golden(t *testing.T, d core.Discipline, file string) {
	t.Helper()
	data, err := plainfile.ReadFile(file, maxGolden)
	if err != nil {
		t.Fatal(err)
	}
	s := subject(t, d)
	if updating() {
		updated, err := update(t.Context(), s, file, data)
		if err != nil {
			t.Fatal(err)
		}
		if updated != nil {
			if err := os.WriteFile(file, updated, 0o666); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: its actions were updated", file)
			data = updated
		}
	}
	g, err := transcript.Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := conformance.Golden(t.Context(), s, file, g)
	if err != nil {
		t.Fatal(err)
	}
	report(t, r)
}

// update returns the golden's text with the actions that come now, or nil if
// they are the same.
func update(ctx context.Context, s conformance.Subject, file string, data []byte) ([]byte, error) {
	t, err := transcript.Parse(file, data)
	if err != nil {
		return nil, err
	}
	g, err := replay.New(file, t, func(mode string) (core.Manifest, bool) { return s.Manifest, mode == s.Manifest.Name })
	if err != nil {
		return nil, err
	}
	whole, err := g.Whole(ctx, func(ctx context.Context, _ string) (*wire.Conn, error) { return s.Open(ctx) })
	if err != nil || whole.Same {
		return nil, err
	}
	now, err := g.Update(whole)
	if errors.Is(err, replay.ErrUpdate) {
		return nil, errors.New(file + ": " + err.Error())
	}
	if err != nil {
		return nil, err
	}
	return now.Append(nil), nil
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
