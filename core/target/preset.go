package target

import (
	"net/netip"
	"slices"
	"strings"
)

// Preset decides about what no rule of a policy matches.
type Preset int

const (
	// Local allows everything.
	Local Preset = iota
	// Public allows what is on the Internet: no address of this machine, of a
	// private network, of the machine that this one runs on, and no multicast.
	Public
	// Practice allows the practice servers.
	Practice
)

var presets = []string{Local: "local", Public: "public", Practice: "practice"}

// String returns the preset's name.
func (p Preset) String() string { return presets[p] }

func presetNames() string { return strings.Join(presets, ", ") }

func presetNamed(s string) (Preset, bool) {
	i := slices.Index(presets, s)
	return Preset(max(i, 0)), i >= 0
}

func (p Preset) allows(a netip.AddrPort, practice []netip.AddrPort) bool {
	switch p {
	case Public:
		return isPublic(a.Addr())
	case Practice:
		return slices.Contains(practice, a)
	}
	return true
}

// isPublic reports whether an address, without zone and not mapped, is on the
// Internet. An IPv6 address that leads to an IPv4 one is, if it may lead
// anywhere: see leadsTo for what is asked then.
func isPublic(a netip.Addr) bool {
	if a.Is6() && !globalUnicast.Contains(a) && !nat64.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// globalUnicast is all that is given out of IPv6 (IANA, IPv6 Global Unicast
// Address Assignments): what lies outside is local, multicast, or nobody's.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// special is what is not on the Internet, of IPv4 and of globalUnicast: IANA's
// special-purpose registries (RFC 6890) and, at last, a cloud's metadata server.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // behind a carrier's NAT
	"127.0.0.0/8",     // this machine
	"169.254.0.0/16",  // link-local, and most clouds' metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
	"2001::/23",       // protocol assignments, with Teredo, which hides an IPv4 address
	"2001:db8::/32",   // documentation
	"3fff::/20",       // documentation
	"168.63.129.16/32",
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")   // RFC 6052
	nat64b = netip.MustParsePrefix("64:ff9b:1::/48") // RFC 8215; with the usual /96 inside
	sixTo4 = netip.MustParsePrefix("2002::/16")      // RFC 3056
	compat = netip.MustParsePrefix("::/96")          // RFC 4291, 2.5.5.1, long deprecated
)

// leadsTo lists the addresses that dialling addr may reach: itself without its
// zone, an IPv4 address inside, and for the unspecified address this machine,
// which is how systems treat it.
func leadsTo(addr netip.Addr) []netip.Addr {
	addr = addr.Unmap().WithZone("")
	all := []netip.Addr{addr}
	if addr.Is6() {
		b := addr.As16()
		switch {
		case addr.IsUnspecified(), addr.IsLoopback():
		case nat64.Contains(addr), nat64b.Contains(addr), compat.Contains(addr), isISATAP(b):
			all = append(all, netip.AddrFrom4([4]byte(b[12:])))
		case sixTo4.Contains(addr):
			all = append(all, netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	for _, a := range all {
		if a.IsUnspecified() {
			return append(all, netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback())
		}
	}
	return all
}

// isISATAP reports whether an address has an interface identifier of RFC 5214,
// 6.1, which ends in an IPv4 address.
func isISATAP(b [16]byte) bool {
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}
