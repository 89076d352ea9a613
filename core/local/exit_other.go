//go:build unix && !linux

package local

import (
	"os/exec"
	"syscall"
)

// awaitExit waits until the program has ended.
func awaitExit(cmd *exec.Cmd) { cmd.Wait() }

// killGroup kills the program's process group. Once the program has ended its number may
// be another's, and what is left of its group is left alone.
func killGroup(cmd *exec.Cmd, exited <-chan struct{}) {
	select {
	case <-exited:
	default:
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
