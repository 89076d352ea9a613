package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/parts"
	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// suffix is what the names of the folder's files end in. Other files, and those
// whose name is no ID, are left alone.
const suffix = ".transcript"

// Folder is a store in a folder: each transcript is a file of its own, ID and
// ".transcript", that only the user may read, and where that is full goes on in
// further ones (see package parts). Several processes may use one folder. Whose session is running holds a lock on its file, which goes when
// the process does, so a transcript without an end is known as cut off. (On
// Windows there is no such lock: what another process is recording shows as
// cut off until it ends.)
type Folder struct {
	path string
	root *os.Root
	dir  *os.File // the same, for Sync: it must not take a file more to bring one to the disk
	part int64    // bytes that each part of a transcript has at least, but the last

	mu      sync.Mutex
	running map[string]*folderWriter // by ID
	ended   []string                 // IDs of those that the index of the text does not know yet

	listing sync.Mutex       // holds what follows
	index   map[string]known // of those that change no more
	listed  listed
	notes   map[string]noted // of the transcripts that have some
	unsaved int              // changes of the index since it was last saved

	text *textindex.Index
}

// OpenFolder opens the store in the folder at path, which is made, for the user
// alone, when there is none. It reads nothing yet: the first list does.
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for transcripts: %w", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder for transcripts: %w", err)
	}
	dir, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("open the folder for transcripts: %w", err)
	}
	f := &Folder{path: path, root: root, dir: dir, part: parts.Size, running: map[string]*folderWriter{}, index: map[string]known{}}
	f.text = textindex.New(root, indexTemp, f.fileNow)
	return f, nil
}

var _ Store = (*Folder)(nil)

// Close lets go of the folder. Writers are closed before it; readers go on.
func (f *Folder) Close() error {
	f.text.Tidy(true)
	return errors.Join(f.root.Close(), f.dir.Close())
}

// Path returns where the first of the transcript's files is, whether there is one or
// not.
func (f *Folder) Path(id string) (string, error) {
	if !ValidID(id) {
		return "", ErrNotFound
	}
	return filepath.Join(f.path, id+suffix), nil
}

// Running reports whether the transcript in a file that was opened to be read is
// still being recorded, by whatever process. (Not on Windows; see [Folder].)
func Running(f *os.File) bool { return isLocked(f) }

// writer returns a channel that is closed when somebody in this process who writes the
// transcript has written more, nil if nobody does, and how many bytes there are so far.
func (f *Folder) writer(id string) (grown <-chan struct{}, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.running[id]; w != nil {
		return w.grown, w.size
	}
	return nil, 0
}

// isRunning reports whether somebody writes the transcript whose first file was opened
// anew.
func (f *Folder) isRunning(id string, first *os.File) bool {
	grown, _ := f.writer(id)
	return grown != nil || isLocked(first)
}

// open opens the first of a transcript's files to be read. What is not a regular file,
// a link too, is not found.
func (f *Folder) open(id string) (*os.File, error) {
	if !ValidID(id) {
		return nil, ErrNotFound
	}
	file, err := plainfile.OpenIn(f.root, id+suffix)
	var other *plainfile.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotFound
	case errors.As(err, &other):
		return nil, fmt.Errorf("%w: what has its name is %w", ErrNotFound, other)
	case err != nil:
		return nil, plain(err)
	}
	return file, nil
}

// openAll opens a transcript's text to be read.
func (f *Folder) openAll(id string) (*parts.Reader, error) {
	file, err := f.open(id)
	if err != nil {
		return nil, err
	}
	return parts.NewReader(id+suffix, file, f.part, func(name string) (*os.File, error) { return plainfile.OpenIn(f.root, name) }), nil
}

// parts returns a transcript's files; first is that of the first.
func (f *Folder) parts(id string, first fs.FileInfo) []parts.Part {
	return parts.All(id+suffix, first, f.part, f.root.Lstat)
}

// Open implements [Store].
func (f *Folder) Open(id string) (io.ReadCloser, error) {
	r, err := f.openAll(id)
	if err != nil {
		return nil, err // not a nil *parts.Reader in an interface
	}
	return r, nil
}

// OpenText opens the text of a transcript in a folder of them that another process may
// have open, and changes nothing there. The root is open as long as the text is.
func OpenText(root *os.Root, id string) (io.ReadCloser, error) {
	return (&Folder{root: root, part: parts.Size}).Open(id)
}

// Delete implements [Store]. The first file goes first: without it the others are
// nothing, and swept away should the process end here.
func (f *Folder) Delete(id string) error {
	file, err := f.open(id)
	if err != nil {
		return err
	}
	defer file.Close()
	if f.isRunning(id, file) {
		return ErrRunning
	}
	f.listing.Lock()
	delete(f.index, id)
	f.listing.Unlock()
	f.text.Remove(id)
	stat, err := file.Stat()
	if err != nil {
		return plain(err)
	}
	switch err := f.root.Remove(id + suffix); {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNotFound // another was faster
	case err != nil:
		return plain(err)
	}
	if stat.Size() >= f.part {
		err = f.removeParts(id)
	}
	return plain(errors.Join(err, f.forgetNotes(id)))
}

// removeParts removes the further files of a transcript, those too that its text does
// not reach any more.
func (f *Folder) removeParts(id string) (err error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		if first, ok := parts.First(name); ok && first == id+suffix {
			f.text.Remove(name)
			err = errors.Join(err, f.root.Remove(name))
		}
	}
	return err
}

// plain takes the system call and the path out of an error.
func plain(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// wholeBlocks returns about how many bytes of the disk a text takes.
func wholeBlocks(size int64) int64 {
	const block = 4 << 10
	return (size + block - 1) / block * block
}
