package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/devloop"
)

// gather is how long the terminal waits for what goes with a change other than
// a build, such as that a session moved: others do too.
const gather = 100 * time.Millisecond

// devTerminal tells in the terminal what happens in development: what is new
// since it looked last.
type devTerminal struct {
	out      io.Writer
	progress io.Writer     // takes that something takes long
	serves   chan struct{} // closed once it has told of a build that is in place
	before   devloop.State
}

// show shows the loop's states until ctx ends.
func (d *devTerminal) show(ctx context.Context, loop *devloop.Loop) {
	for {
		state, changed := loop.State()
		served := d.before.Serves > 0
		d.next(state)
		if !served && state.Serves > 0 {
			close(d.serves)
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

func (d *devTerminal) next(s devloop.State) {
	if s.Build.OK && !s.Build.Same && s.Build.N != d.before.Build.N {
		d.before.Sessions = devloop.Sessions{} // they were told of another build
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
	if g := s.Goldens; g.Total > 0 && !sameGoldens(g, d.before.Goldens) {
		if len(g.Different) == 0 {
			fmt.Fprintf(d.out, "          %s, all the same\n", count(g.Total, "golden"))
		}
		for _, different := range g.Different {
			fmt.Fprintf(d.out, "          %s is answered otherwise:\n%s\n", core.Printable(different.File), indent(different.Diff))
		}
	}
	switch moved, before := s.Sessions.Moved, d.before.Sessions.Moved; {
	case moved <= before:
	case before > 0:
		fmt.Fprintf(d.out, "          %s moved\n", count(moved-before, "more session"))
	default:
		fmt.Fprintf(d.out, "          %s moved\n", count(moved, "session"))
	}
	for _, stayed := range s.Sessions.Stayed {
		if !hasStayed(d.before.Sessions.Stayed, stayed) {
			fmt.Fprintf(d.out, "          session %s stays on its old build, the new one answers event %d otherwise (m and Enter moves it anyway):\n%s\n",
				stayed.Session, stayed.N, indent(stayed.Diff))
		}
	}
	for _, line := range newLines(d.before.Log, s.Log) {
		fmt.Fprintf(d.out, "          | %s\n", strings.ReplaceAll(line, "\n", "\n          | "))
	}
	d.before = s
}

// workWords say what is being done.
var workWords = map[devloop.Work]string{
	devloop.Building:  "building the plugin",
	devloop.Starting:  "starting the plugin",
	devloop.Replaying: "replaying the goldens",
}

func sameGoldens(a, b devloop.Goldens) bool {
	if a.Total != b.Total || len(a.Different) != len(b.Different) {
		return false
	}
	for i := range a.Different {
		if a.Different[i] != b.Different[i] {
			return false
		}
	}
	return true
}

func hasStayed(all []devloop.Stayed, one devloop.Stayed) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
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

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func indent(text string) string {
	return "            " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n            ")
}

// readOrders takes what is typed in the terminal.
func readOrders(in io.Reader, loop *devloop.Loop) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "m" {
			loop.Move()
		}
	}
}

// devAPI shows the loop to the page.
type devAPI struct{ loop *devloop.Loop }

// ServeHTTP answers
//
//	GET  /api/dev         the state, in JSON
//	GET  /api/dev/events  each state from now on, as server-sent events
//	POST /api/dev/move    moves the sessions that stayed
func (d *devAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + strings.TrimSuffix(r.URL.Path, "/") {
	case "GET /api/dev":
		state, _ := d.loop.State()
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(state)
	case "GET /api/dev/events":
		d.events(w, r)
	case "POST /api/dev/move":
		d.loop.Move()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "there are GET /api/dev, GET /api/dev/events and POST /api/dev/move", http.StatusNotFound)
	}
}

func (d *devAPI) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	for {
		state, changed := d.loop.State()
		data, err := json.Marshal(state)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
