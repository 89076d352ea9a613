// Package lessoncmd is the command lesson: it makes, shows and tests lessons, and judges
// transcripts by them.
package lessoncmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Reader reads a transcript that is named by its ID or its path, and returns the path.
type Reader func(name string) (path string, text []byte, err error)

// lessons finds lessons: those that the workbench comes with, and others in files.
type lessons struct {
	values lesson.Values
	read   Reader
}

// New returns the command. values are those of the practice servers.
func New(read Reader, values lesson.Values) *cobra.Command {
	l := &lessons{values, read}
	cmd := &cobra.Command{
		Use:   "lesson",
		Short: "Judge transcripts by a lesson, and write lessons",
		Long: `lesson works on lessons: texts with steps, whose checks look at the transcripts of
what a student did. Where it takes a lesson, that is the name of one that the
workbench comes with, a folder with lesson.md, or a txtar file.`,
		Example: `  workbench lesson list
  workbench lesson preview http-by-hand --seed anna
  workbench lesson check http-by-hand --step 1 --seed anna walk.transcript
  workbench lesson new teapot                            begin one of your own
  workbench lesson test teapot                           does it judge as it should?`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newList(l), newPreview(l), newCheck(l), newNew(), newTest(l))
	return cmd
}

// open opens a lesson by its name, its folder or its file.
func (l *lessons) open(name string) (*lesson.Source, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil && core.ValidName(name):
		source, err := ready.Open(name, l.values)
		if err != nil {
			return nil, fmt.Errorf("there is no file %s and no lesson of that name; workbench lesson list lists them", name)
		}
		return source, nil
	case err != nil:
		return nil, plainfile.Unreadable(name, err)
	case info.IsDir():
		root, err := os.OpenRoot(name) // a link in the folder leads nowhere else
		if err != nil {
			return nil, plainfile.Unreadable(name, err)
		}
		defer root.Close()
		// What students handed in is in folders that are named as the lessons.
		if _, err := root.Lstat("lesson.md"); errors.Is(err, fs.ErrNotExist) && slices.Contains(ready.Names(), name) {
			return ready.Open(name, l.values)
		}
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		source, err := lesson.Open(root.FS(), filepath.Base(path), l.values)
		return source, within(name, err)
	}
	data, err := readArchive(name)
	if err != nil {
		return nil, err
	}
	source, err := lesson.OpenArchive(data, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), l.values)
	return source, within(name, err)
}

func readArchive(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainfile.Unreadable(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, lesson.MaxArchive+1))
	if err != nil {
		return nil, plainfile.Unreadable(name, err)
	}
	return data, nil
}

// within says in which lesson an error is.
func within(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", core.Printable(name), err)
}

// transcript reads a transcript of a student's.
func (l *lessons) transcript(name string, stderr io.Writer) (lesson.Connection, error) {
	path, data, err := l.read(name)
	if err != nil {
		return lesson.Connection{}, err
	}
	t, err := transcript.Parse(path, data)
	if err != nil {
		return lesson.Connection{}, err
	}
	if t.CutOff {
		fmt.Fprintf(stderr, "%s: warning: no newline at the end of the file, so it may have been cut off; it is judged as far as it goes\n", core.Printable(path))
	}
	return lesson.Connection{Name: path, Log: t}, nil
}

// student makes a lesson that of the student with a seed.
func (l *lessons) student(name, seed string) (*lesson.Lesson, error) {
	source, err := l.open(name)
	if err != nil {
		return nil, err
	}
	made, err := source.For(seed)
	if err != nil && seed != "" && !lesson.ValidSeed(seed) {
		return nil, fmt.Errorf("--seed %s: it must be at most %d letters, digits, dots, - and _", core.Printable(seed), lesson.MaxSeed)
	}
	return made, within(name, err)
}

// inFolder lists what may be lessons in a folder.
func inFolder(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, plainfile.Unreadable(dir, err)
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if _, err := os.Lstat(filepath.Join(path, "lesson.md")); err != nil {
				continue
			}
		} else if filepath.Ext(path) != ".txtar" || e.Type()&fs.ModeType != 0 {
			continue
		}
		paths = append(paths, path)
	}
	return paths, nil
}
