package loopback

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsentAt is how many bytes may wait to be sent on a connection before a write waits,
// beside those that are on their way.
const unsentAt = 128 << 10

// forRequests sets options that the accepted connections inherit; see tcp(7).
func forRequests(l net.Listener) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { // what fails here makes nothing wrong
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1) // seconds
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentAt)
	})
}
