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

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
