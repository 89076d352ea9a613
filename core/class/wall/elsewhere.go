package wall

import (
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/class"
)

// This file is for a class that several workbenches hold. Each sees those students whose
// browsers have come to it, and tells the others.

// Seen is what one workbench sees of a student. The name, the hand and when the student
// joined are left out, which all know.
type Seen struct {
	Tile
	Active time.Time `json:"active"` // the student did something last, or came, or left
}

// ElsewhereLife is how long what another workbench sees counts: it tells all of it again in
// less than that.
const ElsewhereLife = 15 * time.Second

// elsewhere is what another workbench sees.
type elsewhere struct {
	Seen
	heard time.Time
}

// Seen returns what is seen here of students, in their order, without those who were not
// seen here.
func (w *Wall) Seen(of []class.Student, now time.Time) []Seen {
	var all []Seen
	for _, one := range of {
		s := w.find(one.ID)
		if s == nil || s.activeAt().IsZero() {
			continue
		}
		seen := Seen{s.tile(class.Student{ID: one.ID, Joined: one.Joined}, now), inJSON(s.activeAt())}
		seen.Joined = time.Time{}
		all = append(all, seen)
	}
	return all
}

// activeAt returns when the student did something last, or came, or left; zero: the student
// was not seen.
func (s *Student) activeAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return latest(latest(s.active, s.came), s.left)
}

// SeenElsewhere takes what another workbench sees of students.
func (w *Wall) SeenElsewhere(workbench string, all []Seen, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.elsewhere == nil {
		w.elsewhere = map[string]map[string]elsewhere{}
	}
	for _, seen := range all {
		if w.elsewhere[seen.ID] == nil {
			w.elsewhere[seen.ID] = map[string]elsewhere{}
		}
		w.elsewhere[seen.ID][workbench] = elsewhere{seen, now}
	}
}

// with returns the tile of a student of whom this workbench sees a tile, with what others
// see: that of the one where the student is, or was active last, and the sessions of all.
func (w *Wall) with(own Tile, active time.Time, of class.Student, now time.Time) Tile {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.elsewhere[of.ID]) == 0 {
		return own
	}
	best, sessions := Seen{own, active}, own.Sessions
	for workbench, other := range w.elsewhere[of.ID] {
		if now.Sub(other.heard) > ElsewhereLife {
			delete(w.elsewhere[of.ID], workbench)
			continue
		}
		for _, one := range other.Sessions {
			one.Workbench = workbench
			sessions = append(sessions, one)
		}
		if other.Here != best.Here && other.Here || other.Here == best.Here && other.Active.After(best.Active) {
			best = other.Seen
		}
	}
	t := best.Tile
	t.Name, t.Joined, t.Hand = own.Name, own.Joined, own.Hand
	if own.State == Hand {
		t.State, t.Why, t.Since = own.State, own.Why, own.Since
	}
	t.Sessions = sessions
	slices.SortStableFunc(t.Sessions, func(a, b SessionTile) int { return b.Began.Compare(a.Began) })
	t.Sessions = t.Sessions[:min(len(t.Sessions), maxSessions)]
	return t
}

// HasElsewhere reports whether another workbench has a session of a student.
func (w *Wall) HasElsewhere(id, attach string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, other := range w.elsewhere[id] {
		if slices.ContainsFunc(other.Sessions, func(one SessionTile) bool { return one.Attach == attach }) {
			return true
		}
	}
	return false
}
