//go:build unix

package main

import (
	"math"
	"syscall"
)

// maxFiles returns how many files each process may have open. Programs in Go
// raise what they may to this by themselves.
func maxFiles() int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt64
	}
	return int64(min(uint64(limit.Max), math.MaxInt64))
}
