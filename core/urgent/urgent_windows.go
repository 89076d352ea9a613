package urgent

import "syscall"

// Keep makes the socket deliver urgent data within the stream.
func Keep(c syscall.RawConn) error {
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
