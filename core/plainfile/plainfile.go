// Package plainfile opens files found in a folder, where others may have put
// something else under such a name: a symbolic link out of the folder, a named
// pipe without a writer, a socket, a device, a folder.
//
// Do not use it for a file that the user names, which may well be a link or a
// pipe.
//
// It also writes files that appear whole, and puts into words what goes wrong
// with one.
package plainfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// An Error says that a name is not that of a regular file.
type Error struct{ Mode fs.FileMode }

// Error names the kind of file.
func (e *Error) Error() string {
	what := "something else"
	switch {
	case e.Mode&fs.ModeSymlink != 0:
		what = "a symbolic link"
	case e.Mode.IsDir():
		what = "a folder"
	case e.Mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case e.Mode&fs.ModeSocket != 0:
		what = "a socket"
	case e.Mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return "not a regular file but " + what
}

// Open opens a regular file for reading. For anything else it returns at once,
// with an *Error in a *fs.PathError. It does not follow a link at the end of the
// path, but follows those before it.
func Open(path string) (*os.File, error) { return open(path, os.Lstat, os.OpenFile) }

// OpenIn is Open for a name in a root.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	return open(name, root.Lstat, root.OpenFile)
}

// ReadFile reads a regular file of at most most bytes.
func ReadFile(path string, most int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = &fs.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return data, err
}

var errTooLarge = errors.New("larger than it may be")

// open checks the name before, since opening can wait, ring or rewind, and the
// file after, since the name may have been replaced meanwhile. (os.Root follows
// links within it whatever the flags say, so O_NOFOLLOW would not do.)
func open(name string, lstat func(string) (fs.FileInfo, error), openFile func(string, int, fs.FileMode) (*os.File, error)) (*os.File, error) {
	before, err := lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: &Error{before.Mode()}}
	}
	file, err := openFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	after, err := file.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = &fs.PathError{Op: "open", Path: name, Err: &Error{after.Mode().Type() | fs.ModeIrregular}}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
