package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/loopback"
)

// The values of --listen that are no address.
const (
	socketPrefix = "unix:"
	bySystemd    = "systemd"
)

// place is where --listen says to listen.
type place struct {
	named   string         // by the user; "": nothing
	addr    netip.AddrPort // of TCP, where others can reach it; its host may be unset, which stands for all addresses
	socket  string         // path of a Unix socket
	systemd net.Listener   // that systemd has passed on
}

// parsePlace reads --listen. It opens nothing.
func parsePlace(named string) (place, error) {
	p := place{named: named}
	if named == "" {
		return p, nil
	}
	if path, ok := strings.CutPrefix(named, socketPrefix); ok {
		if path == "" {
			return p, fmt.Errorf("--listen %s names no file; write it as unix:/run/user/1000/workbench", named)
		}
		p.socket = filepath.Clean(path)
		return p, nil
	}
	if named == bySystemd {
		l, err := inherited()
		if err != nil {
			return p, fmt.Errorf("--listen systemd: %w", err)
		}
		p.systemd = l
		if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
			p.addr = at.AddrPort()
		}
		return p, nil
	}
	_, err := loopback.Parse(named)
	var why *loopback.Error
	switch {
	case err == nil:
		return p, nil
	case !errors.As(err, &why):
		return p, err
	case why.Reason == loopback.NoHost:
		return p, fmt.Errorf("--listen %q is a name, and names are not looked up; write an address of this machine, or :8000 for all of them", named)
	case why.Reason != loopback.NotLoopback:
		return p, command.ExplainListen(why, "--listen")
	}
	p.addr = why.Addr
	if !p.addr.Addr().IsValid() {
		p.addr = netip.AddrPortFrom(netip.IPv6Unspecified(), p.addr.Port())
	}
	return p, nil
}

// isLocal reports whether only this machine reaches it.
func (p place) isLocal() bool { return !p.addr.IsValid() }

// isSocket reports whether it is a Unix socket.
func (p place) isSocket() bool {
	if p.systemd != nil {
		_, ok := p.systemd.Addr().(*net.UnixAddr)
		return ok
	}
	return p.socket != ""
}

func (p place) listen(log *slog.Logger) (net.Listener, error) {
	l, err := p.open(log)
	if err != nil {
		return nil, err
	}
	loopback.ForRequests(l)
	return l, nil
}

func (p place) open(log *slog.Logger) (net.Listener, error) {
	switch {
	case p.systemd != nil:
		return p.systemd, nil
	case p.socket != "":
		l, err := listenSocket(p.socket)
		if err != nil {
			return nil, fmt.Errorf("--listen %s: %w", p.named, err)
		}
		return l, nil
	case p.isLocal():
		return command.Listen(p.named, pageAddress, "--listen", log)
	}
	l, err := loopback.Exposed(p.addr)
	var why *loopback.Error
	if errors.As(err, &why) {
		return nil, command.ExplainListen(why, "--listen")
	}
	return l, err
}

// addresses returns those at which a listener can be reached; nil for a Unix socket.
// For an unspecified address that is what the machine's interfaces have, IPv4 first, and
// 127.0.0.1 if they have nothing.
func addresses(l net.Listener) (all []netip.AddrPort) {
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	at := tcp.AddrPort()
	if !at.Addr().IsUnspecified() {
		return []netip.AddrPort{netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
	}
	interfaces, _ := net.InterfaceAddrs()
	var six []netip.AddrPort
	for _, i := range interfaces {
		prefix, err := netip.ParsePrefix(i.String())
		switch addr := prefix.Addr().Unmap(); {
		case err != nil || !addr.IsGlobalUnicast():
		case addr.Is4():
			all = append(all, netip.AddrPortFrom(addr, at.Port()))
		case at.Addr().Is6():
			six = append(six, netip.AddrPortFrom(addr, at.Port()))
		}
	}
	if all = append(all, six...); len(all) == 0 {
		all = append(all, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()))
	}
	return all
}
