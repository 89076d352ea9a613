//go:build !linux

package loopback

import "net"

func forRequests(net.Listener) {}
