//go:build !linux && !darwin

package stall

import "net/netip"

// unsent cannot tell: this system does not show what a socket has still to send.
func unsent(uintptr) (int, bool) { return 0, false }

// unread returns 0: this system does not show what another socket has not read.
func unread(_, _ netip.AddrPort) int { return 0 }
