package target

import (
	"net"
	"net/netip"
	"strings"
)

// nextWaits follows the port of a listening target for which connections after the first
// wait, each for a session of its own.
const nextWaits = "?next=wait"

// NextWaits reports, of a target that Listens, that after the first client others wait:
// the next session with the same target takes the next. Otherwise nobody listens any
// more once a client has connected.
func (t Target) NextWaits() bool { return t.Path == nextWaits }

// parseListen reads what follows listen: in an address. The host is an address of this
// machine; localhost, or none, is 127.0.0.1.
func parseListen(rest string) (Target, error) {
	place, ok := strings.CutPrefix(strings.TrimSpace(rest), "//")
	if !ok {
		return Target{}, fail(nil, "a client is waited for at an address and a port: write listen://127.0.0.1:2525")
	}
	place, query, asks := strings.Cut(place, "?")
	t := Target{Kind: Listen}
	switch {
	case asks && query == "next=wait":
		t.Path = nextWaits
	case asks && query != "next=refuse":
		return Target{}, fail(nil, "after the port of listen:// comes ?next=wait or ?next=refuse, or nothing: what becomes of the next client")
	case strings.Contains(place, "@"):
		return Target{}, fail(nil, "a target has no user and no password: leave out everything before the host, and the @")
	case strings.ContainsAny(place, "/#"):
		return Target{}, fail(nil, "a target ends with its port: leave out the path, and what follows it")
	}
	host, port, err := split(place)
	if err != nil {
		return Target{}, err
	}
	switch t.Host = strings.TrimSpace(host); {
	case t.Host == "" || strings.EqualFold(t.Host, "localhost"):
		t.Host = "127.0.0.1"
	default:
		if _, err := netip.ParseAddr(t.Host); err != nil {
			return Target{}, fail(nil, "%q is not an address of this machine: names are not looked up to listen; write listen://127.0.0.1:2525", short(t.Host))
		}
		if t.Host, err = readHost(t.Host); err != nil {
			return Target{}, err
		}
	}
	if port = strings.TrimSpace(port); strings.Trim(port, "0") == "" && port != "" {
		return t, nil
	}
	t.Port, err = parsePort(port, "tcp")
	return t, err
}

// Accepted returns the connection of a client that was waited for, on the listener at
// an address.
func (d *Dialer) Accepted(tcp *net.TCPConn, t Target, listener string) *Conn {
	conn := d.Over(tcp, "the role of who listens")
	conn.through, conn.noUpgrade = "waited at "+listener, t.noUpgrade()
	return conn
}
