package lesson

import (
	"regexp"

	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Lesson is a lesson as one student gets it. Its JSON is what a student may see:
// neither conditions nor which choice is right.
type Lesson struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Summary string  `json:"summary,omitempty"`
	Minutes int     `json:"minutes,omitempty"` // that it takes about; 0: not told
	Text    string  `json:"text,omitempty"`    // Markdown above the first step
	Setting Setting `json:"setting"`
	Steps   []Step  `json:"steps"`

	seed string
}

// Setting says whom a student talks to, and how. A step has the lesson's unless it
// says otherwise.
type Setting struct {
	Mode    string                   `json:"mode,omitempty"`
	Options []transcript.OptionValue `json:"options,omitempty"` // of the mode
	// Practice names the practice server, and With says how it serves: lines (strict or
	// lenient), fragment, slow (no value), closing (half-close, reset or cut). One of
	// Practice, Target and YourServer is set, or none where nobody is talked to.
	Practice   string                   `json:"practice,omitempty"`
	With       []transcript.OptionValue `json:"with,omitempty"`
	Target     string                   `json:"target,omitempty"`      // as the page takes it
	YourServer bool                     `json:"your_server,omitempty"` // the student writes the server
	Port       int                      `json:"port,omitempty"`        // of the student's server, unless another is chosen
}

// Step is one step of a lesson.
type Step struct {
	N       int     `json:"n"` // from 1
	Title   string  `json:"title"`
	Text    string  `json:"text,omitempty"` // Markdown
	Setting Setting `json:"setting"`
	Checks  []Check `json:"checks"`
	Points  int     `json:"points"` // of all checks

	together bool // the step's connections are judged together
}

// Kind says how a check is judged.
type Kind string

// The kinds of check.
const (
	Observe Kind = "check" // conditions on a connection
	Quiz    Kind = "quiz"  // the student's answer
	Stage   Kind = "stage" // a transcript played to the student's server
)

// Check is one thing that gives points.
type Check struct {
	N       int      `json:"n"` // within the step, from 1
	Kind    Kind     `json:"kind"`
	Points  int      `json:"points"`
	Words   string   `json:"words"`             // what has to be, or the question
	Choices []Choice `json:"choices,omitempty"` // of a quiz; none: the answer is a text
	Shows   string   `json:"shows,omitempty"`   // the text of the transcript that a quiz is about
	Line    int      `json:"-"`                 // in lesson.md

	partial    bool
	conditions []condition
	answer     *regexp.Regexp
	hints      []hint
	plays      *golden // of a stage
}

// Choice is one of the answers to choose from.
type Choice struct {
	Words string `json:"words"`
	right bool
}

// hint is for a check that does not hold. With conditions it is for one mistake,
// which all of them show.
type hint struct {
	words      string
	conditions []condition
}

// golden is a transcript that has to be reached.
type golden struct {
	file   string
	script *play.Script
}

// Script returns what a stage plays to the student's server, as the client; nil for
// another kind of check.
func (c *Check) Script() *play.Script {
	if c.plays == nil {
		return nil
	}
	return c.plays.script
}
