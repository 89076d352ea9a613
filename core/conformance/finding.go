package conformance

import (
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
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
}

// String shows the finding to a person, over several lines, the first of which
// begins with FILE:LINE if it is a golden's. It ends with a newline.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s:%d: ", core.Printable(f.File), max(f.Line, 1))
	}
	fmt.Fprintf(&b, "%s: %s\n", core.Printable(f.Check), f.Words)
	b.WriteString(shorten(f.Diff))
	if f.Session != "" && (f.Diff == "" || strings.Contains(f.Diff, "…\n")) {
		b.WriteString("The session that shows it:\n" + indent(f.Session))
	}
	if f.Do != "" {
		b.WriteString("What to do: " + f.Do + "\n")
	}
	return b.String()
}

// maxShownLine bounds the bytes of a line of a difference that are shown.
const maxShownLine = 200

// shorten cuts long lines, and what has too many. The whole is in the finding.
func shorten(text string) string {
	var b strings.Builder
	within := false // a large payload, of which one line is enough
	for line := range strings.Lines(text) {
		if b.Len() > maxShown {
			return b.String() + "…\n"
		}
		cut := core.CutWords(line, maxShownLine)
		if cut != line && within {
			continue
		}
		if within = cut != line; within {
			line = cut + "…\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// maxShown bounds the bytes of a difference or a session that are shown.
const maxShown = 4 << 10

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(shorten(text)) {
		b.WriteString("  " + line)
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
