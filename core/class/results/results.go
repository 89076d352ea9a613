// Package results reads what the students of a class leave: their points, as a table, and
// what they handed in, as files.
//
// [Read] takes the points from the [Folder] of a class, whether the class is open or not, or
// from another [Source], and changes nothing there. [Class.WriteCSV] writes the table;
// [Class.WriteZip] and [Class.WriteFolder] write the table and the files. What they hold in
// memory does not depend on how much was recorded.
//
// The package judges nothing: points are those that the page gave. Students who were
// removed are left out.
package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store"
)

// Class is what there is of a class.
type Class struct {
	students []student
	lessons  []column // of which somebody has tried a step
	from     Source
}

// Source is where the work of students is.
type Source struct {
	// Reached returns what a student has reached, as [progress.Read] does.
	Reached func(student string) (seed string, best []progress.Line, err error)
	// Open opens a student's recording, or returns store.ErrNotFound.
	Open func(student, id string) (io.ReadCloser, error)
}

// Folder returns the work of the students of the class in a folder.
func Folder(folder string) Source {
	return Source{
		Reached: func(student string) (string, []progress.Line, error) {
			return progress.Read(of(Progress(folder), student))
		},
		Open: func(student, id string) (io.ReadCloser, error) {
			recorded, err := os.OpenRoot(of(Transcripts(folder), student))
			switch {
			case errors.Is(err, fs.ErrNotExist): // as with --no-record
				return nil, store.ErrNotFound
			case err != nil:
				return nil, err
			}
			text, err := store.OpenText(recorded, id)
			if err != nil {
				recorded.Close()
				return nil, err
			}
			return textIn{text, recorded}, nil
		},
	}
}

// textIn is a text of which parts are opened while it is read.
type textIn struct {
	io.ReadCloser
	folder *os.Root
}

func (t textIn) Close() error { return errors.Join(t.ReadCloser.Close(), t.folder.Close()) }

// student is somebody with what they have reached.
type student struct {
	class.Student
	points map[string]map[int]int // by lesson and step; a step that was not tried is absent
}

// column is a lesson.
type column struct {
	name  string
	steps []int // points of each; nil: the lesson is not known
	tried int   // the number of the last step that somebody has tried
}

// Progress returns the folder of what all users have reached, of the class in a folder.
func Progress(folder string) string { return filepath.Join(folder, "lessons") }

// Transcripts returns the folder of all recordings, of the class in a folder.
func Transcripts(folder string) string { return filepath.Join(folder, "transcripts") }

// of returns what is a user's own in one of these folders.
func of(folder, user string) string { return filepath.Join(folder, "users", user) }

// Read reads what a class has reached. s is how the class is, and lessons are those that it
// offers, in their order.
func Read(from Source, s *class.State, lessons []*lesson.Source) (*Class, error) {
	c := &Class{from: from}
	tried := map[string]int{}
	for _, one := range s.Students() {
		_, lines, err := from.Reached(one.ID)
		if err != nil {
			return nil, fmt.Errorf("read what %s has reached: %w", one.ID, err)
		}
		with := student{one, map[string]map[int]int{}}
		for _, line := range lines {
			if with.points[line.Lesson] == nil {
				with.points[line.Lesson] = map[int]int{}
			}
			with.points[line.Lesson][line.Step] = line.Points
			tried[line.Lesson] = max(tried[line.Lesson], line.Step)
		}
		c.students = append(c.students, with)
	}
	for _, source := range lessons {
		if last := tried[source.Name()]; last > 0 {
			c.lessons = append(c.lessons, column{source.Name(), pointsOf(source), last})
			delete(tried, source.Name())
		}
	}
	known := len(c.lessons)
	for name, last := range tried { // of lessons that were offered before
		c.lessons = append(c.lessons, column{name: name, tried: min(last, lesson.MaxSteps)})
	}
	slices.SortFunc(c.lessons[known:], func(a, b column) int { return strings.Compare(a.name, b.name) })
	return c, nil
}

// pointsOf returns the points of each step, which are the same for all students.
func pointsOf(source *lesson.Source) (points []int) {
	l, err := source.For("")
	if err != nil {
		return nil
	}
	for i := range l.Steps {
		points = append(points, l.Steps[i].Points)
	}
	return points
}

// reached returns the points of a student in a step, as the page shows them: a lesson may
// have been changed since. tried is false if there was no try.
func (c column) reached(one student, step int) (points int, tried bool) {
	points, tried = one.points[c.name][step]
	if c.steps != nil && step <= len(c.steps) {
		points = min(points, c.steps[step-1])
	}
	return points, tried
}

// last returns the number of the last step.
func (c column) last() int {
	if c.steps != nil {
		return len(c.steps)
	}
	return c.tried
}
