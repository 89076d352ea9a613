package play

import "golang.org/x/sys/unix"

// queued returns how many bytes a socket has to send or to send again; 0 when
// it can not tell.
func queued(fd uintptr) int {
	n, _ := unix.IoctlGetInt(int(fd), unix.TIOCOUTQ)
	return n
}
