//go:build !unix

package store

import (
	"io/fs"

	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// diskUse returns about how many bytes a file takes of the disk.
func diskUse(file fs.FileInfo) int64 { return wholeBlocks(file.Size()) }

// fileNow returns what a transcript's file is at present; the zero File if it is none.
func (f *Folder) fileNow(id string) textindex.File {
	info, err := f.root.Lstat(id + suffix)
	if err != nil || !info.Mode().IsRegular() {
		return textindex.File{}
	}
	return textindex.File{ID: id, Size: info.Size(), Modified: info.ModTime()}
}
