package class

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
)

// Event is one thing that happened in a class, as a line of its file has it.
type Event struct {
	Kind Kind      `json:"event"`
	At   time.Time `json:"at"`
	Code string    `json:"code,omitempty"` // of Opened and NewCode
	ID   string    `json:"id,omitempty"`   // of Joined, Removed, HandUp and HandDown: a user name
	Name string    `json:"name,omitempty"` // of Joined: as the student has chosen it
	User string    `json:"user,omitempty"` // of Joined: the hash of the user's token, for other workbenches
	Sent *Sent     `json:"sent,omitempty"` // of SentAll
	For  int64     `json:"for,omitempty"`  // of DeleteAfter, in seconds; 0: for ever
}

// Kind is a kind of event.
type Kind string

// The kinds of events.
const (
	Opened   Kind = "opened" // the first of each class
	NewCode  Kind = "code"   // the one before lets nobody join any more
	Joined   Kind = "joined"
	Removed  Kind = "removed" // by the teacher
	HandUp   Kind = "hand-up"
	HandDown Kind = "hand-down"
	Paused   Kind = "paused"
	GoingOn  Kind = "going-on"
	SentAll  Kind = "sent" // by the teacher, to all students
	// DeleteAfter says how long the class is kept without being used.
	DeleteAfter Kind = "delete-after"
	Ended       Kind = "ended" // nothing follows: the class is to be deleted
)

// Sent is what a teacher sends to all students, for them to open: a lesson, or a target
// and a line mode, or nothing.
type Sent struct {
	N      int       `json:"n"` // counts what was sent, from 1
	At     time.Time `json:"at"`
	Lesson string    `json:"lesson,omitempty"`
	Step   int       `json:"step,omitempty"` // of the lesson, from 1; 0: not told
	Target string    `json:"target,omitempty"`
	Mode   string    `json:"mode,omitempty"` // "": not told
}

// IsNothing reports whether what was sent before was taken back.
func (s Sent) IsNothing() bool { return s.Lesson == "" && s.Target == "" }

// maxSent bounds each text of what is sent, in bytes.
const maxSent = 512

// check returns what is wrong with what is sent, or nil.
func (s Sent) check() error {
	if s.Lesson != "" && s.Target != "" || s.Lesson == "" && s.Step != 0 || s.Target == "" && s.Mode != "" {
		return errors.New("not either a lesson or a target")
	}
	if s.N < 1 || s.Step < 0 || max(len(s.Lesson), len(s.Target), len(s.Mode)) > maxSent {
		return errors.New("a number or a text is out of bounds")
	}
	return nil
}

// Student is somebody who has joined.
type Student struct {
	ID     string // the user name
	Name   string // as the student has chosen it; others may have the same
	Joined time.Time
	Hand   time.Time // since when it is up; zero: it is down
	gone   bool
	user   string // the hash of the user's token; "": not known
}

// Bounds of a class.
const (
	// MaxStudents is how many there can be at a time.
	MaxStudents = 1000
	// MaxDeleteAfter is how long it can be kept without being used, unless for ever.
	MaxDeleteAfter = 10 * 365 * 24 * time.Hour
	// maxJoins is how many can join in all, those that were removed included.
	maxJoins = 2 * MaxStudents
)

// State is what the events of a class add up to.
type State struct {
	Opened time.Time
	Code   string
	Paused time.Time // since when it is; zero: it is not
	Sent   Sent      // last; N is 0: nothing was
	Ended  time.Time // since when it is to be deleted; zero: it goes on
	// DeleteAfter is how long it is kept without being used; 0: for ever.
	DeleteAfter time.Duration

	all []Student // those that are gone too: their names are not given again
}

// Students returns those who are there, in the order in which they joined.
func (s *State) Students() []Student {
	return slices.DeleteFunc(slices.Clone(s.all), func(one Student) bool { return one.gone })
}

// Find returns a student who is there.
func (s *State) Find(id string) (Student, bool) {
	if one := s.find(id); one != nil && !one.gone {
		return *one, true
	}
	return Student{}, false
}

// find returns a student, also one who is gone; nil: there never was one.
func (s *State) find(id string) *Student {
	if i := slices.IndexFunc(s.all, func(one Student) bool { return one.ID == id }); i >= 0 {
		return &s.all[i]
	}
	return nil
}

// The errors of what cannot happen in a class.
var (
	ErrFull      = errors.New("class is full")
	ErrNoStudent = errors.New("no such student in this class")
	ErrEnded     = errors.New("class has ended")
)

