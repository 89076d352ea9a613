package target

import (
	"net/netip"
	"strconv"
	"strings"
)

// Rule allows or denies targets. Make one with [ParseRule].
type Rule struct {
	allow  bool
	scheme string       // "tls", "tcp", "udp", or "": any
	name   string       // a pattern for the host as it was written; "": any
	prefix netip.Prefix // of the resolved address; not valid: any
	ports  portRange    // zero: any
	text   string       // as it was written
}

type portRange struct{ from, to uint16 }

func (r portRange) has(port uint16) bool {
	return r == portRange{} || r.from <= port && port <= r.to
}

// ParseRule reads a rule: allow or deny, and what, written much like a target:
//
//	deny 10.0.0.0/8                a network, or one address
//	allow db.example.com:5432      a name, and a port
//	allow *.example.com:80-443     what ends in .example.com, and a range of ports
//	deny [2001:db8::/32]:25        IPv6 with a port
//	allow tls://*:443              any host, but only with TLS; tcp:// is only without
//	allow udp://192.0.2.1:53       only by UDP
//
// A denied IPv4 network also covers the IPv6 addresses that lead into it. A name
// is compared with the host that the user wrote, and can be avoided by writing
// its address. Whoever owns a name chooses its address, so an allowed name
// allows only addresses that [Public] allows too.
//
// A rule without a scheme is about UDP too, and so is a denial with tcp://.
//
// Errors are of type *Error.
func ParseRule(s string) (Rule, error) {
	verb, what, _ := strings.Cut(strings.TrimSpace(s), " ")
	r := Rule{allow: verb == "allow", text: clean(strings.TrimSpace(s))}
	rest := strings.TrimSpace(what)
	if verb != "allow" && verb != "deny" || rest == "" || strings.ContainsAny(rest, " \t") {
		return Rule{}, fail(nil, "%q is neither a preset (%s) nor a rule: write allow or deny and a host, as in: deny 10.0.0.0/8", short(s), presetNames())
	}
	if scheme, after, found := strings.Cut(rest, "://"); found {
		if scheme != "tls" && scheme != "tcp" && scheme != "udp" {
			return Rule{}, fail(nil, "the rule %q begins with none of tls://, tcp:// and udp://", short(s))
		}
		r.scheme, rest = scheme, after
	}
	host, ports := splitRule(rest)
	var err error
	if ports != "" {
		if r.ports, err = parsePorts(ports); err != nil {
			return Rule{}, fail(err, "the rule %q: %s", short(s), err)
		}
	}
	if r.name, r.prefix, err = parseWhere(host); err != nil {
		return Rule{}, fail(err, "the rule %q: %s", short(s), err)
	}
	return r, nil
}

// splitRule cuts the ports off; an IPv6 network without brackets has none.
func splitRule(s string) (host, ports string) {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		host, after, _ := strings.Cut(inside, "]")
		return host, strings.TrimPrefix(after, ":")
	}
	if strings.Count(s, ":") == 1 {
		host, ports, _ = strings.Cut(s, ":")
		return host, ports
	}
	return s, ""
}

func parsePorts(s string) (portRange, error) {
	first, last, isRange := strings.Cut(s, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(last, 10, 16)
	}
	if err != nil || from == 0 || to < from {
		return portRange{}, fail(err, "%q is neither a port from 1 to 65535 nor a range, as in 80-443", short(s))
	}
	return portRange{uint16(from), uint16(to)}, nil
}

// parseWhere reads the host of a rule.
func parseWhere(host string) (name string, prefix netip.Prefix, err error) {
	if host == "*" {
		return "", netip.Prefix{}, nil
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return "", netip.PrefixFrom(a, a.BitLen()), nil
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		if p != p.Masked() {
			return "", netip.Prefix{}, fail(nil, "%s has bits set after its first %d: did you mean %s?", host, p.Bits(), p.Masked())
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		return "", p, nil
	}
	bare, wild := strings.CutPrefix(host, "*.")
	read, err := readHost(bare)
	if err != nil || strings.ContainsAny(read, "/:") || strings.Trim(read, "0123456789.") == "" {
		return "", netip.Prefix{}, fail(err, "%q is neither an address, nor a network such as 10.0.0.0/8, nor a name such as *.example.com", short(host))
	}
	if wild {
		read = "*." + read
	}
	return plainName(read), netip.Prefix{}, nil
}

// plainName is how names are compared.
func plainName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// matches reports whether the rule is about t at the address a, to which its host
// leads.
func (r Rule) matches(t Target, a netip.Addr) bool {
	switch {
	case !r.isOf(t), !r.ports.has(t.Port):
		return false
	case r.prefix.IsValid():
		return r.prefix.Contains(a)
	case r.name == "":
		return true
	case !r.namesHost(plainName(t.dialHost())):
		return false
	}
	return !r.allow || isPublic(a)
}

// isOf reports whether the rule's scheme is about t. What is said of tcp is also denied by
// UDP, and not allowed by it.
func (r Rule) isOf(t Target) bool {
	switch r.scheme {
	case "tls":
		return t.TLS
	case "udp":
		return t.Kind == UDP
	case "tcp":
		return !t.TLS && (t.Kind != UDP || !r.allow)
	}
	return true
}

// matchesAll reports whether the rule is about every host and port, with TLS or
// without.
func (r Rule) matchesAll() bool {
	return r.scheme == "" && r.name == "" && !r.prefix.IsValid() && r.ports == portRange{}
}

func (r Rule) namesHost(host string) bool {
	if suffix, wild := strings.CutPrefix(r.name, "*"); wild {
		return strings.HasSuffix(host, suffix)
	}
	return host == r.name
}
