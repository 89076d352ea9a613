//go:build unix

package jsonl

import (
	"os/exec"
	"syscall"
)

// kill ends the program, with its group where it has one of its own.
func kill(cmd *exec.Cmd) {
	if cmd.SysProcAttr != nil && cmd.SysProcAttr.Setpgid {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	cmd.Process.Kill() // does nothing to one that was waited for
}
