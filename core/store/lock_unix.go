//go:build unix

package store

import (
	"os"
	"syscall"
)

// locks says that isLocked tells the truth.
const locks = true

// lock locks a file for as long as it is open here. A file system without locks
// is no reason not to record.
func lock(f *os.File) { syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// isLocked reports whether somebody holds the lock of a file that was opened
// anew.
func isLocked(f *os.File) bool {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	locked := false
	c.Control(func(fd uintptr) {
		if err := syscall.Flock(int(fd), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
			locked = err == syscall.EWOULDBLOCK
			return
		}
		syscall.Flock(int(fd), syscall.LOCK_UN)
	})
	return locked
}
