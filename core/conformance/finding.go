package conformance

import (
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/abridge"
)

// Finding is a promise that was broken.
type Finding struct {
	Check string `json:"check"`          // the name of the check that found it
	File  string `json:"file,omitempty"` // of a golden
	Line  int    `json:"line,omitempty"` // in File, from 1; 0: none
	Words string `json:"words"`          // what happened
	Do    string `json:"do,omitempty"`   // what to do about it
	// Diff is in transcript notation: "-" what was expected, "+" what came.
	Diff string `json:"diff,omitempty"`
	// Session is the shortest session found that shows it, as a transcript.
	// Empty of a golden, which shows it itself.
	Session string `json:"session,omitempty"`

	event int // of the session, whose line in a golden is the finding's; 0: none
}

// Shortened reports that String does not show every byte of the difference or
// of the session that it shows.
func (f Finding) Shortened() bool {
	return abridge.Transcript(f.Diff) != f.Diff || f.showsSession() && abridge.Transcript(f.Session) != f.Session
}

func (f Finding) showsSession() bool {
	return f.Session != "" && (f.Diff == "" || strings.Contains(f.Diff, "…\n"))
}

// String shows the finding to a person, over several lines, the first of which
// begins with FILE:LINE if it is a golden's. It ends with a newline. Long
// payloads are shown shortened, as "a" × 1048576 or by their ends: the fields
// have all of it.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s:%d: ", core.Printable(f.File), max(f.Line, 1))
	}
	fmt.Fprintf(&b, "%s: %s\n", core.Printable(f.Check), abridge.Cut(f.Words, abridge.MaxShown/2))
	b.WriteString(abridge.Transcript(f.Diff))
	if f.showsSession() {
		b.WriteString("The session that shows it:\n")
		for line := range strings.Lines(abridge.Transcript(f.Session)) {
			b.WriteString("  " + line)
		}
	}
	if f.Do != "" {
		b.WriteString("What to do: " + f.Do + "\n")
	}
	return b.String()
}

// Result tells what one check, or one golden, came to.
type Result struct {
	Check    string    `json:"check"` // its name, or the golden's file
	About    string    `json:"about"` // the promise, in words
	Findings []Finding `json:"findings"`
	// Skipped says what was not checked, or not wholly, and why.
	Skipped string `json:"skipped,omitempty"`
	// Advice is what may be meant so: no promise, and so no failure.
	Advice []Finding `json:"advice,omitempty"`
	// Reach is what no golden reaches; nil of a check that does not look for it.
	Reach *Reach `json:"reach,omitempty"`
}
