package golden

import (
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Outcome is what became of a file.
type Outcome string

// The outcomes.
const (
	Same      Outcome = "same"
	Different Outcome = "different"
	Updated   Outcome = "updated"
	Unusable  Outcome = "unusable" // it could not be replayed
	Skipped   Outcome = "skipped"  // it says that it does not apply to the line mode
)

// Report is what became of one file. Its JSON is documented in docs/replay.md.
type Report struct {
	File       string           `json:"file"`
	Mode       string           `json:"mode,omitempty"`
	Connection int              `json:"connection,omitempty"` // of several, counted from 1: that which is not the same, or not usable
	Outcome    Outcome          `json:"result"`
	OK         bool             `json:"ok"`
	Updated    bool             `json:"updated,omitempty"` // the file was rewritten, whatever a recut found after that
	Replays    int              `json:"replays"`
	Cut        string           `json:"cut,omitempty"`
	Seed       *uint64          `json:"seed,omitempty"`
	Where      *replay.Finding  `json:"where,omitempty"`
	Faults     []replay.Finding `json:"faults,omitempty"`
	Difference string           `json:"difference,omitempty"`
	Line       int              `json:"line,omitempty"`  // where it differs, or of Error
	Error      string           `json:"error,omitempty"` // why the file is unusable, or was not updated
	Warning    string           `json:"warning,omitempty"`
	Skip       string           `json:"skip,omitempty"` // the condition by which it was skipped

	Now []*transcript.Transcript `json:"-"` // what an updated file holds

	changed string // what an update has changed so far
}

// take copies what a replay found.
func (r *Report) take(found *replay.Result) {
	r.Outcome, r.OK = Same, found.Same
	if found.Same {
		return
	}
	r.Outcome = Different
	r.Cut, r.Faults, r.Difference, r.Line = found.Cuts.Name, found.Faults, found.Diff, found.Line
	if found.Cuts.Random {
		r.Seed = &found.Cuts.Seed
	}
	if found.Where.Line > 0 {
		r.Where = &found.Where
	}
}

// in notes which of the connections is being replayed.
func (r *Report) in(all []*connection, i int) {
	if r.Mode = all[i].Mode; len(all) > 1 {
		r.Connection = i + 1
	}
}

// passed notes that all connections are the same that were not skipped. What shows of a
// difference is what an update has changed.
func (r *Report) passed(all []*connection) {
	r.Outcome, r.OK, r.Connection, r.Mode, r.Skip = Same, true, 0, all[0].Mode, ""
	if r.Difference = r.changed; !r.Updated {
		r.Line = 0
	}
}

// fail notes that the file could not be replayed, or was not to be.
func (r *Report) fail(err error) *Report {
	var skipped *replay.Skipped
	if errors.As(err, &skipped) {
		r.Outcome, r.OK, r.Line, r.Skip = Skipped, true, skipped.Line, skipped.Words
		return r
	}
	r.Outcome, r.OK, r.Line, r.Error = Unusable, false, 0, err.Error()
	var syntax *transcript.SyntaxError
	if errors.As(err, &syntax) {
		r.Line, r.Error = syntax.Line, syntax.Msg
	}
	return r
}

// Problem says why an unusable file is that, with the line if one is to blame.
func (r *Report) Problem() string {
	if r.Line > 0 {
		return fmt.Sprintf("%s:%d: %s%s", core.Printable(r.File), r.Line, transcript.InConnection(r.Connection), r.Error)
	}
	return r.Error
}

// text tells how a file differs.
func (r *Report) text() string {
	var b strings.Builder
	file := core.Printable(r.File)
	fmt.Fprintf(&b, "%s: %s", file, r.Outcome)
	if r.Connection > 0 {
		fmt.Fprintf(&b, " in connection %d", r.Connection)
	}
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
	if r.Updated && r.Outcome == Different {
		fmt.Fprintf(&b, "%s: its actions were updated all the same\n", file)
	}
	if r.Error != "" {
		fmt.Fprintf(&b, "%s: %s\n", file, core.Under(r.Error))
	}
	return b.String()
}

// headline says in a line what became of the file.
func (r *Report) headline() string {
	switch {
	case r.Error != "":
		words, _, _ := strings.Cut(r.Error, "\n")
		return string(r.Outcome) + ": " + words
	case len(r.Faults) > 0:
		return string(r.Outcome) + ": " + r.Faults[0].Words
	}
	words := string(r.Outcome)
	if r.Connection > 0 {
		words += fmt.Sprintf(" in connection %d", r.Connection)
	}
	if r.Cut != "" {
		words += " when the server's bytes are cut " + r.Cut
	}
	return words
}

// details tells all of what is wrong with the file.
func (r *Report) details() string {
	if r.Outcome == Unusable {
		return r.Error
	}
	return r.text()
}
