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

// KnowsCall reports false: there is no filter of system calls on this system.
func KnowsCall(string) bool { return false }

// Refusals would learn which system calls a process made in vain.
type Refusals struct{}

// Refusals returns nil: there is no filter of system calls on this system.
func (s *Sandbox) Refusals(string) (*Refusals, error) { return nil, nil }

// Names returns none.
func (r *Refusals) Names() []string { return nil }

// Close does nothing.
func (r *Refusals) Close() {}

func (r *Refusals) socket() string { return "" }

// Step returns the exit status 1: there is no sandbox on this system.
func Step([]string) int {
	fmt.Fprintln(os.Stderr, "sandbox-exec: there is no sandbox on "+runtime.GOOS)
	return 1
}
