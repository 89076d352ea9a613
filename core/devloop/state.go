package devloop

import (
	"slices"
	"sync"
	"time"
)

// State is all that there is to show.
type State struct {
	Mode     string   `json:"mode"`
	Dir      string   `json:"dir"` // what is watched
	Build    Build    `json:"build"`
	Serves   int      `json:"serves"`          // the Build.N that is in place; 0: none is yet
	Doing    *Doing   `json:"doing,omitempty"` // nil: waiting for a save
	Goldens  Goldens  `json:"goldens"`
	Sessions Sessions `json:"sessions"`
	Log      []string `json:"log"` // what the plugin wrote and noted, the last lines
}

// Build is the last build that was tried.
type Build struct {
	N     int       `json:"n"` // from 1
	At    time.Time `json:"at"`
	OK    bool      `json:"ok"`              // it serves
	Same  bool      `json:"same,omitempty"`  // … as before: nothing has changed
	Error string    `json:"error,omitempty"` // why it does not, with all that the compiler said
	Took  float64   `json:"took"`            // seconds, from the save until it served
}

// Work is what the loop does between a save and a build that is in place.
type Work string

// The steps of a try, in their order.
const (
	Building  Work = "building"
	Starting  Work = "starting"  // the plugin's process
	Replaying Work = "replaying" // goldens
)

// Doing is a step of a try that goes on.
type Doing struct {
	What Work    `json:"what"`
	For  float64 `json:"for"` // seconds; brought up to date every few seconds
}

// tellEach is how often a step that takes long is told of.
const tellEach = 3 * time.Second

// doing says what is done now, and for how long it has been, until the returned
// function is called.
func (l *Loop) doing(what Work) (done func()) {
	began, over, ended := time.Now(), make(chan struct{}), make(chan struct{})
	tell := func(d *Doing) { l.board.change(func(s *State) { s.Doing = d }) }
	tell(&Doing{What: what})
	go func() {
		defer close(ended)
		tick := time.NewTicker(l.each)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell(&Doing{what, time.Since(began).Seconds()})
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-ended
		tell(nil)
	}
}

// Goldens are the goldens replayed through the last build.
type Goldens struct {
	Total     int         `json:"total"`
	Different []Different `json:"different"`
}

// Different is a golden that is answered differently, or cannot be replayed.
type Different struct {
	File string `json:"file"`
	Diff string `json:"diff"`
}

// Sessions are what became of the open ones after the last build that served.
type Sessions struct {
	Moved  int      `json:"moved"`
	Stayed []Stayed `json:"stayed"`
}

// Stayed is a session that is still on an old build.
type Stayed struct {
	Session string `json:"session"`
	N       uint64 `json:"n"` // the first event that the new build answers differently; 0 is the opening
	Diff    string `json:"diff"`
}

// keepLines bounds State.Log.
const keepLines = 200

// board holds the state, and tells when it changes.
type board struct {
	mu      sync.Mutex
	state   State
	changed chan struct{} // closed and replaced at each change
}

func (b *board) change(do func(*State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(&b.state)
	close(b.changed)
	b.changed = make(chan struct{})
}

// State returns a copy, and a channel that is closed when it is no longer true.
func (l *Loop) State() (State, <-chan struct{}) {
	b := &l.board
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	s.Goldens.Different = append([]Different{}, s.Goldens.Different...)
	s.Sessions.Stayed = append([]Stayed{}, s.Sessions.Stayed...)
	s.Log = append([]string{}, s.Log...)
	return s, b.changed
}

// Heard adds a line that the plugin wrote or noted.
func (l *Loop) Heard(line string) {
	l.board.change(func(s *State) {
		s.Log = append(s.Log, line)
		if extra := len(s.Log) - keepLines; extra > 0 {
			s.Log = slices.Delete(s.Log, 0, extra)
		}
	})
}

// Moved says that a session has moved to the newest build.
func (l *Loop) Moved(session string) {
	l.board.change(func(s *State) {
		s.Sessions.Moved++
		s.Sessions.Stayed = slices.DeleteFunc(s.Sessions.Stayed, func(o Stayed) bool { return o.Session == session })
	})
}

// Stayed says that a session stays on its old build.
func (l *Loop) Stayed(session string, n uint64, diff string) {
	l.board.change(func(s *State) {
		s.Sessions.Stayed = append(s.Sessions.Stayed, Stayed{session, n, diff})
	})
}

// Ended says that a session is over.
func (l *Loop) Ended(session string) {
	l.board.change(func(s *State) {
		s.Sessions.Stayed = slices.DeleteFunc(s.Sessions.Stayed, func(o Stayed) bool { return o.Session == session })
	})
}
