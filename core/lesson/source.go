package lesson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a lesson.
const (
	MaxArchive    = 4 << 20   // bytes of all its files
	MaxFile       = 512 << 10 // bytes of one file, its values expanded
	MaxFiles      = 256
	MaxSteps      = 32
	MaxChecks     = 32  // of a step
	MaxHints      = 16  // of a check
	MaxConditions = 512 // of a lesson
	MaxChoices    = 16  // of a quiz
	MaxPoints     = 100 // of a check
	MaxLine       = 4 << 10
	MaxRegexp     = 1 << 10 // bytes of a regexp, its values expanded
	MaxName       = 64      // bytes of a lesson's name
)

// Names of a lesson's files.
const (
	textFile  = "lesson.md"
	casesFile = "tests/cases.txt"
)

// Error says where a lesson cannot be used, and why.
type Error struct {
	File string // within the lesson
	Line int    // from 1; 0 if none is to blame
	Msg  string
}

// Error returns file:line: and the words.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Values tells what a practice server derives from a student's seed: for name, the
// part of ${name} between the braces, its value, or false if it knows none.
type Values func(seed, name string) (value string, ok bool)

// Source is a lesson as it was written, for all students.
type Source struct {
	name   string
	files  map[string][]byte
	values Values
}

// Open reads the files of a folder. name is the lesson's, as core.ValidName has it;
// values may be nil. The lesson is read once for a student without a seed, so what
// cannot be used shows here.
func Open(folder fs.FS, name string, values Values) (*Source, error) {
	files := map[string][]byte{}
	total := 0
	err := fs.WalkDir(folder, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file != "." && strings.HasPrefix(path.Base(file), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		case len(files) == MaxFiles:
			return &Error{file, 0, fmt.Sprintf("expected at most %d files in a lesson", MaxFiles)}
		}
		data, err := readFile(folder, file)
		if total += len(data); err == nil && total > MaxArchive {
			err = &Error{file, 0, fmt.Sprintf("expected files of at most %d bytes in all", MaxArchive)}
		}
		files[file] = data
		return err
	})
	if err != nil {
		return nil, err
	}
	return newSource(files, name, values)
}

func readFile(folder fs.FS, file string) ([]byte, error) {
	f, err := folder.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = &Error{file, 0, fmt.Sprintf("expected at most %d bytes", MaxFile)}
	}
	return data, err
}

// OpenArchive reads a lesson from one txtar archive.
func OpenArchive(data []byte, name string, values Values) (*Source, error) {
	if len(data) > MaxArchive {
		return nil, &Error{name, 0, fmt.Sprintf("expected at most %d bytes", MaxArchive)}
	}
	files := map[string][]byte{}
	for _, f := range txtar.Parse(data).Files {
		switch {
		case !fs.ValidPath(f.Name):
			return nil, &Error{f.Name, 0, "expected a path within the lesson"}
		case files[f.Name] != nil:
			return nil, &Error{f.Name, 0, "expected one file of this name"}
		case len(files) == MaxFiles:
			return nil, &Error{f.Name, 0, fmt.Sprintf("expected at most %d files in a lesson", MaxFiles)}
		case len(f.Data) > MaxFile:
			return nil, &Error{f.Name, 0, fmt.Sprintf("expected at most %d bytes", MaxFile)}
		}
		files[f.Name] = append([]byte{}, f.Data...)
	}
	return newSource(files, name, values)
}

func newSource(files map[string][]byte, name string, values Values) (*Source, error) {
	if !core.ValidName(name) || len(name) > MaxName {
		return nil, &Error{name, 0, "expected a lesson's name of letters, digits, - and _, the first a letter"}
	}
	for _, file := range sortedNames(files) {
		data := bytes.ReplaceAll(bytes.TrimPrefix(files[file], []byte("\uFEFF")), []byte("\r\n"), []byte("\n"))
		if !utf8.Valid(data) {
			return nil, &Error{file, 1 + bytes.Count(data[:firstInvalid(data)], []byte("\n")), "expected UTF-8"}
		}
		files[file] = data
	}
	s := &Source{name: name, files: files, values: values}
	_, err := s.For("")
	return s, err
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

func sortedNames(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Name returns the lesson's name.
func (s *Source) Name() string { return s.name }

// For makes the lesson of the student with this seed, "" for nobody's. An error is an
// *Error, or says that the seed is not one; see [ValidSeed].
func (s *Source) For(seed string) (*Lesson, error) {
	if seed != "" && !ValidSeed(seed) {
		return nil, errors.New("expected a seed of at most 64 letters, digits, dots, - and _")
	}
	p := &parser{source: s, values: student{seed, s.values}, file: textFile}
	return p.lesson()
}
