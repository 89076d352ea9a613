package wall

import (
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
)

// Student is what is seen of one student, who is told of as things happen.
type Student struct {
	mu sync.Mutex

	here       int       // connections of the student's page
	came, left time.Time // the first of them was made, the last one was lost

	active time.Time // the student did something last
	lesson Lesson
	step   int       // of the lesson, from 1
	gained time.Time // points or a step, or opened the lesson, or came back to it
	done   time.Time // with the lesson

	errors   [kinds]run
	tried    Try  // what was checked last, and did not pass
	counted  bool // it is among the errors
	line     line
	sessions []*Session // that can be watched, the newest last
}

// Lesson is a lesson, and what a student has reached in it.
type Lesson struct {
	Name   string
	Title  string
	Steps  int
	Of     int // points
	Passed int // steps
	Points int // reached
	Next   int // the first step that is not passed, from 1; 0: all are
}

func (l *Lesson) isDone() bool { return l.Steps > 0 && l.Passed == l.Steps }

// at returns the step at which somebody is who has reached this.
func (l *Lesson) at() int {
	if l.Next == 0 {
		return l.Steps
	}
	return l.Next
}

// line is what crossed last.
type line struct {
	from string
	text []byte // at most maxText
	at   time.Time
}

func (l *line) set(from string, text []byte, at time.Time) {
	l.from, l.at = from, at
	l.text = append(l.text[:0], text[:min(len(text), maxText)]...)
}

// Came tells that a connection of the student's page was made. Who was away for long has
// come anew: the time to be stuck or idle begins then.
func (s *Student) Came(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.here++; s.here == 1 && (s.came.IsZero() || now.Sub(s.left) >= Patience) {
		s.came, s.gained = now, now
	}
}

// Left tells that a connection of the student's page was lost.
func (s *Student) Left(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.here--; s.here == 0 {
		s.left = now
	}
}

// Was tells what a student had reached, and at which step the student was, 0 if that is not
// known, before the workbench was started. It counts for nothing once more is known.
func (s *Student) Was(then time.Time, l Lesson, step int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lesson.Name != "" {
		return
	}
	if s.take(l); step >= 1 && step <= l.Steps {
		s.step = step
	}
	if l.isDone() {
		s.done = then
	}
}

// At returns the lesson and the step that the student is at; "": none.
func (s *Student) At() (lesson string, step int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lesson.Name, s.step
}

// Opened tells that the student has a lesson before them.
func (s *Student) Opened(now time.Time, l Lesson) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = now
	s.reached(now, l)
}

// Try is what became of a step that was checked.
type Try struct {
	Step   int // from 1
	Passed bool
	// Failed names the first check that does not hold, if it is not passed.
	Failed string
	// Of says what was checked, shortly. The same checked again, as the page does by
	// itself while a session runs, is the same try.
	Of string
	// Sessions says that some were checked, of which the newest may go on.
	Sessions bool
}

// Checked tells that a step was checked. The lesson has what is reached with that.
func (s *Student) Checked(now time.Time, l Lesson, t Try) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = now
	gained := s.reached(now, l)
	if t.Passed {
		s.step = l.at()
		s.errors[checks].over()
		s.tried, s.counted = Try{}, true
		return
	}
	s.step = t.Step
	if t.Of != s.tried.Of {
		s.failed(now) // what came before, if its end was not seen
		s.counted = false
	}
	s.counted = s.counted || gained // what brings something is not counted
	t.Failed = core.CutWords(t.Failed, maxText)
	if s.tried = t; !t.Sessions || len(s.sessions) == 0 || s.sessions[len(s.sessions)-1].Over {
		s.failed(now)
	}
}

// failed counts the last try among the errors, once.
func (s *Student) failed(now time.Time) {
	if t := &s.tried; !s.counted && t.Of != "" {
		s.counted = true
		s.errors[checks].came(now, checkKey(s.lesson.Name, t.Step, t.Failed), t.Failed)
	}
}

// reached notes what is reached in a lesson, and reports whether that is more than before,
// or another lesson.
func (s *Student) reached(now time.Time, l Lesson) bool {
	before := s.lesson
	if l.Name == before.Name && l.Points <= before.Points && l.Passed <= before.Passed {
		s.lesson = l
		return false
	}
	if s.take(l); l.isDone() && (l.Name != before.Name || !before.isDone()) {
		s.done = now
	}
	s.gained = now
	return true
}

// take notes a lesson, or a gain in it: no error before counts any more.
func (s *Student) take(l Lesson) {
	s.lesson, s.step = l, l.at()
	s.errors, s.tried, s.counted = [kinds]run{}, Try{}, false
}

// Refused tells that the student got no session, by its code and in words.
func (s *Student) Refused(now time.Time, code, words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = now
	s.line.set("workbench", []byte(words), now)
	s.errors[dials].came(now, core.CutWords(code, maxText), core.CutWords(words, maxText))
}

// tile returns what is seen of the student, of whom the class says more.
func (s *Student) tile(of class.Student, now time.Time) Tile {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Tile{ID: of.ID, Name: of.Name, Here: s.here > 0, Joined: of.Joined, Sessions: []SessionTile{}}
	if !of.Hand.IsZero() {
		t.Hand = &of.Hand
	}
	if l := s.lesson; l.Name != "" {
		t.Lesson, t.Title, t.Step, t.Steps, t.Points, t.Of = l.Name, shown(l.Title), s.step, l.Steps, &l.Points, &l.Of
	}
	if !s.line.at.IsZero() {
		t.Line = &Line{s.line.from, shown(string(s.line.text)), inJSON(s.line.at)}
	}
	for _, one := range slices.Backward(s.sessions) {
		t.Sessions = append(t.Sessions, one.tile())
	}
	t.State, t.Why, t.Since = s.state(of, now)
	if t.Why == ByError {
		t.Error = shown(s.worst().text)
	}
	t.Since = inJSON(t.Since)
	return t
}

// state returns how the student is doing. This is the only place that decides it.
func (s *Student) state(of class.Student, now time.Time) (State, Why, time.Time) {
	seen := latest(s.active, s.came)
	over := func(since time.Time) bool { return now.Sub(since) >= Patience }
	switch worst := s.worst(); {
	case !of.Hand.IsZero():
		return Hand, "", of.Hand
	case s.here == 0:
		return Away, "", latest(s.left, of.Joined)
	case s.lesson.isDone():
		return Done, "", s.done
	case worst.n >= sameErrors:
		return Stuck, ByError, worst.since
	case over(seen):
		return Idle, "", seen
	case s.lesson.Name != "" && over(s.gained):
		return Stuck, ByProgress, s.gained
	}
	return Working, "", latest(s.gained, s.came)
}

// worst returns the errors of the kind that has come most often in a row.
func (s *Student) worst() *run {
	worst := &s.errors[0]
	for i := range s.errors {
		if s.errors[i].n > worst.n {
			worst = &s.errors[i]
		}
	}
	return worst
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// inJSON returns a time as it is shown: no finer than what people see.
func inJSON(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// shown returns text that others chose as it is shown.
func shown(text string) string { return core.CutWords(core.Printable(text), maxText) }
