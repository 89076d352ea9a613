package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = true

// Self returns the path of this program's own executable, for built-in modes.
// It keeps naming the same build when the file is replaced or removed.
func Self() (string, error) { return "/proc/self/exe", nil }

// processAttributes: a group of its own, so that it can be killed with all
// that it starts and Ctrl-C in the terminal does not reach it, and death with
// the host.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
