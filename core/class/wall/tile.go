package wall

import "time"

// Tile is what a teacher sees of a student.
type Tile struct {
	ID     string     `json:"id"` // the user name
	Name   string     `json:"name"`
	Here   bool       `json:"here"` // the student's page is connected
	Joined time.Time  `json:"joined"`
	Hand   *time.Time `json:"hand,omitempty"` // since when it is up

	Lesson string `json:"lesson,omitempty"` // a name; "": none was opened
	Title  string `json:"title,omitempty"`  // of the lesson
	Step   int    `json:"step,omitempty"`   // that the student is at, from 1
	Steps  int    `json:"steps,omitempty"`
	Points *int   `json:"points,omitempty"` // nil: no lesson was opened
	Of     *int   `json:"of,omitempty"`     // points of the whole lesson

	State State     `json:"state"`
	Why   Why       `json:"why,omitempty"`   // of Stuck
	Error string    `json:"error,omitempty"` // of ByError: what it is that comes again and again
	Since time.Time `json:"since"`

	Line     *Line         `json:"line,omitempty"`
	Sessions []SessionTile `json:"sessions"` // that can be watched, the newest first
}

// State is how a student is doing.
type State string

// The states, from who needs help first. A student is in the first of these that holds.
const (
	Hand    State = "hand"    // it is up
	Stuck   State = "stuck"   // see Why
	Idle    State = "idle"    // has done nothing for as long as Patience
	Working State = "working" // none of the others
	Done    State = "done"    // has passed all steps of the lesson
	Away    State = "away"    // the student's page is not connected
)

// Why says in which way a student is stuck.
type Why string

// The ways.
const (
	ByError    Why = "error"    // the same error has come three times in a row
	ByProgress Why = "progress" // the student does something, and has gained nothing for as long as Patience
)

// Bounds of what is seen.
const (
	Patience    = 3 * time.Minute
	sameErrors  = 3   // in a row, that make a student stuck
	maxText     = 200 // bytes of a line, of an error, of a title
	maxSessions = 4   // of a student, the newest
)

// Line is the last line that crossed.
type Line struct {
	From string    `json:"from"` // client, server or workbench
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// SessionTile is a session of a student.
type SessionTile struct {
	Attach  string    `json:"attach"`  // what one attaches to
	Session string    `json:"session"` // ID
	Mode    string    `json:"mode"`
	Target  string    `json:"target"`
	Began   time.Time `json:"began"`
	Over    bool      `json:"over"`
	// Workbench names the one that has the session; "": this one.
	Workbench string `json:"workbench,omitempty"`
}
