package access

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// accountAt returns the user whose process has the other end of a connection, of
// TCP or of a Unix socket, which may be wrapped.
func accountAt(c net.Conn) (uid int, err error) {
	if socket, ok := innermost(c).(*net.UnixConn); ok {
		return accountOfPeer(socket)
	}
	return accountOf(c.RemoteAddr(), c.LocalAddr())
}

// accountOfPeer returns the user who connected to a Unix socket: SO_PEERCRED of
// unix(7).
func accountOfPeer(c *net.UnixConn) (uid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var refused error
	err = raw.Control(func(fd uintptr) { cred, refused = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = errors.Join(err, refused); err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

// innermost returns the connection that others, such as TLS, are laid upon.
func innermost(c net.Conn) net.Conn {
	for {
		upon, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = upon.NetConn()
	}
}
