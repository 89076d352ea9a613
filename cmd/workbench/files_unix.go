//go:build unix

package main

import "syscall"

// maxFiles returns how many files this process may have open. Go has raised that to
// the hard limit when it started, as far as the system lets it (os/rlimit.go).
func maxFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return noFiles
	}
	return int(min(uint64(limit.Cur), noFiles))
}
