package target

import (
	"net/netip"
	"slices"
)

// Policy decides which resolved addresses may be dialled. The zero value
// allows every address. A Policy is a value: Deny returns a new one, and
// copies may be used by several goroutines.
type Policy struct {
	rules []rule
}

type rule struct {
	prefix netip.Prefix
	why    string
}

// Deny returns p with these prefixes denied too; why completes "ADDRESS may
// not be dialled: …" for the user. A denied IPv4 prefix also covers the IPv6
// addresses that reach it: mapped, 6to4, NAT64. Deny panics on an invalid
// prefix, which would deny nothing.
func (p Policy) Deny(why string, prefixes ...netip.Prefix) Policy {
	rules := slices.Clone(p.rules)
	for _, x := range prefixes {
		if a := x.Addr(); a.Is4In6() && x.Bits() >= 96 {
			x = netip.PrefixFrom(a.Unmap(), x.Bits()-96)
		}
		if !x.IsValid() {
			panic("target: a prefix to deny is not valid")
		}
		rules = append(rules, rule{x, why})
	}
	return Policy{rules}
}

// Check returns nil if the address may be dialled, and otherwise an *Error that
// wraps ErrDenied. The zero Addr is denied.
func (p Policy) Check(addr netip.Addr) error {
	if !addr.IsValid() {
		return fail(ErrDenied, "an address that cannot be read may not be dialled").as(CodeDenied)
	}
	for _, a := range leadsTo(addr) {
		for _, r := range p.rules {
			if r.prefix.Contains(a) {
				return fail(ErrDenied, "%s may not be dialled: %s", addr, r.why).as(CodeDenied)
			}
		}
	}
	return nil
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
		case nat64.Contains(addr), nat64b.Contains(addr), compat.Contains(addr):
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
