package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Reach is what no golden shows of a line mode: what a change may break
// unnoticed. It is advice; not all of it needs a golden.
type Reach struct {
	// Answers are the kinds of action, as transcripts name them, that the machine
	// gave in other sessions than the goldens': "note", "timer off".
	Answers []string `json:"answers"`
	// Events are the kinds of event that it may be fed, and is by no golden.
	Events []string `json:"events"`
	// Code are the lines that no golden executes.
	Code []Lines `json:"code"`
	// CodeUnknown says why it is not known which those are; "": it is.
	CodeUnknown string `json:"codeUnknown,omitempty"`
}

// Lines are lines of a source file.
type Lines struct {
	File string `json:"file"` // as seen from the plugin's folder
	From int    `json:"from"` // from 1
	To   int    `json:"to"`   // the last of them
}

// String names the lines as "lines 3–5 of x.star".
func (l Lines) String() string {
	if l.From == l.To {
		return fmt.Sprintf("line %d of %s", l.From, core.Printable(l.File))
	}
	return fmt.Sprintf("lines %d–%d of %s", l.From, l.To, core.Printable(l.File))
}

// Counted is a copy of the plugin that counts what of its code is executed.
type Counted struct {
	Open   func(context.Context) (*wire.Conn, error) // as that of the Subject
	Missed func() ([]Lines, error)                   // which lines were not executed so far
	End    func()                                    // lets go of the copy
}

// maxShownLines is how many pieces of code are shown to a person.
const maxShownLines = 12

// String lists what no golden reaches, on one line; "" if they reach all.
func (r *Reach) String() string {
	var all []string
	for _, a := range r.Answers {
		all = append(all, "<< "+a)
	}
	for _, e := range r.Events {
		all = append(all, ">> "+e)
	}
	for i, l := range r.Code {
		if i == maxShownLines {
			all = append(all, fmt.Sprintf("and %d more pieces of code", len(r.Code)-i))
			break
		}
		all = append(all, l.String())
	}
	words := ""
	if len(all) > 0 {
		words = "no golden reaches: " + strings.Join(all, ", ")
	}
	if r.CodeUnknown != "" {
		words = strings.TrimPrefix(words+"; "+r.CodeUnknown, "; ")
	}
	return words
}

// seen are the kinds of action that came.
type seen [core.CloseLink + 1]bool

func (s *seen) take(h *session) {
	for _, st := range h.steps {
		for _, a := range st.actions {
			if a.Kind.Valid() {
				s[a.Kind] = true
			}
		}
	}
}

// reach compares what the goldens show with what came in all other sessions.
func (u *suite) reach(r *Result) *Finding {
	if len(u.Seeds.Goldens) == 0 {
		r.Skipped = noGolden
		return nil
	}
	var answers seen
	var events [core.LinkClosed + 1]bool
	quiet := false
	for _, g := range u.Seeds.Goldens {
		quiet = quiet || g.Quiet > 0
		for i := range g.Entries {
			switch e := &g.Entries[i]; {
			case e.Dir == transcript.Event && e.Event.Kind.Valid():
				events[e.Event.Kind] = true
			case e.Dir == transcript.Action && e.Action.Kind.Valid():
				answers[e.Action.Kind] = true
			}
		}
	}
	for _, h := range u.held {
		u.came.take(h)
		quiet = quiet || h.quiet > 0
	}
	reach := &Reach{Answers: []string{}, Events: []string{}, Code: []Lines{}}
	for k := core.SendServer; k.Valid(); k++ {
		name := transcript.Name(transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: k, Link: "link"}})
		if k == core.StopTimer {
			name += " off"
		}
		if u.came[k] && !answers[k] {
			reach.Answers = append(reach.Answers, name)
		}
	}
	links := u.came[core.Connect] || answers[core.Connect] || u.came[core.Accept] || answers[core.Accept]
	for k := core.ClientText; int(k) < len(events); k++ {
		possible := k.Valid() && u.Manifest.Knows(k) && (!k.IsLink() || links) && (k != core.TimerFired || u.came[core.SetTimer] || answers[core.SetTimer]) && (k != core.ServerQuiet || quiet) && (k != core.ServerTLS && k != core.ClientTLS && k != core.ClientTLSFailed || u.came[core.StartTLS] || answers[core.StartTLS])
		if possible && !events[k] {
			reach.Events = append(reach.Events, k.String())
		}
	}
	reach.Code, reach.CodeUnknown = u.code()
	r.Reach = reach
	return nil
}

const notCounted = "which code they execute is not known: "

// code returns which lines no golden executes, or why that is not known.
func (u *suite) code() (missed []Lines, unknown string) {
	missed = []Lines{}
	if u.Counted == nil {
		return missed, notCounted + "nothing counts it here"
	}
	c, err := u.Counted(u.ctx)
	if err != nil {
		return missed, notCounted + err.Error()
	}
	defer c.End()
	counting := tester{Subject: u.Subject, ctx: u.ctx}
	counting.Open = c.Open
	for _, g := range u.Seeds.Goldens {
		t := u.fed(g.Transcript)
		if _, err := u.Manifest.ParseOptions(optionsOf(t)); err != nil || t.Mode != u.Manifest.Name {
			continue // Golden says so
		}
		want, h := u.holdGolden(t), counting.holdGolden(t)
		if !equalSteps(want.steps, h.steps) {
			counting.fail(errors.New("the plugin answers differently when that is counted"))
		}
		if err := counting.failed(); err != nil {
			return missed, notCounted + err.Error()
		}
	}
	lines, err := c.Missed()
	if err != nil {
		return missed, notCounted + err.Error()
	}
	return append(missed, lines...), ""
}

// MergeLines returns the lines of a file of which some were to be executed and
// were not, in pieces: those between which there is nothing to execute are one.
// executed tells it of each line that there is code on.
func MergeLines(file string, executed map[int]bool) (pieces []Lines) {
	var open *Lines
	for _, line := range slices.Sorted(maps.Keys(executed)) {
		switch {
		case executed[line]:
			open = nil
		case open != nil:
			open.To = line
		default:
			pieces = append(pieces, Lines{file, line, line})
			open = &pieces[len(pieces)-1]
		}
	}
	return pieces
}
