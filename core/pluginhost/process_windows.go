package pluginhost

import (
	"os"
	"syscall"
)

const unixSockets = false // go-plugin listens on a port of this machine

// processAttributes keeps Ctrl-C in the console from reaching a process.
func processAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	dieWithHost(a)
	return a
}

// yield does nothing: all processes have the same priority here.
func yield(*os.Process) error { return nil }

// killGroup ends the process alone: this system does not tell what it started.
func killGroup(p *os.Process) { p.Kill() }
