package lesson

import "github.com/protocol-workbench/workbench/core"

// Verdict is what became of an attempt. Its JSON is documented in docs/lessons.md.
type Verdict struct {
	Lesson string        `json:"lesson"`
	Seed   string        `json:"seed"`
	Passed bool          `json:"passed"` // all checks hold
	Points int           `json:"points"`
	Of     int           `json:"of"`
	Steps  []StepVerdict `json:"steps"`
}

// StepVerdict is what became of a step.
type StepVerdict struct {
	Step   int            `json:"step"` // from 1
	Title  string         `json:"title"`
	Passed bool           `json:"passed"`
	Points int            `json:"points"`
	Of     int            `json:"of"`
	Checks []CheckVerdict `json:"checks"`
	// Hint is the first of the checks' hints that is for a mistake, else the first.
	Hint *HintVerdict `json:"hint,omitempty"`
}

// CheckVerdict is what became of a check.
type CheckVerdict struct {
	Check  int    `json:"check"` // within the step, from 1
	Kind   Kind   `json:"kind"`
	Words  string `json:"words"`
	Holds  bool   `json:"holds"`
	Points int    `json:"points"`
	Of     int    `json:"of"`
	Code   Code   `json:"code,omitempty"` // why it does not hold
	Why    string `json:"why,omitempty"`  // the same in words. It may quote the lesson's regexps
	// Condition is the line in lesson.md of the condition that does not hold.
	Condition int          `json:"condition,omitempty"`
	Shown     *Shown       `json:"shown,omitempty"`
	Hint      *HintVerdict `json:"hint,omitempty"`
}

// Shown is the entry that shows that a check holds, or why it does not. Where something
// is missing it is the last one that was found, after which the rest was looked for.
type Shown struct {
	Connection int    `json:"connection"`     // of the attempt, from 1
	Entry      int    `json:"entry"`          // in its transcript, from 1
	Line       int    `json:"line,omitempty"` // in its file, from 1; 0 if it comes from none
	Text       string `json:"text"`           // as transcripts write it, cut to MaxShown
}

// MaxShown bounds the text of an entry that is shown, in bytes.
const MaxShown = 400

// HintVerdict is a hint that fits.
type HintVerdict struct {
	Check   int    `json:"check"`
	Hint    int    `json:"hint"` // of the check, from 1
	Words   string `json:"words"`
	Mistake bool   `json:"mistake"` // it is for a mistake that was made
}

// Code says why a check does not hold.
type Code string

// The codes.
const (
	CodeNoConnection Code = "no-connection" // nothing was done yet
	CodeMissing      Code = "missing"       // something did not cross
	CodeUnwanted     Code = "unwanted"      // something that must not be did
	CodeOpen         Code = "open"          // a stream has not ended
	CodeClosedFirst  Code = "closed-first"  // the other side closed first
	CodeBareLF       Code = "bare-lf"
	CodeSegments     Code = "segments"  // too few
	CodeField        Code = "field"     // a field of a message has other values; Why names those alone
	CodeDiffers      Code = "differs"   // from a golden
	CodeSetting      Code = "setting"   // another mode, option or target
	CodeUnusable     Code = "unusable"  // the transcript cannot be compared with a golden
	CodeNoAnswer     Code = "no-answer" // to a quiz
	CodeAnswer       Code = "answer"    // it is not right
)

// show notes an entry as what shows a check's verdict.
func (v *CheckVerdict) show(w *attempted, entry int) {
	e := &w.log.Entries[entry]
	text := core.CutWords(string(entryText(e)), MaxShown)
	v.Shown = &Shown{Connection: w.number, Entry: entry + 1, Line: e.Line, Text: text}
}
