package local

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitExit waits until the program has ended, and leaves it to reap: until then no
// other process gets its number, nor its group's.
func awaitExit(cmd *exec.Cmd) {
	for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// killGroup kills the program's process group, also if the program has ended before
// others of it.
func killGroup(cmd *exec.Cmd, _ <-chan struct{}) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
