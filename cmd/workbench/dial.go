package main

import (
	"context"
	"net"
	"net/netip"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/target"
)

func patiently(conn net.Conn) net.Conn { return stall.New(conn) }

// listenHere listens on this machine for the clients of a played recording.
func listenHere(port uint16) (net.Listener, error) {
	return loopback.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
}

// dialWith dials every session's target.
func dialWith(dialer *target.Dialer) func(context.Context, target.Target, target.Security) (gateway.Server, error) {
	return func(ctx context.Context, t target.Target, s target.Security) (gateway.Server, error) {
		conn, err := dialer.Dial(ctx, t, s)
		if err != nil {
			return nil, err // not a nil *target.Conn in an interface
		}
		return conn, nil
	}
}

// dialAsker dials a server on the machine of who asks: one to practise on, if it is at an
// address.
func dialAsker(dialer *target.Dialer) func(context.Context, target.Target, target.Security) (gateway.Server, error) {
	return func(ctx context.Context, t target.Target, s target.Security) (gateway.Server, error) {
		asker := *dialer
		asker.Proxy = target.Proxy{}
		if addr, err := netip.ParseAddr(t.Host); err == nil {
			asker.Policy = dialer.Policy.Practice(netip.AddrPortFrom(addr, t.Port))
		}
		return dialWith(&asker)(ctx, t, s)
	}
}
