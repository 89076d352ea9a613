package replay_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inProcess returns what replays through the given disciplines.
func inProcess(all ...core.Discipline) (replay.Opener, replay.Modes) {
	byName := map[string]core.Discipline{}
	for _, d := range all {
		byName[d.Manifest.Name] = d
	}
	open := func(_ context.Context, mode string) (*wire.Conn, error) {
		return wire.Pipe(byName[mode], slog.New(slog.DiscardHandler)), nil
	}
	return open, func(mode string) (core.Manifest, bool) {
		d, ok := byName[mode]
		return d.Manifest, ok
	}
}

func parse(t testing.TB, name, text string) *transcript.Transcript {
	t.Helper()
	tr, err := transcript.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// load reads a golden of one connection.
func load(t testing.TB, path string) *transcript.Transcript {
	t.Helper()
	all := loadAll(t, path)
	if len(all) != 1 {
		t.Fatalf("%s: %d connections", path, len(all))
	}
	return all[0]
}

// loadAll reads a golden, which may be of several connections.
func loadAll(t testing.TB, path string) []*transcript.Transcript {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := transcript.ParseAll(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %d files", pattern, err, len(found))
	}
	return found
}

func golden(t testing.TB, name string, tr *transcript.Transcript, modes replay.Modes) *replay.Golden {
	t.Helper()
	g, err := replay.New(name, tr, modes)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func whole(t testing.TB, g *replay.Golden, open replay.Opener) *replay.Result {
	t.Helper()
	r, err := g.Whole(t.Context(), open)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
