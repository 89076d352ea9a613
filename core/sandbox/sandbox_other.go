//go:build !linux

package sandbox

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

const supported = false

type system struct{}

func (s *Sandbox) look() {}

func (s *Sandbox) probe(context.Context) {
	for _, m := range mechanisms {
		s.note(m.Name, step.Finding{State: Missing, Reason: "not available on " + runtime.GOOS})
	}
}

func (s *Sandbox) round(context.Context, time.Duration, bool) {}

func (s *Sandbox) order([]string) step.Order { return step.Order{} }

func (s *Sandbox) enclose(*exec.Cmd, step.Order) (*Held, error) { return &Held{}, nil }

// Held is one process that Hold has prepared.
type Held struct{}

// Look reports false: nobody counts here.
func (h *Held) Look(int) (over bool) { return false }

// OutOfMemory reports false: it is not known here.
func (h *Held) OutOfMemory(*os.ProcessState) bool { return false }

// Release does nothing: nothing was made.
func (h *Held) Release() error { return nil }

// KnowsCall reports false: no filter of system calls on this system.
func KnowsCall(string) bool { return false }

// Refusals would learn which system calls a process made in vain.
type Refusals struct{}

// Refusals returns nil: no filter of system calls on this system.
func (s *Sandbox) Refusals(string) (*Refusals, error) { return nil, nil }

// Names returns none.
func (r *Refusals) Names() []string { return nil }

// Close does nothing.
func (r *Refusals) Close() {}

func (r *Refusals) socket() string { return "" }
