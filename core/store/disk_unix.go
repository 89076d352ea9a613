//go:build unix

package store

import (
	"io/fs"
	"syscall"
)

// diskUse returns the bytes that a file takes of the disk: what is allocated to
// it, so that a small file counts as a whole block, and a hole as nothing.
func diskUse(file fs.FileInfo) int64 {
	if stat, ok := file.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512 // whatever the file system's blocks are
	}
	return wholeBlocks(file.Size())
}
