package play

import "syscall"

// queued returns how many bytes a socket has to send or to send again; 0 when
// it can not tell.
func queued(fd uintptr) int {
	n, _ := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_NWRITE)
	return n
}
