package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/devloop"
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
	d := &devTerminal{out: &out}
	s := devloop.State{Mode: "shout", Build: devloop.Build{N: 1, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), OK: true, Took: 1.25}}
	show := func(want string) {
		t.Helper()
		out.Reset()
		d.next(s)
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
	show("03:04:05  build 1 is in place, after 1.2 s\n")
	show("")
	s.Goldens = devloop.Goldens{Total: 2}
	show("          2 goldens, all the same\n")
	s.Goldens.Different = []devloop.Different{{File: "a.golden", Diff: "- x\n+ y\n"}}
	show("          a.golden is answered otherwise:\n            - x\n            + y\n")
	s.Sessions.Moved = 1
	s.Log = []string{"hello"}
	show("          1 session moved\n          | hello\n")
	s.Build = devloop.Build{N: 2, At: s.Build.At, Error: "x.go:1: no"}
	show("03:04:05  does not work; the build before goes on\n            x.go:1: no\n")
}
