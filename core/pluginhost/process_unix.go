//go:build unix && !linux

package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = true

// Self returns the path of this program's own executable, for built-in modes.
func Self() (string, error) { return os.Executable() }

// processAttributes: a group of its own, so that it can be killed with all
// that it starts and Ctrl-C in the terminal does not reach it. When the host
// dies, the end of its standard input tells it.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
