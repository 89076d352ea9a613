package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// noneFree reports whether no file can be opened just now, which is no fault of
// the disk's and passes.
func noneFree(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// diskFaults are what a person is told of an error of the disk, and can do about
// it. The first that matches counts.
var diskFaults = []struct {
	is    error
	words string // %w is the error
}{
	{syscall.ENOSPC, "the disk is full (%w); make room, or choose another folder with --transcripts"},
	{syscall.EDQUOT, "this user's share of the disk is used up (%w); make room, or choose another folder with --transcripts"},
	{syscall.EROFS, "the file system can only be read (%w); choose another folder with --transcripts"},
	{fs.ErrPermission, "the folder cannot be written to (%w); make it writable, or choose another one with --transcripts"},
	{fs.ErrNotExist, "the folder is gone (%w); start the workbench again, or choose another one with --transcripts"},
	{syscall.EMFILE, "the workbench has as many files open as it may (%w); let it have more with ulimit -n before it starts, or hold fewer sessions at a time"},
	{syscall.ENFILE, "all programs together have as many files open as the system lets them (%w); end some of them, or raise fs.file-max"},
	{syscall.EIO, "the disk is faulty (%w): see the system's log, and choose another folder with --transcripts"},
}

// onDisk says what to do about an error of the disk.
func onDisk(err error) error {
	err = plain(err)
	for _, fault := range diskFaults {
		if errors.Is(err, fault.is) {
			return fmt.Errorf(fault.words, err)
		}
	}
	return fmt.Errorf("the disk failed: %w", err)
}
