package jsonl

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the kernel kill the program when the thread that started it ends,
// which at the latest is the end of this process.
func dieWithUs(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
