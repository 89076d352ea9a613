//go:build unix

package store

import (
	"io/fs"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// diskUse returns the bytes that a file takes of the disk: what is allocated to
// it, so that a small file counts as a whole block, and a hole as nothing.
func diskUse(file fs.FileInfo) int64 {
	if stat, ok := file.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512 // whatever the file system's blocks are
	}
	return wholeBlocks(file.Size())
}

// fileNow returns what a file of a transcript is at present, the first by the ID and a
// further one by its name; the zero File if it is none.
// A search asks for all of them, so it is the system call and no more.
func (f *Folder) fileNow(key string) textindex.File {
	var stat unix.Stat_t
	err := unix.Fstatat(int(f.dir.Fd()), keyName(key), &stat, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return textindex.File{}
	}
	return textindex.File{ID: key, Size: stat.Size, Modified: time.Unix(stat.Mtim.Unix())}
}
