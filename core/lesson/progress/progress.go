// Package progress keeps what a student has reached in lessons, and the seed that the
// student's values are derived from: in a folder of the student's own, so that another
// browser, and the workbench after it was killed, go on where the student was.
//
// The folder has up to three files, which only its owner may read. seed holds the seed.
// progress has a line of JSON for each time that more was reached in a step; nothing in it
// is ever changed, but once it is full it is written anew with one line for each step. at
// has the step that the student is at, where somebody wants to know.
package progress

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/register"
)

// Bounds of one student's progress.
const (
	MaxSteps       = 1024    // of all lessons
	MaxTranscripts = 16      // of a step
	maxLine        = 2 << 10 // bytes
	maxFile        = 4 << 20 // bytes
)

// Names in the folder.
const (
	seedFile     = "seed"
	progressFile = "progress"
	atFile       = "at"
)

// ErrFull says that no further step can be kept.
var ErrFull = fmt.Errorf("progress is kept of at most %d steps", MaxSteps)

// Line is what was reached in a step.
type Line struct {
	Time   time.Time `json:"time"`
	Lesson string    `json:"lesson"`
	Step   int       `json:"step"` // from 1
	Points int       `json:"points"`
	Passed bool      `json:"passed"`
	// Transcripts are the IDs of those that show it.
	Transcripts []string `json:"transcripts,omitempty"`
	// Answers are those to quizzes, as lesson.Attempt has them. They are left out where
	// they are too long for the line.
	Answers map[string]string `json:"answers,omitempty"`
}

// betters reports whether a line shows more than another.
func (l Line) betters(other Line) bool {
	return !other.Passed && (l.Passed || l.Points > other.Points)
}

type place struct {
	lesson string
	step   int
}

// At is a step that a student is at, whatever was reached in it.
type At struct {
	Lesson string `json:"lesson"`
	Step   int    `json:"step"`
}

// Log is one student's progress. It is safe for concurrent use.
type Log struct {
	folder string         // "": none; it is in memory only
	in     register.Value // that other workbenches have too; nil: none

	mu       sync.Mutex
	seed     string
	best     map[place]Line
	at       At     // no lesson: not known
	revision uint64 // of what was taken in of the value
}

// InMemory returns a log that ends with the process, of a student with a new seed.
func InMemory() *Log { return &Log{seed: newSeed(), best: map[place]Line{}} }

func newSeed() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Open reads a folder, and makes it and the seed if they are not there.
func Open(folder string) (*Log, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	l := &Log{folder: folder, best: map[place]Line{}}
	err := l.readSeed()
	if errors.Is(err, fs.ErrNotExist) {
		l.seed = newSeed()
		err = l.writeSeed()
	}
	if err != nil {
		return nil, err
	}
	if text, err := plainfile.ReadFile(filepath.Join(folder, atFile), maxLine); err == nil {
		json.Unmarshal(text, &l.at) // what cannot be read is not known
	}
	return l, l.read()
}

func (l *Log) writeSeed() error {
	return plainfile.Write(filepath.Join(l.folder, seedFile), 0o600, func(w io.Writer) error { _, err := io.WriteString(w, l.seed+"\n"); return err })
}

// Read reads a folder, which another process may have open, and changes nothing: it
// returns the seed, and the best that was reached in each step, by lesson and step. A
// student of whom nothing was kept has no seed.
func Read(folder string) (seed string, best []Line, err error) {
	l := &Log{folder: folder, best: map[place]Line{}}
	if err := l.readSeed(); errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	} else if err != nil {
		return "", nil, err
	}
	if err := l.read(); err != nil {
		return "", nil, err
	}
	return l.seed, sorted(maps.Values(l.best)), nil
}

// sorted returns lines by lesson and step.
func sorted(lines iter.Seq[Line]) []Line {
	return slices.SortedFunc(lines, func(a, b Line) int {
		return cmp.Or(strings.Compare(a.Lesson, b.Lesson), a.Step-b.Step)
	})
}

