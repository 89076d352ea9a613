package stall

import (
	"net/netip"
	"syscall"
)

// unsent returns how many bytes a socket has still to send or to retransmit, if it
// can tell.
func unsent(fd uintptr) (int, bool) {
	n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_NWRITE)
	return n, err == nil
}

// unread returns 0: this system does not show what another socket has not read.
func unread(_, _ netip.AddrPort) int { return 0 }
