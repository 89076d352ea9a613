package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// The results of a file.
const (
	resultSame      = "same"
	resultDifferent = "different"
	resultUpdated   = "updated"
	resultUnusable  = "unusable"
)

// replayReport is what became of one file. Its JSON is documented in
// docs/replay.md.
type replayReport struct {
	File       string           `json:"file"`
	Mode       string           `json:"mode,omitempty"`
	Result     string           `json:"result"`
	OK         bool             `json:"ok"`
	Updated    bool             `json:"updated,omitempty"` // the file was rewritten, whatever a recut found after that
	Replays    int              `json:"replays"`
	Cut        string           `json:"cut,omitempty"`
	Seed       *uint64          `json:"seed,omitempty"`
	Where      *replay.Finding  `json:"where,omitempty"`
	Faults     []replay.Finding `json:"faults,omitempty"`
	Difference string           `json:"difference,omitempty"`
	Line       int              `json:"line,omitempty"` // where it differs, or of Error
	Error      string           `json:"error,omitempty"`
	Warning    string           `json:"warning,omitempty"`

	now []byte // what an updated file holds
}

// take takes over what a replay found.
func (r *replayReport) take(found *replay.Result) {
	r.Result = resultSame
	if found.Same {
		return
	}
	r.Result = resultDifferent
	r.Cut, r.Faults, r.Difference, r.Line = found.Cuts.Name, found.Faults, found.Diff, found.Line
	if found.Cuts.Random {
		r.Seed = &found.Cuts.Seed
	}
	if found.Where.Line > 0 {
		r.Where = &found.Where
	}
}

// fail notes that the file could not be replayed.
func (r *replayReport) fail(err error) *replayReport {
	r.Result, r.Line, r.Error = resultUnusable, 0, err.Error()
	var syntax *transcript.SyntaxError
	if errors.As(err, &syntax) {
		r.Line, r.Error = syntax.Line, syntax.Msg
	}
	return r
}

// progressEach is how often someone at a terminal sees how far it is.
const progressEach = 300 * time.Millisecond

// replayPrinter prints reports: results to stdout, what could not be replayed
// and warnings to stderr.
type replayPrinter struct {
	replayOptions
	stdout, stderr io.Writer
	total          int
	done           int
	same           int
	different      int
	updated        int
	unusable       int
	line           bool // a progress line stands on the terminal
	suite          junitSuite
}

func (p *replayPrinter) print(r *replayReport) {
	p.clear()
	p.done++
	r.OK = r.Result == resultSame || r.Result == resultUpdated
	switch r.Result {
	case resultSame:
		p.same++
	case resultDifferent:
		p.different++
	case resultUpdated:
		p.updated++
	case resultUnusable:
		p.unusable++
	}
	if p.report != "" {
		p.reported(r)
		return
	}
	if p.asJSON {
		e := json.NewEncoder(p.stdout)
		e.SetEscapeHTML(false)
		_ = e.Encode(r) // a closed stdout ends the program by itself
		return
	}
	file := core.Printable(r.File)
	if r.Warning != "" {
		fmt.Fprintf(p.stderr, "%s: warning: %s\n", file, r.Warning)
	}
	switch {
	case r.Result == resultUnusable && r.Line > 0:
		fmt.Fprintf(p.stderr, "%s:%d: %s\n", file, r.Line, core.Under(r.Error))
	case r.Result == resultUnusable:
		fmt.Fprintln(p.stderr, core.Under(r.Error))
	case r.Result != resultSame:
		fmt.Fprint(p.stdout, r.text())
	}
}

// text tells how a file differs.
func (r *replayReport) text() string {
	var b strings.Builder
	file := core.Printable(r.File)
	fmt.Fprintf(&b, "%s: %s", file, r.Result)
	if r.Cut != "" {
		fmt.Fprintf(&b, " when the server's bytes are cut %s", r.Cut)
	}
	if r.Seed != nil {
		fmt.Fprintf(&b, " with seed %d; to repeat it: workbench replay --recut 1 --seed %d %s", *r.Seed, *r.Seed, catalog.Quote(r.File))
	}
	b.WriteByte('\n')
	if r.Where != nil {
		fmt.Fprintf(&b, "%s:%d: %s\n", file, r.Where.Line, core.Under(r.Where.Words))
	}
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "%s:%d: %s\n", file, f.Line, core.Under(f.Words))
	}
	b.WriteString(r.Difference)
	if r.Updated && r.Result == resultDifferent {
		fmt.Fprintf(&b, "%s: its actions were updated all the same\n", file)
	}
	if r.Error != "" {
		fmt.Fprintf(&b, "%s: %s\n", file, core.Under(r.Error))
	}
	return b.String()
}

// progress shows how far it is, to a person.
func (p *replayPrinter) progress(replays int64) {
	if screen.IsTerminal(p.stderr) {
		fmt.Fprintf(screen.Unfiltered(p.stderr), "\r%d of %d transcripts, %d replays\x1b[K", p.done, p.total, replays)
		p.line = true
	}
}

func (p *replayPrinter) clear() {
	if p.line {
		fmt.Fprint(screen.Unfiltered(p.stderr), "\r\x1b[K")
		p.line = false
	}
}

// summary prints the last line: "45 transcripts, 44 same, 1 different".
func (p *replayPrinter) summary(ctx context.Context, replays int64) {
	p.clear()
	switch {
	case ctx.Err() != nil && p.report == reportTAP:
		fmt.Fprintln(p.stdout, "Bail out! the replay was interrupted")
		return
	case ctx.Err() != nil, p.asJSON, p.report == reportTAP:
		return
	}
	if p.report == reportJUnit {
		p.suite.write(p.stdout, p.same+p.updated+p.different+p.unusable, p.different, p.unusable)
		return
	}
	words := "transcripts"
	if p.total == 1 {
		words = "transcript"
	}
	fmt.Fprintf(p.stdout, "%d %s, %d same", p.total, words, p.same)
	for _, c := range []struct {
		count int
		words string
	}{{p.updated, resultUpdated}, {p.different, resultDifferent}, {p.unusable, resultUnusable}} {
		if c.count > 0 {
			fmt.Fprintf(p.stdout, ", %d %s", c.count, c.words)
		}
	}
	if p.recut >= 0 {
		fmt.Fprintf(p.stdout, " (%d replays)", replays)
	}
	fmt.Fprintln(p.stdout)
}
