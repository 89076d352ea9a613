package wall

import (
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/class"
)

// Wall has what is seen of the students of a class. The zero value is ready to use.
type Wall struct {
	mu       sync.Mutex
	students map[string]*Student
	// elsewhere is what other workbenches see, by student and workbench.
	elsewhere map[string]map[string]elsewhere
}

// Student returns who has this user name, for facts to be told of. Its caller asks only
// for those who have joined, so that the class bounds how many there are.
func (w *Wall) Student(id string) *Student {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.students[id]
	if s == nil {
		if w.students == nil {
			w.students = map[string]*Student{}
		}
		s = new(Student)
		w.students[id] = s
	}
	return s
}

// Remove forgets a student.
func (w *Wall) Remove(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.students, id)
	delete(w.elsewhere, id)
}

// find returns a student; nil: nothing was told of this one.
func (w *Wall) find(id string) *Student {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.students[id]
}

// Tiles returns what is seen of students at some time, in their order.
func (w *Wall) Tiles(of []class.Student, now time.Time) []Tile {
	all := make([]Tile, len(of))
	for i, one := range of {
		s := w.find(one.ID)
		if s == nil { // has not come yet
			s = new(Student)
		}
		all[i] = w.with(s.tile(one, now), s.activeAt(), one, now)
	}
	return all
}
