package class

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// This file is for the file of a class's events.

// read reads the events, and leaves out a last line that was not written whole.
func (c *Class) read() error {
	size, err := c.state.read(c.path)
	if err != nil {
		return err
	}
	if !c.state.Ended.IsZero() {
		return ErrEnded
	}
	if c.file, err = os.OpenFile(c.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := c.cut(size); err != nil {
		return err
	}
	c.Use()
	return nil
}

// read adds the events of a file, if there is one, and returns how many bytes of it are
// whole lines: the last may be of a process that was killed, or is writing it.
func (s *State) read(path string) (size int64, err error) {
	data, err := plainfile.ReadFile(path, 2*maxEvents)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	return int64(len(whole)), s.applyAll(path, whole)
}

// applyAll adds the events of a text, a line each. name names it in errors.
func (s *State) applyAll(name string, text []byte) error {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		var e Event
		err := json.Unmarshal(line, &e)
		if err == nil {
			err = s.Apply(e)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
	}
	return nil
}

// Read returns how the class in a folder is, which may be open in another process. Its
// errors are those of files; without a class it is fs.ErrNotExist.
func Read(folder string) (*State, error) {
	s := new(State)
	path := filepath.Join(folder, eventsFile)
	size, err := s.read(path)
	if err == nil && size == 0 {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// cut has the file end there.
func (c *Class) cut(size int64) error {
	if err := c.file.Truncate(size); err != nil {
		return err
	}
	_, err := c.file.Seek(size, io.SeekStart)
	c.size = size
	return err
}

// rewrite replaces the file by one that adds up to a state.
func (c *Class) rewrite(s *State) error {
	text, err := s.text()
	if err != nil {
		return err
	}
	err = plainfile.Write(c.path, 0o600, func(w io.Writer) error {
		_, err := w.Write(text)
		return errors.Join(err, w.(*os.File).Sync())
	})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	c.file.Close()
	c.file = file
	return c.cut(int64(len(text)))
}

// text returns the fewest events that add up to the state, a line each.
func (s *State) text() ([]byte, error) {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, e := range s.Events() {
		if err := lines.Encode(e); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}
