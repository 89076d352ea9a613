// Package spool holds a text between who makes it and who takes it, at the pace of each: in
// memory while it is short, and then in a file without a name.
//
// One goroutine uses a [Spool], which is written first, and then read. Close it, also after
// an error.
//
// It is not for what is to outlive the process.
package spool

import (
	"bytes"
	"io"
	"os"
)

// maxHeld is how long a text is held in memory, in bytes.
const maxHeld = 1 << 20

// Spool holds a text. The zero value is empty.
type Spool struct {
	held bytes.Buffer
	file *os.File
}

// Write appends to the text. Its error is that of the temporary file.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil && s.held.Len()+len(p) <= maxHeld {
		return s.held.Write(p)
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "workbench-spool-")
		if err != nil {
			return 0, err
		}
		os.Remove(file.Name())
		s.file = file
		if _, err := s.held.WriteTo(file); err != nil {
			return 0, err
		}
	}
	return s.file.Write(p)
}

// Reader reads a text, as often as one likes.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Reader returns the text from its start. Closing it closes the spool.
func (s *Spool) Reader() (Reader, error) {
	if s.file == nil {
		return held{bytes.NewReader(s.held.Bytes())}, nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		s.Close()
		return nil, err
	}
	return s.file, nil
}

// Close lets go of the text.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

type held struct{ *bytes.Reader }

func (held) Close() error { return nil }
