package target

import "syscall"

// KeepUrgent has a socket deliver urgent data in its place in the stream, where
// RFC 6093, 3 wants it; otherwise the byte that the urgent pointer names is
// taken out of the stream, and nobody sees it. A listener's sockets inherit it.
func KeepUrgent(c syscall.RawConn) error {
	const oobInline = 0x100 // SO_OOBINLINE of winsock2.h
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, oobInline, 1)
	})
	if err != nil {
		return err
	}
	return failed
}
