package jsonl

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the program killed when the thread that starts it ends, and
// this process has not more threads than life.
func dieWithUs(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