func (l *Log) readSeed() error {
	path := filepath.Join(l.folder, seedFile)
	text, err := plainfile.ReadFile(path, lesson.MaxSeed+1)
	if err != nil {
		return err
	}
	if l.seed = strings.TrimSpace(string(text)); !lesson.ValidSeed(l.seed) {
		return fmt.Errorf("%s: not a seed of at most %d letters, digits, dots, - and _", path, lesson.MaxSeed)
	}
	return nil
}

// read takes the lines of the file. One that is none, such as the last of a process that
// was killed, is passed over.
func (l *Log) read() error {
	text, err := plainfile.ReadFile(filepath.Join(l.folder, progressFile), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		var read Line
		if json.Unmarshal(line, &read) == nil && read.Lesson != "" && read.Step > 0 {
			l.take(read)
		}
	}
	return nil
}

// take notes a line if it shows more than what was known of its step.
func (l *Log) take(line Line) bool {
	at := place{line.Lesson, line.Step}
	if known, ok := l.best[at]; ok && !line.betters(known) || !ok && len(l.best) == MaxSteps {
		return false
	}
	l.best[at] = line
	return true
}

// Seed returns the student's seed.
func (l *Log) Seed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return l.seed
}

// Reached returns what was reached in a lesson, by the number of the step.
func (l *Log) Reached(name string) map[int]Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	steps := map[int]Line{}
	for at, line := range l.best {
		if at.lesson == name {
			steps[at.step] = line
		}
	}
	return steps
}

// At returns the step that the student is at; it has no lesson where none is known.
func (l *Log) At() At {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return l.at
}

// Move notes the step that the student is at. A process that is killed has noted it; a
// power cut may lose it. The error is that of a file.
func (l *Log) Move(to At) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refresh(); l.at == to {
		return nil
	}
	if l.at = to; l.folder == "" {
		return nil
	}
	return errors.Join(l.writeAt(), l.share())
}

func (l *Log) writeAt() error {
	return plainfile.Write(filepath.Join(l.folder, atFile), 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(l.at) })
}

// Latest returns the line that was added last. ok is false if there is none.
func (l *Log) Latest() (latest Line, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	for _, line := range l.best {
		if !ok || line.Time.After(latest.Time) {
			latest, ok = line, true
		}
	}
	return latest, ok
}

// Add keeps a line, unless as much was reached before. An error says that it is not on
// the disk.
func (l *Log) Add(line Line) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	at := place{line.Lesson, line.Step}
	if _, known := l.best[at]; !known && len(l.best) == MaxSteps {
		return ErrFull
	}
	line.Transcripts = line.Transcripts[max(0, len(line.Transcripts)-MaxTranscripts):]
	line.Answers = maps.Clone(line.Answers)
	text, err := json.Marshal(line)
	if err == nil && len(text) > maxLine {
		line.Answers = nil
		text, err = json.Marshal(line)
	}
	if err != nil || !l.take(line) || l.folder == "" {
		return err
	}
	return errors.Join(l.append(text), l.share())
}

// append writes a line at the end of the file, as one write.
func (l *Log) append(line []byte) (err error) {
	path := filepath.Join(l.folder, progressFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", path)
	case info.Size()+int64(len(line))+2 > maxFile:
		return l.rewrite(path)
	}
	var last [1]byte
	if n, _ := f.ReadAt(last[:], info.Size()-1); n == 1 && last[0] != '\n' { // a process was killed within a line
		line = append([]byte("\n"), line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// rewrite writes the file anew, with one line for each step.
func (l *Log) rewrite(path string) error {
	if err := l.read(); err != nil { // another workbench may have written
		return err
	}
	return plainfile.Write(path, 0o600, func(w io.Writer) error {
		to := json.NewEncoder(w)
		for _, line := range l.best {
			if err := to.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
}
