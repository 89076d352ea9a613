package replay

import (
	"context"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Opener returns a connection to a new machine of the named mode, on which
// Open was not called yet. The replay closes it.
type Opener func(ctx context.Context, mode string) (*wire.Conn, error)

// Modes looks a line mode up by its name.
type Modes func(mode string) (core.Manifest, bool)

// Golden is a transcript made ready for a line mode. It may be replayed by
// several goroutines at once.
type Golden struct {
	// MaxAnswers bounds what a whole replay holds of the answers, in bytes; 0: no
	// bound. Past it the replay fails.
	MaxAnswers int

	file     string
	t        *transcript.Transcript
	manifest core.Manifest
	opening  core.Opening
	events   []event // the first is the opening
}

// event is an event of the file that is fed, with the actions that should
// answer it.
type event struct {
	core.Event // of no kind: the opening
	line       int
	want       []core.Action
}

// ends reports whether nothing is fed after an event of this kind.
func (g *Golden) ends(k core.EventKind) bool {
	return k == core.ClientClosed || k == core.ServerFailed || k == core.ServerEOF && !g.opening.ServerEOFStays
}

// Skipped says that a transcript does not apply to the line mode, by a condition of its own.
type Skipped struct {
	File  string
	Line  int    // of the condition, from 1
	Words string // the condition
}

func (s *Skipped) Error() string {
	return fmt.Sprintf("%s:%d: skipped: %s", core.Printable(s.File), s.Line, s.Words)
}

// New makes t ready; file is its name, for errors, which are a
// *transcript.SyntaxError, or *[Skipped] where the transcript says so. Options that the file leaves out get their
// defaults. The golden holds on to t.
func New(file string, t *transcript.Transcript, modes Modes) (*Golden, error) {
	g := &Golden{file: file, t: t}
	m, ok := modes(t.Mode)
	if !ok {
		return nil, g.unusable(headerLine(t, 0), "expected the name of a line mode that there is; %q is none", t.Mode)
	}
	for i := range t.SkipIf {
		skip := &t.SkipIf[i]
		applies, err := skip.Applies(&m)
		if err != nil {
			return nil, g.unusable(skip.Line, "%v", err)
		}
		if applies {
			return nil, &Skipped{File: file, Line: skip.Line, Words: "skip-if " + skip.String()}
		}
	}
	values := make(map[string]string, len(t.Options))
	for i, o := range t.Options {
		if _, err := m.ParseOptions(map[string]string{o.Name: o.Value}); err != nil {
			return nil, g.unusable(headerLine(t, 1+i), "expected an option that the mode takes: %v", err)
		}
		values[o.Name] = o.Value
	}
	options, err := m.ParseOptions(values)
	if err != nil {
		return nil, g.unusable(headerLine(t, 0), "expected options that the mode takes: %v", err)
	}
	if t.ServerEOFStays && !m.AfterServerEOF {
		return nil, g.unusable(headerLine(t, 0), "expected a mode whose sessions can go on after the server's end (server-eof stay); %s cannot", t.Mode)
	}
	if !m.Serves(t.Client) {
		return nil, g.unusable(headerLine(t, 0), "expected a mode that serves a client of %s; %s does not", t.Client, t.Mode)
	}
	if !m.Seeded && (t.Seed != core.Seed{} || !t.Start.IsZero()) {
		return nil, g.unusable(headerLine(t, 0), "expected a mode that takes a seed and a start (seeded, in its manifest); %s does not", t.Mode)
	}
	g.opening = core.Opening{
		Options: options, Target: t.Target, ServerEOFStays: t.ServerEOFStays, Client: t.Client, Server: t.Server, Watch: t.Watch,
		Seed: t.Seed, Start: t.Start,
	}
	g.manifest = m
	return g, g.takeEvents()
}

// takeEvents gathers what is fed and what should come back.
func (g *Golden) takeEvents() error {
	events, actions := 1, 0
	for i := range g.t.Entries {
		switch g.t.Entries[i].Dir {
		case transcript.Event:
			events++
		case transcript.Action:
			actions++
		}
	}
	wanted := make([]core.Action, 0, actions) // all of them: an event's stand in a row
	g.events = append(make([]event, 0, events), event{line: headerLine(g.t, 0)})
	end, beyond := 0, false // line of what ended the session; past the event that it belongs to
	for i := range g.t.Entries {
		e := &g.t.Entries[i]
		last := &g.events[len(g.events)-1]
		switch {
		case e.Dir == transcript.Event && end > 0:
			beyond = true
		case e.Dir == transcript.Event:
			g.events = append(g.events, event{Event: e.Event, line: e.Line})
			if g.ends(e.Event.Kind) {
				end = e.Line
			}
		case e.Dir == transcript.Action && beyond:
			return g.unusable(e.Line, "expected no action: the session ended in line %d, and nothing is fed or answered after that", end)
		case e.Dir == transcript.Action:
			wanted = append(wanted, e.Action)
			n := len(wanted)
			last.want = wanted[n-1-len(last.want) : n : n]
			if e.Action.Kind == core.Close || e.Action.Kind == core.Failed {
				end = e.Line
			}
		}
	}
	return nil
}

func (g *Golden) unusable(line int, format string, args ...any) error {
	return &transcript.SyntaxError{File: g.file, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// headerLine returns the number of the i-th header line below the first: the
// mode is 0, the options follow.
func headerLine(t *transcript.Transcript, i int) int {
	line := t.Above + 2 + i
	for _, above := range t.HeaderComments[:min(i+1, len(t.HeaderComments))] {
		line += len(above)
	}
	return line
}
