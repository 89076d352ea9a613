package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = false // go-plugin listens on a port of this machine

// processAttributes: Ctrl-C in the console does not reach it.
func processAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	dieWithHost(a)
	return a
}

// killGroup ends the process alone; what it started is not known.
func killGroup(p *os.Process) { p.Kill() }
