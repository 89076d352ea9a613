package patient

import (
	"net/netip"
	"syscall"
)

// unsent returns how many bytes a socket has to send or to send again; 0 when
// it cannot tell.
func unsent(fd uintptr) int {
	n, _ := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_NWRITE)
	return n
}

// unread would look into a peer of this machine; here it cannot.
func unread(_, _ netip.AddrPort) int { return 0 }
