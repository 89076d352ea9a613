package plainfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Temporary begins the name of a file that Write has not finished, in the folder of
// the one that it will be.
const Temporary = ".new-"

// Write has write write a file as one step: it appears whole, in the place of
// one that is there, or nothing changes.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), Temporary+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it was not renamed
	if err := errors.Join(write(f), f.Chmod(perm), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
