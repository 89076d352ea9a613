//go:build unix

package target

import (
	"net"
	"syscall"
)

// rawToRead returns what readNow is called by, or nil where there is no such thing.
func rawToRead(c net.Conn) syscall.RawConn {
	if socket, ok := c.(syscall.Conn); ok {
		if raw, err := socket.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// readNow reads what is there; done is false if that is nothing.
func readNow(fd uintptr, b []byte) (n int, err error, done bool) {
	for {
		n, err = syscall.Read(int(fd), b)
		switch err {
		case nil:
			return n, nil, true
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil, false
		default:
			return 0, err, true
		}
	}
}
