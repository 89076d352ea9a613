//go:build !linux

package step

import (
	"fmt"
	"os"
	"runtime"
)

// Run returns the exit status 1: there is no sandbox on this system.
func Run([]string) int {
	fmt.Fprintln(os.Stderr, "sandbox-exec: no sandbox on "+runtime.GOOS)
	return 1
}
