package main

import (
	"context"
	"net"
	"net/netip"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/local"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/wsclient"
)

func patiently(conn net.Conn) net.Conn { return stall.New(conn) }

// dialWith dials every session's target.
func dialWith(dialer *target.Dialer) func(context.Context, target.Target, target.Security) (gateway.Server, error) {
	return func(ctx context.Context, t target.Target, s target.Security) (gateway.Server, error) {
		conn, err := dialer.Dial(ctx, t, s)
		if err != nil {
			return nil, err // not a nil *target.Conn in an interface
		}
		if t.Kind == target.WebSocket {
			ws, err := wsclient.Open(ctx, conn, t)
			if err != nil {
				return nil, err
			}
			return ws, nil
		}
		return conn, nil
	}
}

// awaitWith waits for the clients of targets that listen.
func awaitWith(dialer *target.Dialer, listeners *local.Listeners) func(context.Context, string, target.Target, func(string)) (gateway.Server, error) {
	return func(ctx context.Context, owner string, t target.Target, waiting func(string)) (gateway.Server, error) {
		tcp, address, release, err := listeners.Await(ctx, owner, t, waiting)
		if err != nil {
			return nil, err
		}
		return awaited{dialer.Accepted(tcp, t, address), release}, nil
	}
}

// awaited is the connection of a client that was waited for.
type awaited struct {
	*target.Conn
	release func()
}

// Close closes the connection, and lets go of the listener.
func (a awaited) Close() error {
	defer a.release()
	return a.Conn.Close()
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

const allowExecFlag = "allow-exec"

// addAllowExec adds the flag that allows programs as targets.
func addAllowExec(flags *pflag.FlagSet, allow *bool) {
	flags.BoolVar(allow, allowExecFlag, false, "start programs as targets, exec:/path/to/program; only the account that runs the workbench may name one")
}

// opener opens programs, if the flag allows them, and serial lines.
func opener(allowExec bool) func(context.Context, target.Target) (target.Stream, error) {
	return local.Opener{Programs: allowExec, ProgramsOff: ": start the workbench with --" + allowExecFlag + " to allow exec: targets"}.Open
}
