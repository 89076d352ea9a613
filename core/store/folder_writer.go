package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/protocol-workbench/workbench/core/store/parts"
)

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
	w := &folderWriter{folder: f, id: id, first: file, file: file, born: !locks, grown: make(chan struct{})}
	f.mu.Lock()
	f.running[id] = w
	f.mu.Unlock()
	return w, nil
}

// folderWriter writes the parts of a transcript, one after the other. The first stays
// open and locked, whichever is written to.
type folderWriter struct {
	folder  *Folder
	id      string
	first   *os.File
	born    bool  // the first has its name
	at      int64 // bytes of the file that is written to
	further int   // parts

	// The folder's mu holds these.
	size  int64         // bytes of whole entries that were written
	grown chan struct{} // closed at the next write, and at the end

	mu      sync.Mutex // Sync may be called at any time
	file    *os.File   // what is written to
	full    []*os.File // the parts before it that the disk may not have yet
	unnamed bool       // the disk may not have the name of one yet
}

// Write implements [Writer]. A part ends with the entry by which it has its size.
func (w *folderWriter) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		if w.at >= w.folder.part {
			w.turn(w.size + int64(n))
		}
		piece := p[n:]
		if room := w.folder.part - w.at; room > 0 {
			piece = piece[:nextEntry(piece, room)]
		}
		var wrote int
		wrote, err = w.file.Write(piece)
		n, w.at = n+wrote, w.at+int64(wrote)
		if !w.born && err == nil {
			err = w.bear()
		}
	}
	w.folder.mu.Lock()
	w.size += int64(n)
	close(w.grown)
	w.grown = make(chan struct{})
	w.folder.mu.Unlock()
	return n, plain(err)
}

// bear gives the first part its name.
func (w *folderWriter) bear() error {
	w.born = true
	w.mu.Lock()
	w.unnamed = true
	w.mu.Unlock()
	return w.folder.root.Rename(w.id+suffix+unborn, w.id+suffix)
}

// turn goes on in a further part, with the given number of bytes before it. If none can
// be made just now, it goes on in this one, and the next Write tries again.
func (w *folderWriter) turn(before int64) {
	file, err := w.folder.root.OpenFile(parts.Name(w.id+suffix, before), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.full = append(w.full, w.file)
	w.file, w.at, w.unnamed = file, 0, true
	w.further++
}

// Part returns how many parts there are.
func (w *folderWriter) Part() int { return 1 + w.further }

// Sync has the files on the disk, in their order, and then their new names.
func (w *folderWriter) Sync() error {
	w.mu.Lock()
	full, file, unnamed := w.full, w.file, w.unnamed
	w.full, w.unnamed = nil, false
	w.mu.Unlock()
	var err error
	for _, f := range full {
		err = errors.Join(err, f.Sync(), w.leave(f))
	}
	if err = errors.Join(err, file.Sync()); err == nil && unnamed {
		if err = w.folder.dir.Sync(); !locks { // where the system cannot do that
			err = nil
		}
	}
	return plain(err)
}

// leave closes a part that is full, unless it is the first.
func (w *folderWriter) leave(f *os.File) error {
	if f == w.first {
		return nil
	}
	return f.Close()
}

func (w *folderWriter) Close() error {
	w.mu.Lock()
	full, file := w.full, w.file
	w.full = nil
	w.mu.Unlock()
	var err error
	for _, f := range full {
		err = errors.Join(err, w.leave(f))
	}
	err = errors.Join(err, w.leave(file), w.first.Close())
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

// nextEntry returns where the first entry begins that has from bytes or more before
// it, or the length of the text.
func nextEntry(text []byte, from int64) int {
	for from < int64(len(text)) {
		end := bytes.IndexByte(text[from-1:], '\n')
		if end < 0 {
			break
		}
		from += int64(end)
		if from < int64(len(text)) && text[from] != ' ' && text[from] != '\t' {
			return int(from)
		}
		from++
	}
	return len(text)
}