// Apply adds an event. One that cannot follow those before returns an error, and changes
// nothing.
func (s *State) Apply(e Event) error {
	if (e.Kind == Opened) != s.Opened.IsZero() {
		return fmt.Errorf("event %.40q: a class is opened once, first of all", e.Kind)
	}
	if !s.Ended.IsZero() {
		return fmt.Errorf("event %.40q: %w", e.Kind, ErrEnded)
	}
	switch e.Kind {
	case Opened, NewCode:
		if normal(e.Code) != e.Code || len(e.Code) != codeLength || e.At.IsZero() {
			return fmt.Errorf("event %q has no time, or no code of %d letters and digits", e.Kind, codeLength)
		}
		if s.Code = e.Code; e.Kind == Opened {
			s.Opened = e.At
		}
	case SentAll:
		if e.Sent == nil {
			return fmt.Errorf("event %q does not say what was sent", e.Kind)
		}
		if err := e.Sent.check(); err != nil {
			return fmt.Errorf("event %q: %w", e.Kind, err)
		}
		if e.Sent.N <= s.Sent.N {
			return fmt.Errorf("event %q has the number %d, and %d was before it", e.Kind, e.Sent.N, s.Sent.N)
		}
		s.Sent = *e.Sent
	case Joined:
		return s.join(e)
	case Paused:
		s.Paused = e.At
	case GoingOn:
		s.Paused = time.Time{}
	case DeleteAfter:
		if e.For < 0 || e.For > int64(MaxDeleteAfter/time.Second) {
			return fmt.Errorf("event %q: %d seconds are not allowed", e.Kind, e.For)
		}
		s.DeleteAfter = time.Duration(e.For) * time.Second
	case Ended:
		s.Ended = e.At
	case Removed, HandUp, HandDown:
		one := s.find(e.ID)
		switch {
		case one == nil || one.gone:
			return fmt.Errorf("event %q of %.40q: %w", e.Kind, e.ID, ErrNoStudent)
		case e.Kind == Removed:
			one.gone, one.Hand, one.user = true, time.Time{}, ""
		case e.Kind == HandUp:
			one.Hand = e.At
		default:
			one.Hand = time.Time{}
		}
	default:
		return fmt.Errorf("unknown event %.40q", e.Kind)
	}
	return nil
}

func (s *State) join(e Event) error {
	if err := access.CheckName(e.ID); err != nil {
		return fmt.Errorf("event %q: %w", e.Kind, err)
	}
	if name, err := CleanName(e.Name); err != nil || name != e.Name {
		return fmt.Errorf("event %q: name %.40q is not allowed", e.Kind, e.Name)
	}
	switch {
	case s.find(e.ID) != nil:
		return fmt.Errorf("event %q: %.40q has joined before", e.Kind, e.ID)
	case len(s.all) >= maxJoins, len(s.Students()) >= MaxStudents:
		return ErrFull
	}
	if _, err := (access.User{}).WithHash(e.User); e.User != "" && err != nil {
		return fmt.Errorf("event %q: %w", e.Kind, err)
	}
	s.all = append(s.all, Student{ID: e.ID, Name: e.Name, Joined: e.At, user: e.User})
	return nil
}

// Events returns the fewest events that add up to the state.
func (s *State) Events() []Event {
	all := []Event{{Kind: Opened, At: s.Opened, Code: s.Code}}
	for _, one := range s.all {
		all = append(all, Event{Kind: Joined, At: one.Joined, ID: one.ID, Name: one.Name, User: one.user})
		if one.gone {
			all = append(all, Event{Kind: Removed, At: one.Joined, ID: one.ID})
		}
		if !one.Hand.IsZero() {
			all = append(all, Event{Kind: HandUp, At: one.Hand, ID: one.ID})
		}
	}
	if !s.Paused.IsZero() {
		all = append(all, Event{Kind: Paused, At: s.Paused})
	}
	if s.Sent.N > 0 {
		all = append(all, Event{Kind: SentAll, At: s.Sent.At, Sent: &s.Sent})
	}
	if s.DeleteAfter > 0 {
		all = append(all, Event{Kind: DeleteAfter, At: s.Opened, For: int64(s.DeleteAfter / time.Second)})
	}
	if !s.Ended.IsZero() {
		all = append(all, Event{Kind: Ended, At: s.Ended})
	}
	return all
}
