package store

import (
	"bufio"
	"crypto/rand"
	"encoding/gob"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/parts"
)

// The index is kept in the folder, so that the first list of a process need not
// open every transcript. It is no more than a memory: what it says of a file
// counts while the file has the size and the time that it had, and an index that
// does not parse is none.
const (
	indexName = ".index"
	indexTemp = ".index-" // and something random: one that is being written
	indexV1   = "workbench index v1"
	maxIndex  = 512 << 20 // bytes that are read
)

// known is what the index has of a transcript that changes no more.
type known struct {
	Info     Info
	Modified time.Time
}

// fits reports whether a transcript's files are still those that are known.
func (k *known) fits(is measured) bool {
	return is.size == k.Info.Size && is.modified.Equal(k.Modified)
}

// remembered reads the index that was saved.
func (f *Folder) remembered() map[string]known {
	file, err := plainfile.OpenIn(f.root, indexName)
	if err != nil {
		return nil
	}
	defer file.Close()
	in := gob.NewDecoder(bufio.NewReaderSize(io.LimitReader(file, maxIndex), 1<<20))
	var version string
	if in.Decode(&version) != nil || version != indexV1 {
		return nil
	}
	all := map[string]known{}
	for {
		var k known
		err := in.Decode(&k)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil || !ValidID(k.Info.ID) {
			return nil
		}
		all[k.Info.ID] = k
	}
}

// remember saves the index once enough of it is new. That it cannot be saved
// costs the next process time, nothing else.
func (f *Folder) remember() {
	if f.unsaved <= len(f.index)/16 {
		return
	}
	f.unsaved = 0
	temp := indexTemp + rand.Text()
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	to := bufio.NewWriterSize(file, 1<<20)
	out := gob.NewEncoder(to)
	err = out.Encode(indexV1)
	for _, k := range f.index {
		err = errors.Join(err, out.Encode(k))
	}
	if err = errors.Join(err, to.Flush(), file.Close()); err == nil {
		err = f.root.Rename(temp, indexName)
	}
	if err != nil {
		f.root.Remove(temp)
	}
}

// orphan reports whether a further part of a transcript is left, whose first is gone.
func (f *Folder) orphan(name string) bool {
	first, ok := parts.First(name)
	if id, is := strings.CutSuffix(first, suffix); !ok || !is || !ValidID(id) {
		return false
	}
	_, err := f.root.Lstat(first)
	return errors.Is(err, fs.ErrNotExist)
}

// sweep removes what a process left that died: before the first byte of a
// transcript, or while it saved the index or notes, or deleted a transcript.
func (f *Folder) sweep(name string) {
	id, unbornID := strings.CutSuffix(name, suffix+unborn)
	if !(unbornID && ValidID(id)) && !strings.HasPrefix(name, indexTemp) && !strings.HasPrefix(name, plainfile.Temporary) && !f.orphan(name) {
		return
	}
	file, err := plainfile.OpenIn(f.root, name)
	if err != nil {
		return
	}
	defer file.Close()
	if stat, err := file.Stat(); err == nil && locks && !isLocked(file) && time.Since(stat.ModTime()) > settledAfter {
		f.root.Remove(name)
	}
}
