//go:build unix

package socketdir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// maxSocket is what a socket's path may have, in bytes, on every system.
const maxSocket = 103

// lockFile locks f until it is closed or we die, and reports whether no one
// else held it.
func lockFile(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// isOurs reports whether the file belongs to our user.
func isOurs(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

func isAlive(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
