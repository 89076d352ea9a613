//go:build unix

package target

import "syscall"

// KeepUrgent has a socket deliver urgent data in its place in the stream, where
// RFC 6093, 3 wants it; otherwise the byte that the urgent pointer names is
// taken out of the stream, and nobody sees it. A listener's sockets inherit it.
func KeepUrgent(c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
	})
	if err != nil {
		return err
	}
	return failed
}
