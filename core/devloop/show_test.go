package devloop

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNewLines(t *testing.T) {
	for _, c := range []struct{ before, now, want string }{
		{"", "a b", "a b"}, {"a b", "a b", ""}, {"a b", "a b c", "c"}, {"a b c", "b c d", "d"}, {"a b", "c d", "c d"}, {"a a", "a a a", "a"},
	} {
		if got := newLines(strings.Fields(c.before), strings.Fields(c.now)); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q after %q: got %q, want %q", c.now, c.before, got, c.want)
		}
	}
}

// The terminal tells each thing once.
func TestDevTerminal(t *testing.T) {
	var out strings.Builder
	d := &terminal{out: &out, progress: &out}
	s := State{Mode: "shout", Build: Build{N: 1, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), OK: true, Took: 1.25}}
	show := func(want string) {
		t.Helper()
		out.Reset()
		d.next(s)
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
	first := s.Build
	s.Build = Build{}
	s.Doing = &Doing{What: Building}
	show("")
	s.Doing = &Doing{What: Building, For: 3.1}
	show("          still building the plugin, for 3 s\n")
	s.Doing = nil
	s.Build = Build{N: 1, At: first.At, Error: "x.go:1: no"}
	show("03:04:05  does not work; waiting for a save\n            x.go:1: no\n")
	s.Build = first
	show("03:04:05  build 1 is in place, after 1.2 s\n")
	show("")
	s.Goldens = Goldens{Total: 2}
	show("          2 goldens, all the same\n")
	s.Goldens.Different = []Different{{File: "a.golden", Diff: "- x\n+ y\n"}}
	show("          a.golden is answered differently:\n            - x\n            + y\n")
	s.Sessions.Moved = 1
	s.Log = []string{"hello"}
	show("          1 session moved\n          | hello\n")
	s.Sessions.Moved = 3
	s.Log = append(s.Log, "Traceback:\n  line 1")
	show("          2 more sessions moved\n          | Traceback:\n          |   line 1\n")
	s.Build.N = 2
	show("03:04:05  build 2 is in place, after 1.2 s\n          3 sessions moved\n")
	s.Build = Build{N: 3, At: s.Build.At, Error: "x.go:1: no"}
	s.Serves = 2
	show("03:04:05  does not work; the build before goes on\n            x.go:1: no\n")
}

// The loop hears all that the plugin writes; what the host tells of it, if
// something is wrong.
func TestDevHears(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "shout.star"), "")
	var logged strings.Builder
	loop, err := New(Config{Source: filepath.Join(dir, "shout.star"), Log: slog.NewTextHandler(&logged, nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	host, output := loop.logs()
	host = host.With("plugin", "shout")
	host.Info("started")
	host.Warn("died", "reason", "x")
	output.Debug("a word")
	if s, _ := loop.State(); strings.Join(s.Log, "|") != "WARN died reason=x|a word" {
		t.Errorf("heard %q", s.Log)
	}
	if text := logged.String(); !strings.Contains(text, "msg=started plugin=shout") || strings.Count(text, "\n") != 1 {
		t.Errorf("logged %q", text)
	}
}
