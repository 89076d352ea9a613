//go:build !linux && !darwin

package stall

import "net/netip"

// unsent returns 0: this system does not show what a socket has still to send.
func unsent(uintptr) int { return 0 }

// unread returns 0: this system does not show what another socket has not read.
func unread(_, _ netip.AddrPort) int { return 0 }
