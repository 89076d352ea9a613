package target

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// AcceptLimit is how long a server is waited for that has to connect by itself.
const AcceptLimit = 30 * time.Second

// Further decides which further connections a session may have beside the one to its
// server. It is a value: the policy of targets is asked besides, when one is dialled.
type Further struct {
	First    Target   // the session's own
	Resolved string   // what was dialled, as ip:port
	Through  string   // what it was reached through; "": nothing
	Local    net.Addr // the near end of the connection to it
	Anywhere bool     // the user has lifted the rule that the host is the server's
}

// Target returns the target that a line mode has named, host:port, to be dialled: unless
// Anywhere, one at the very address that was dialled, whatever its name may resolve to now.
// Its errors are of type *Error; one wraps ErrDenied if the target is another host.
func (f Further) Target(s string) (Target, error) {
	t, err := Parse(s)
	switch {
	case err != nil:
		return Target{}, err
	case t.Kind != TCP:
		return Target{}, denied("a further connection is one by TCP: %s is none", t.shown())
	case f.First.Kind != TCP && !f.Anywhere:
		return Target{}, denied("the server was not reached by TCP, and further connections go to its own address alone")
	}
	t.Via = f.First.Via
	if f.Anywhere {
		return t, nil
	}
	if f.Through != "" {
		if t.Host != f.First.Host {
			return Target{}, f.another(t, f.First.shownHost())
		}
		return t, nil
	}
	server, err := f.server()
	if err != nil {
		return Target{}, err
	}
	if t.Host != f.First.Host {
		if named, err := netip.ParseAddr(t.dialHost()); err != nil || named.Unmap() != server {
			return Target{}, f.another(t, server.String())
		}
	}
	t.Host = server.String()
	return t, nil
}

// Security returns the choices of TLS for a target that Target has returned: without a name
// of its own the certificate is to be for the host of the session's own target, although the
// address is dialled.
func (f Further) Security(t Target, s Security) Security {
	switch {
	case !t.TLS:
		return Security{}
	case s.Name == "" && !f.Anywhere:
		s.Name = certificateName(f.First.Host)
	}
	return s
}

func (f Further) another(t Target, server string) error {
	return denied("further connections go to the server's own address alone, %s: %s is another", server, t.shown())
}

func denied(format string, args ...any) error {
	return fail(ErrDenied, format, args...).as(CodeDenied)
}

// server returns the address of the server.
func (f Further) server() (netip.Addr, error) {
	at, err := netip.ParseAddrPort(f.Resolved)
	if err != nil || f.First.Kind != TCP || f.Through != "" {
		return netip.Addr{}, denied("the server was not reached by TCP directly, so that its address is not known")
	}
	return at.Addr().Unmap(), nil
}

// Accept waits for the server to connect, for AcceptLimit, and returns the address at which
// it may and what waits there. Only the server's own address is let in; others are refused,
// and it goes on waiting. address is "", or one with a port that the near end of the
// connection to the server has. Errors are of type *Error.
func (f Further) Accept(ctx context.Context, address string, listening func(address string)) (*net.TCPConn, error) {
	server, err := f.server()
	if err != nil {
		return nil, err
	}
	at, err := f.listenAt(address)
	if err != nil {
		return nil, err
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return nil, fail(err, "cannot listen on %s", at).as(CodeDial)
	}
	defer l.Close()
	address = l.Addr().String()
	listening(address)
	within, cancel := context.WithTimeout(ctx, AcceptLimit)
	defer cancel()
	defer context.AfterFunc(within, func() { l.Close() })()
	for {
		tcp, err := l.AcceptTCP()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				tcp.Close()
			}
			return nil, fail(context.Cause(ctx), "stopped before the server connected to %s", address).as(CodeStopped)
		case errors.Is(within.Err(), context.DeadlineExceeded) && err != nil:
			return nil, fail(err, "the server did not connect to %s within %s", address, seconds(AcceptLimit)).as(CodeNoAnswer)
		case err != nil:
			return nil, fail(err, "nobody can connect to %s any more", address).as(CodeDial)
		}
		if who := tcp.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap(); who == server {
			return tcp, nil
		}
		tcp.SetLinger(0) // refused
		tcp.Close()
	}
}

// listenAt returns where to listen.
func (f Further) listenAt(address string) (netip.AddrPort, error) {
	local, ok := f.Local.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, denied("the server was not reached by TCP, so that it cannot connect by itself")
	}
	at := local.AddrPort().Addr().Unmap()
	if address == "" {
		return netip.AddrPortFrom(at, 0), nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fail(err, "%q is not an address to listen on: write host:port, or nothing", short(address))
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n > 0 && n < 1024 {
		return netip.AddrPort{}, fail(err, "%q is not a port to listen on: it must be 0 or from 1024 to 65535", short(port))
	}
	if named, err := netip.ParseAddr(host); host != "" && (err != nil || named.Unmap() != at) {
		return netip.AddrPort{}, denied("further connections are waited for at the address that the server knows alone, %s: %s is another", at, short(host))
	}
	return netip.AddrPortFrom(at, uint16(n)), nil
}
