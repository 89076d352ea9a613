//go:build !unix

package store

import "io/fs"

// diskUse returns about how many bytes a file takes of the disk.
func diskUse(file fs.FileInfo) int64 { return wholeBlocks(file.Size()) }
