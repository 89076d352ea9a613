package jsonl

import (
	"os"
	"os/exec"
)

func kill(cmd *exec.Cmd) { cmd.Process.Kill() }

// wasKilled reports false: there are no signals.
func wasKilled(*os.ProcessState) bool { return false }

func endKilled() {}
