package plainfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/protocol-workbench/workbench/core"
)

// Replace has write write a file that appears at the path as one step, whole or
// not at all: in place of what is there, with the rights to it that mode gives.
// A link at the end of the path is replaced, not followed. errors.Is finds
// an error of write's.
func Replace(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it was not renamed
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// A Failure is what went wrong with a file, without the name of a system call.
type Failure struct {
	Path string
	What string // in words, such as "cannot be read"
	Err  error
}

// CannotRead is the Failure of reading the file.
func CannotRead(path string, err error) error { return &Failure{path, "cannot be read", err} }

// CannotWrite is the Failure of writing the file.
func CannotWrite(path string, err error) error { return &Failure{path, "could not be written", err} }

// Error says which file, what, and why.
func (f *Failure) Error() string {
	why := f.Err
	var of *fs.PathError
	var link *os.LinkError
	if errors.As(why, &of) {
		why = of.Err
	} else if errors.As(why, &link) {
		why = link.Err
	}
	return core.Printable(f.Path) + " " + f.What + ": " + why.Error()
}

// Unwrap returns why.
func (f *Failure) Unwrap() error { return f.Err }
