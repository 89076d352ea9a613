package jsonl

import "os/exec"

func kill(cmd *exec.Cmd) { cmd.Process.Kill() }
