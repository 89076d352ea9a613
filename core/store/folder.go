package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// suffix is what the names of the folder's files end in. Other files, and those
// whose name is no ID, are left alone.
const suffix = ".transcript"

// pollEvery is how often a transcript that another process writes is looked at.
const pollEvery = 100 * time.Millisecond

// Folder is a store in a folder: each transcript is a file of its own, ID and
// ".transcript", that only the user may read. Several processes may use one
// folder. Whose session is running holds a lock on its file, which goes when
// the process does, so a transcript without an end is known as cut off. (On
// Windows there is no such lock: what another process is recording shows as
// cut off until it ends.)
type Folder struct {
	path string
	root *os.Root
	dir  *os.File // the same, for Sync: it must not take a file more to bring one to the disk

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
	f := &Folder{path: path, root: root, dir: dir, running: map[string]*folderWriter{}, index: map[string]known{}}
	f.text = textindex.New(root, indexTemp, f.fileNow)
	return f, nil
}

var _ Store = (*Folder)(nil)

// Close lets go of the folder. Writers are closed before it; readers go on.
func (f *Folder) Close() error {
	f.text.Tidy(true)
	return errors.Join(f.root.Close(), f.dir.Close())
}

// Path returns where the transcript's file is, whether there is one or not.
func (f *Folder) Path(id string) (string, error) {
	if !ValidID(id) {
		return "", ErrNotFound
	}
	return filepath.Join(f.path, id+suffix), nil
}

// unborn is what a file's name ends in until something was written to it, so
// that a transcript is never without its header.
const unborn = ".new"

// Create implements [Store].
func (f *Folder) Create(id string) (Writer, error) {
	if !ValidID(id) {
		return nil, fmt.Errorf("create transcript %.200q: not an ID", id)
	}
	if _, err := f.root.Lstat(id + suffix); err == nil {
		return nil, fmt.Errorf("create transcript %s: its ID is taken", id)
	}
	name := id + suffix + unborn
	if !locks {
		name = id + suffix // where an open file cannot be renamed
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, plain(err)
	}
	lock(file)
	w := &folderWriter{folder: f, id: id, file: file, born: !locks, grown: make(chan struct{})}
	f.mu.Lock()
	f.running[id] = w
	f.mu.Unlock()
	return w, nil
}

type folderWriter struct {
	folder *Folder
	id     string
	file   *os.File
	born   bool          // the file has its name
	named  bool          // … also on the disk
	grown  chan struct{} // closed at the next write, and at the end; folder.mu holds it
}

func (w *folderWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if !w.born && err == nil {
		w.born = true
		err = w.folder.root.Rename(w.id+suffix+unborn, w.id+suffix)
	}
	w.folder.mu.Lock()
	close(w.grown)
	w.grown = make(chan struct{})
	w.folder.mu.Unlock()
	return n, plain(err)
}

// Sync has the file on the disk, and at the first time its name too.
func (w *folderWriter) Sync() error {
	err := w.file.Sync()
	if err == nil && w.born && !w.named {
		w.named = true
		if err = w.folder.dir.Sync(); !locks { // where the system cannot do that
			err = nil
		}
	}
	return plain(err)
}

func (w *folderWriter) Close() error {
	err := w.file.Close()
	if !w.born {
		w.folder.root.Remove(w.id + suffix + unborn)
	}
	w.folder.mu.Lock()
	if w.born {
		w.folder.ended = append(w.folder.ended, w.id)
	}
	delete(w.folder.running, w.id)
	close(w.grown)
	w.folder.mu.Unlock()
	return plain(err)
}

// Running reports whether the transcript in a file that was opened to be read is
// still being recorded, by whatever process. (Not on Windows; see [Folder].)
func Running(f *os.File) bool { return isLocked(f) }

// writer returns who writes the transcript in this process, if anyone, and a
// channel that is closed when there is more.
func (f *Folder) writer(id string) (ours bool, grown <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.running[id]; w != nil {
		return true, w.grown
	}
	return false, nil
}

// open opens a file to be read. What is not a regular file, a link too, is not
// found.
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

// Open implements [Store].
func (f *Folder) Open(id string) (io.ReadCloser, error) {
	file, err := f.open(id)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Delete implements [Store].
func (f *Folder) Delete(id string) error {
	file, err := f.open(id)
	if err != nil {
		return err
	}
	defer file.Close()
	if ours, _ := f.writer(id); ours || isLocked(file) {
		return ErrRunning
	}
	f.listing.Lock()
	delete(f.index, id)
	f.listing.Unlock()
	f.text.Remove(id)
	if err := f.root.Remove(id + suffix); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = f.forgetNotes(id)
		}
		return plain(err)
	}
	return ErrNotFound // another was faster
}

// Follow implements [Store].
func (f *Folder) Follow(ctx context.Context, id string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		file, err := f.open(id)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		t := &tail{folder: f, id: id, file: file}
		t.look()
		for block, err := range Blocks(file, func(held bool) (bool, bool, error) { return t.more(ctx, held) }) {
			if !yield(block, err) {
				return
			}
		}
	}
}

// tail waits for a file to grow.
type tail struct {
	folder *Folder
	id     string
	file   *os.File
	over   bool            // nobody writes any more
	grown  <-chan struct{} // of a writer in this process
	size   int64
}

// look finds out whether anybody still writes, before the file is read: what
// was written until then is read first.
func (t *tail) look() {
	ours, grown := t.folder.writer(t.id)
	t.grown = grown
	t.over = !ours && !isLocked(t.file)
}

// more waits until there may be more. A writer in this process writes whole
// entries. What another has written may be seen in part: it counts as whole
// once nothing has followed for a while.
func (t *tail) more(ctx context.Context, held bool) (goOn, whole bool, err error) {
	if t.over {
		return false, true, nil
	}
	if t.grown != nil && held {
		return true, true, nil // first hand out what is there
	}
	whole = t.grown != nil || t.settled()
	if whole && held {
		return true, true, nil
	}
	var poll <-chan time.Time
	if t.grown == nil {
		timer := time.NewTimer(pollEvery)
		defer timer.Stop()
		poll = timer.C
	}
	select {
	case <-t.grown:
	case <-poll:
	case <-ctx.Done():
		return false, false, ctx.Err()
	}
	t.look()
	return true, false, nil
}

// settled reports whether the file has the size that it had the last time.
func (t *tail) settled() bool {
	info, err := t.file.Stat()
	if err != nil {
		return true
	}
	same := info.Size() == t.size
	t.size = info.Size()
	return same
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
