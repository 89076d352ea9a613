//go:build unix

package class

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file for as long as it is open, and reports whether nobody else has. A file
// system without locks is no reason not to hold a class.
func lock(f *os.File) bool {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}
