//go:build unix

package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = true

// processAttributes puts a process in a group of its own, so that it can be
// killed with all that it starts and Ctrl-C in the terminal does not reach it.
func processAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	dieWithHost(a)
	return a
}

// yielding is the nice value of processes that yield: where they and the host want the same
// processor, they get about a tenth of it.
const yielding = 10

// yield lowers the priority of a process and of what it starts, which a process without
// privileges cannot raise again.
func yield(p *os.Process) error { return syscall.Setpriority(syscall.PRIO_PGRP, p.Pid, yielding) }

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
