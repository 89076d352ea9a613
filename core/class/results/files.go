package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store"
)

// Names of files, beside those of transcripts.
const (
	tableFile   = "results.csv"
	seedFile    = "seed"
	answersFile = "answers.json"
	missingFile = "missing.txt"
)

// file is one of those that a class leaves. Its text is valid until the next one.
type file struct {
	path    string // with slashes; each part can be a name on any system
	student int    // how many have come, with this one
	at      time.Time
	text    io.Reader
}

// files returns the table, and then of each student who has tried a step the seed, and in a
// folder for each step what shows the best try: transcripts, and answers to quizzes.
// Transcripts that are not there any more are named in a file of their own.
func (c *Class) files() iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		var table bytes.Buffer
		table.WriteString(BOM)
		err := c.WriteCSV(&table)
		if !yield(file{tableFile, 0, time.Now(), &table}, err) || err != nil {
			return
		}
		for i, one := range c.students {
			if len(one.points) == 0 {
				continue
			}
			err := c.filesOf(one, func(f file) bool { f.student = i + 1; return yield(f, nil) })
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil && !yield(file{}, fmt.Errorf("hand in what %s has done: %w", one.ID, err)) {
				return
			}
		}
	}
}

// errEnough says that nobody wants more files.
var errEnough = errors.New("enough files")

// filesOf gives a student's files. Its error is errEnough if give returns false.
func (c *Class) filesOf(one student, give func(file) bool) error {
	seed, lines, err := c.from.Reached(one.ID)
	if err != nil {
		return err
	}
	open := func(id string) (io.ReadCloser, error) { return c.from.Open(one.ID, id) }
	folder := safeName(fmt.Sprintf("%s (%s)", one.Name, one.ID))
	if !give(file{path: path.Join(folder, seedFile), at: one.Joined, text: strings.NewReader(seed + "\n")}) {
		return errEnough
	}
	for _, line := range lines {
		in := path.Join(folder, safeName(line.Lesson), fmt.Sprintf("step-%d", line.Step))
		if err := filesOfStep(open, in, line, give); err != nil {
			return err
		}
	}
	return nil
}

// filesOfStep gives those of one step.
func filesOfStep(open func(id string) (io.ReadCloser, error), in string, line progress.Line, give func(file) bool) error {
	giveText := func(name string, text []byte) error {
		if !give(file{path: path.Join(in, name), at: line.Time, text: bytes.NewReader(text)}) {
			return errEnough
		}
		return nil
	}
	missing := ""
	for _, id := range line.Transcripts {
		if !store.ValidID(id) {
			continue
		}
		text, err := open(id)
		if errors.Is(err, store.ErrNotFound) {
			missing += id + "\n"
			continue
		} else if err != nil {
			return fmt.Errorf("transcript %s: %w", id, err)
		}
		more := give(file{path: path.Join(in, id+".transcript"), at: line.Time, text: text})
		text.Close()
		if !more {
			return errEnough
		}
	}
	if missing != "" {
		if err := giveText(missingFile, []byte(missing)); err != nil {
			return err
		}
	}
	if len(line.Answers) == 0 {
		return nil
	}
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false) // people read it
	to.SetIndent("", "  ")
	if err := to.Encode(line.Answers); err != nil {
		return err
	}
	return giveText(answersFile, text.Bytes())
}

// ErrNotEmpty says that a folder to write has something in it.
var ErrNotEmpty = errors.New("folder is not empty")

// WriteFolder writes all files to a folder, which must be empty or not there. It tells how
// many of the students are done; nil: nobody. It returns how many files it has written.
func (c *Class) WriteFolder(folder string, tell func(done, of int)) (written int, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return 0, err
	}
	there, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	if len(there) > 0 {
		return 0, ErrNotEmpty
	}
	for f, err := range c.files() {
		if err == nil {
			err = writeFile(filepath.Join(folder, filepath.FromSlash(f.path)), f)
		}
		if err != nil {
			return written, err
		}
		written++
		if tell != nil {
			tell(f.student, len(c.students))
		}
	}
	return written, nil
}

// writeFile writes a file that is not there, and its time.
func writeFile(path string, f file) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f.text)
	return errors.Join(err, to.Close(), os.Chtimes(path, f.at, f.at))
}
