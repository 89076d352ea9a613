package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"

	"github.com/protocol-workbench/workbench/core/loopback"
)

// Where the page and the practice server are, unless a flag says otherwise.
const (
	pageAddress = "127.0.0.1:8000"
	echoAddress = "127.0.0.1:4000"
)

// listenAtOrBeside listens on the address that the flag names. Where it names
// none it is the usual one, or, when another program has that, the same host at
// a free port: what says so is a line of the log.
func listenAtOrBeside(named, usual, flag string, log *slog.Logger) (net.Listener, error) {
	if named != "" {
		return listenLoopback(named, flag)
	}
	l, err := listenLoopback(usual, flag)
	var taken *listenError
	if !errors.As(err, &taken) || taken.why.Reason != loopback.Taken {
		return l, err
	}
	host, _, err := net.SplitHostPort(usual)
	if err != nil {
		return nil, err
	}
	if l, err = listenLoopback(net.JoinHostPort(host, "0"), flag); err == nil {
		log.Warn(fmt.Sprintf("%s is taken by another program; a free port takes its place", taken.why.Addr), "flag", flag, "address", l.Addr().String())
	}
	return l, err
}

// listenLoopback listens on an address of this machine alone: there is no
// access control, and whoever reaches the page can dial from here.
func listenLoopback(address, flag string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	n, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil {
		return nil, fmt.Errorf("%s %q is no address; write it as 127.0.0.1:8000", flag, address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.IsLoopback() {
		return nil, fmt.Errorf("%s %s is refused: it can be reached from other machines, and there is no access control yet; use 127.0.0.1 or [::1]", flag, address)
	}
	l, err := loopback.Listen(netip.AddrPortFrom(addr.Unmap(), uint16(n)))
	var why *loopback.Error
	if !errors.As(err, &why) {
		return l, err
	}
	return nil, &listenError{why, flag}
}

// listenError says what to do about an error of package loopback.
type listenError struct {
	why  *loopback.Error
	flag string
}

func (e *listenError) Error() string {
	switch e.why.Reason {
	case loopback.Taken:
		return fmt.Sprintf("%s is taken by another program; stop it, or choose another port with %s 127.0.0.1:PORT", e.why.Addr, e.flag)
	case loopback.Forbidden:
		return fmt.Sprintf("this user may not listen on %s; choose a port over 1023 with %s 127.0.0.1:PORT", e.why.Addr, e.flag)
	}
	return fmt.Sprintf("cannot listen on %s (%s): %v", e.why.Addr, e.flag, e.why.Err)
}
