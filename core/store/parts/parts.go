// Package parts lays the text of one transcript over several files, so that none of
// them grows without bound. The first has the transcript's own name; each further one
// has that name and the number of bytes before it:
//
//	ID.transcript
//	ID.transcript.000016777312
//	ID.transcript.000033554790
//
// So sorting keeps their order, the transcript is what cat ID.transcript* prints, and a
// part counts only if all before it are whole: where a power cut took the end of one,
// the text ends there. A part ends after a whole entry.
//
// # What this package is not for
//
// It does not know what the text says, and writes nothing.
package parts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// Size is how many bytes a file has before the text may go on in another one.
const Size = 16 << 20

// digits are those of a part's name; a longer text has more.
const digits = 12

// Name returns the name of the part with the given number of bytes before it, of the
// transcript whose first part is named first.
func Name(first string, before int64) string {
	if before == 0 {
		return first
	}
	return fmt.Sprintf("%s.%0*d", first, digits, before)
}

// First returns the name of the first part of that transcript of which a file is a
// further part, by its name.
func First(name string) (first string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i-1 < digits || strings.Trim(name[i+1:], "0123456789") != "" {
		return "", false
	}
	return name[:i], true
}

// Part is a file with a part of a text.
type Part struct {
	Name   string
	Before int64 // bytes of the text
	fs.FileInfo
}

// All returns the parts of a text from its first on, each of at least size bytes but
// the last. lstat is asked for the others.
func All(name string, first fs.FileInfo, size int64, lstat func(name string) (fs.FileInfo, error)) []Part {
	all := []Part{{name, 0, first}}
	for {
		last := all[len(all)-1]
		if last.Size() < size {
			return all
		}
		next := Part{Name: Name(name, last.Before+last.Size()), Before: last.Before + last.Size()}
		info, err := lstat(next.Name)
		if err != nil || !info.Mode().IsRegular() {
			return all
		}
		next.FileInfo = info
		all = append(all, next)
	}
}

// End returns how many bytes there are to the end of a part.
func (p Part) End() int64 { return p.Before + p.Size() }

// Reader reads a text through all its parts. While more is written, it goes on after
// io.EOF.
type Reader struct {
	first, file *os.File
	name        string
	size        int64
	open        func(name string) (*os.File, error)
	before, at  int64 // where the file begins, and how far all was read
}

// NewReader reads from the first part on, which it closes. name and size are as for
// [All], and open opens the others.
func NewReader(name string, first *os.File, size int64, open func(name string) (*os.File, error)) *Reader {
	return &Reader{first: first, file: first, name: name, size: size, open: open}
}

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	for {
		n, err := r.file.Read(p)
		r.at += int64(n)
		if n > 0 || err != io.EOF || r.at-r.before < r.size {
			return n, err
		}
		next, err := r.open(Name(r.name, r.at))
		var other *plainfile.Error
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.As(err, &other):
			return 0, io.EOF
		case err != nil:
			return 0, err
		}
		r.closePart()
		r.file, r.before = next, r.at
	}
}

// First returns the first part's file, which is open as long as the reader is.
func (r *Reader) First() *os.File { return r.first }

// At returns how many bytes were read.
func (r *Reader) At() int64 { return r.at }

// Written returns how many bytes there are, to the end of the part that is read.
func (r *Reader) Written() (int64, error) {
	info, err := r.file.Stat()
	if err != nil {
		return 0, err
	}
	return r.before + info.Size(), nil
}

// Close implements [io.Closer].
func (r *Reader) Close() error {
	r.closePart()
	return r.first.Close()
}

// closePart closes the file that is read, if it is not the first.
func (r *Reader) closePart() {
	if r.file != r.first {
		r.file.Close()
	}
}
