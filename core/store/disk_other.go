//go:build !unix

package store

import (
	"io/fs"

	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// diskUse returns about how many bytes a file takes of the disk.
func diskUse(file fs.FileInfo) int64 { return wholeBlocks(file.Size()) }

// fileNow returns what a file of a transcript is at present, the first by the ID and a
// further one by its name; the zero File if it is none.
func (f *Folder) fileNow(key string) textindex.File {
	info, err := f.root.Lstat(keyName(key))
	if err != nil || !info.Mode().IsRegular() {
		return textindex.File{}
	}
	return textindex.File{ID: key, Size: info.Size(), Modified: info.ModTime()}
}
