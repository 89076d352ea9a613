//go:build unix

package jsonl

import (
	"os"
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

// wasKilled reports an end by a signal that no program gets for what it does.
func wasKilled(s *os.ProcessState) bool {
	status, ok := s.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP:
		return true
	}
	return false
}

// endKilled ends this process as if somebody had killed it.
func endKilled() { syscall.Kill(os.Getpid(), syscall.SIGKILL) }
