package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = false // go-plugin listens on a port of this machine

// Self returns the path of this program's own executable, for built-in modes.
func Self() (string, error) { return os.Executable() }

// processAttributes: Ctrl-C in the console does not reach it. When the host
// dies, the end of its standard input tells it.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup ends the process alone; what it started is not known.
func killGroup(p *os.Process) { p.Kill() }
