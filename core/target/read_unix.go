//go:build unix

package target

import (
	"net"
	"syscall"
)

// rawToRead returns what readNow is called by, or nil where there is no such thing.
func rawToRead(c *net.TCPConn) syscall.RawConn {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
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
