//go:build !linux

package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

const supported = false

func (s *Sandbox) probe(context.Context) {
	for _, m := range mechanisms {
		s.miss(m.Name, "there is none on "+runtime.GOOS)
	}
}

func (s *Sandbox) enclose(*exec.Cmd) {}

// Step returns the exit status 1: there is no sandbox on this system.
func Step([]string) int {
	fmt.Fprintln(os.Stderr, "sandbox-exec: there is no sandbox on "+runtime.GOOS)
	return 1
}
