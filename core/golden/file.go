package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/parts"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// MaxFile bounds a transcript that is read as a whole, in bytes of text; a recording
// may have more.
const MaxFile = 64 << 20

// File is the file of a transcript, with its further [parts]. One that the user named
// may be a link or a pipe; one that was found, in a folder or in the store, may not.
type File struct {
	Path  string
	Found bool
	Copy  string // of what it was, which is read in its place; "": none
	// Text opens one that is kept elsewhere than in a file, and says how long it is; Path is
	// its name then, and it can only be read. nil: it is a file.
	Text func() (text io.ReadCloser, size int64, err error)
}

func (f File) open() (*os.File, error) {
	if f.Found {
		return plainfile.Open(f.Path)
	}
	return os.Open(f.Path)
}

// Open returns its text, and how much there is; a pipe does not tell.
func (f File) Open() (text io.ReadCloser, size int64, err error) {
	if f.Text != nil {
		return f.Text()
	}
	open, path := f.open, f.Path
	if f.Copy != "" {
		path, open = f.Copy, func() (*os.File, error) { return os.Open(f.Copy) }
	}
	in, err := open()
	if err != nil {
		return nil, 0, plainfile.Unreadable(f.Path, err)
	}
	info, err := in.Stat()
	switch {
	case err != nil:
		err = plainfile.Unreadable(f.Path, err)
	case info.IsDir():
		err = fmt.Errorf("%s is a folder; name a transcript", core.Printable(f.Path))
	}
	if err != nil {
		in.Close()
		return nil, 0, err
	}
	all := parts.All(path, info, parts.Size, os.Lstat)
	return parts.NewReader(path, in, parts.Size, plainfile.Open), all[len(all)-1].End(), nil
}

// Read returns all of the file.
func (f File) Read() ([]byte, error) {
	in, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return ReadAll(f.Path, in, size)
}

// ReadAll reads what has about so many bytes, MaxFile at most.
func ReadAll(name string, in io.Reader, about int64) ([]byte, error) {
	if about > MaxFile {
		return nil, tooLarge(name, fmt.Sprintf("%d MiB", (about+1<<20-1)>>20))
	}
	var all bytes.Buffer
	all.Grow(int(about) + bytes.MinRead) // else it is copied as it grows
	switch _, err := all.ReadFrom(io.LimitReader(in, MaxFile+1)); {
	case err != nil:
		return nil, plainfile.Unreadable(name, err)
	case all.Len() > MaxFile:
		return nil, tooLarge(name, fmt.Sprintf("more than %d MiB", MaxFile>>20))
	}
	return all.Bytes(), nil
}

func tooLarge(name, has string) error {
	return fmt.Errorf("%s has %s, and at most %d MiB are read at once; cut it in parts, each of a transcript's with the lines above its first entry on top", core.Printable(name), has, MaxFile>>20)
}

// Parse reads the file and parses its connections.
func (f File) Parse() ([]*transcript.Transcript, error) {
	data, err := f.Read()
	if err != nil {
		return nil, err
	}
	return transcript.ParseAll(f.Path, data)
}

// InConnection says of an error about the n-th connection of a file in which it is, if there
// are several.
func InConnection(err error, n, of int) error {
	return transcript.ErrorIn(err, n, of)
}

// RefuseRunning returns an error if running says that a recorder still appends to
// the file, since what is recorded after a replacement would be lost. Call it
// before Read: the session may end meanwhile. A file that does not exist is fine.
func (f File) RefuseRunning(running func(*os.File) bool) error {
	if info, err := os.Stat(f.Path); err != nil || !info.Mode().IsRegular() {
		return nil // whoever reads or writes it says what is wrong
	}
	in, err := f.open()
	if err != nil {
		return plainfile.Unreadable(f.Path, err)
	}
	defer in.Close()
	if running(in) {
		return fmt.Errorf("the session of %s is still running, and what is yet to be recorded would be lost: wait until it has ended", core.Printable(f.Path))
	}
	return nil
}

// Replace replaces what the file holds in one step: on an error it is unchanged.
// It refuses a file that has changed since Copy was made.
func (f File) Replace(data []byte) error {
	if err := f.replace(data); err != nil {
		return fmt.Errorf("%s could not be written, and is as it was: %w", core.Printable(f.Path), err)
	}
	return nil
}

func (f File) replace(data []byte) (err error) {
	path := f.Path
	if !f.Found {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if f.Copy != "" {
		was, err1 := os.ReadFile(f.Copy)
		now, err2 := os.ReadFile(path)
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(was, now) {
			return errors.Join(err, errors.New("changed after it was read; try again"))
		}
	}
	further := parts.All(path, info, parts.Size, os.Lstat)[1:]
	err = plainfile.Write(path, info.Mode().Perm(), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	for _, part := range further { // which the new text does not go on in
		if err == nil {
			err = os.Remove(part.Name)
		}
	}
	return err
}
