package devloop

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// gather is how long the terminal waits for what goes with a change other than
// a build, such as that a session moved: others do too.
const gather = 100 * time.Millisecond

// terminal prints what is new since it looked last.
type terminal struct {
	out      io.Writer
	progress io.Writer // takes that something takes long
	before   State
}

// Show prints what happens until ctx ends; that something takes long goes to
// progress. It closes served once it has printed that a build is in place, and
// done when it has ended.
func (l *Loop) Show(ctx context.Context, out, progress io.Writer) (served, done <-chan struct{}) {
	serves, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		(&terminal{out: out, progress: progress}).show(ctx, l, serves)
	}()
	return serves, ended
}

func (d *terminal) show(ctx context.Context, loop *Loop, serves chan struct{}) {
	for {
		state, changed := loop.State()
		first := d.before.Serves == 0 && state.Serves > 0
		d.next(state)
		if first {
			close(serves)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		if s, _ := loop.State(); s.Build == d.before.Build {
			select {
			case <-time.After(gather):
			case <-ctx.Done():
			}
		}
	}
}

func (d *terminal) next(s State) {
	if s.Build.OK && !s.Build.Same && s.Build.N != d.before.Build.N {
		d.before.Sessions = Sessions{} // they were told of another build
	}
	if d.before.Doing != nil && s.Doing != nil && s.Doing.For > d.before.Doing.For {
		fmt.Fprintf(d.progress, "          still %s, for %.0f s\n", workWords[s.Doing.What], s.Doing.For)
	}
	at := s.Build.At.Format(time.TimeOnly)
	switch b, before := s.Build, d.before.Build; {
	case b == before:
	case b.Error != "":
		goesOn := "; waiting for a save"
		if s.Serves > 0 {
			goesOn = "; the build before goes on"
		}
		fmt.Fprintf(d.out, "%s  does not work%s\n%s\n", at, goesOn, indent(b.Error))
	case b.Same:
		fmt.Fprintf(d.out, "%s  the plugin is the same\n", at)
	default:
		fmt.Fprintf(d.out, "%s  build %d is in place, after %.1f s\n", at, b.N, b.Took)
	}
	if g := s.Goldens; g.Total > 0 && (g.Total != d.before.Goldens.Total || !slices.Equal(g.Different, d.before.Goldens.Different)) {
		if len(g.Different) == 0 {
			fmt.Fprintf(d.out, "          %s, all the same\n", core.Plural(g.Total, "golden"))
		}
		for _, different := range g.Different {
			fmt.Fprintf(d.out, "          %s is answered differently:\n%s\n", core.Printable(different.File), indent(different.Diff))
		}
	}
	switch moved, before := s.Sessions.Moved, d.before.Sessions.Moved; {
	case moved <= before:
	case before > 0:
		fmt.Fprintf(d.out, "          %s moved\n", core.Plural(moved-before, "more session"))
	default:
		fmt.Fprintf(d.out, "          %s moved\n", core.Plural(moved, "session"))
	}
	for _, stayed := range s.Sessions.Stayed {
		if !slices.Contains(d.before.Sessions.Stayed, stayed) {
			fmt.Fprintf(d.out, "          session %s stays on its old build, the new one answers event %d differently (m and Enter moves it anyway):\n%s\n",
				stayed.Session, stayed.N, indent(stayed.Diff))
		}
	}
	for _, line := range newLines(d.before.Log, s.Log) {
		fmt.Fprintf(d.out, "          | %s\n", strings.ReplaceAll(line, "\n", "\n          | "))
	}
	d.before = s
}

// workWords say what is being done.
var workWords = map[Work]string{
	Building:  "building the plugin",
	Starting:  "starting the plugin",
	Replaying: "replaying the goldens",
}

// newLines returns what a log has that it did not have before. Lines leave it
// at its beginning.
func newLines(before, now []string) []string {
	for gone := range len(before) + 1 {
		kept := before[gone:]
		if len(kept) <= len(now) && strings.Join(kept, "\n") == strings.Join(now[:len(kept)], "\n") {
			return now[len(kept):]
		}
	}
	return now
}

func indent(text string) string {
	return "            " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n            ")
}

// Orders takes what is typed in the terminal, until in ends: m is Move.
func (l *Loop) Orders(in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "m" {
			l.Move()
		}
	}
}
