package loopback

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Open listens on an address that somebody named. Where they named none that is
// the usual one or, when another program has that, a free port of the same host:
// then taken says who was in the way.
//
// Its errors are an *[Error].
func Open(named, usual string) (l net.Listener, taken *Error, err error) {
	addr, err := Parse(cmp.Or(named, usual))
	if err != nil {
		return nil, nil, err
	}
	l, err = Listen(addr)
	if named == "" && errors.As(err, &taken) && taken.Reason == Taken {
		l, err = Listen(netip.AddrPortFrom(addr.Addr(), 0))
		return l, taken, err
	}
	return l, nil, err
}

// Parse reads HOST:PORT, an address of this machine alone. The name localhost
// is taken to mean 127.0.0.1 and no other is looked up, so that the answer cannot
// be another machine's to give. Its errors are an *[Error].
func Parse(address string) (netip.AddrPort, error) {
	fail := func(ip netip.Addr, port uint64, why Reason, err error) (netip.AddrPort, error) {
		return netip.AddrPort{}, &Error{address, netip.AddrPortFrom(ip, uint16(port)), why, err}
	}
	var ip netip.Addr
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fail(ip, 0, NoAddress, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fail(ip, 0, NoPort, err)
	}
	if strings.EqualFold(host, "localhost") {
		host = ipv4.String()
	}
	if ip, err = netip.ParseAddr(host); err != nil && host != "" {
		return fail(ip, n, NoHost, err)
	}
	if ip = ip.Unmap(); !ip.IsLoopback() {
		return fail(ip, n, NotLoopback, errNotLoopback)
	}
	return netip.AddrPortFrom(ip, uint16(n)), nil
}
