// Package plainfile opens files that were found in a folder, where others may
// have put something else under such a name: a symbolic link out of the folder,
// a named pipe that nobody writes to, a socket, a device, a folder. And it writes
// files that appear whole.
//
// What opens is not for a file that the user names: that may well be a link or
// a pipe.
package plainfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// An Error says that what has the name is not a regular file.
type Error struct{ Mode fs.FileMode }

// Error says what it is.
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

// Open opens a regular file to be read, and nothing else: an *Error in a
// *fs.PathError, at once. No link is followed at the end of the path; those on
// the way to it are.
func Open(path string) (*os.File, error) { return open(path, os.Lstat, os.OpenFile) }

// OpenIn is Open for a name in a root.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	return open(name, root.Lstat, root.OpenFile)
}

// ReadFile reads a regular file, as Open opens it, of at most the given bytes.
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

// open looks at the name before, as an open can wait, ring or rewind, and at the
// file after, as the name may have come to stand for another one meanwhile.
// (os.Root follows links within it whatever the flags say, so O_NOFOLLOW would
// not do.)
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
