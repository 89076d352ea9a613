package target

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// ErrDenied is wrapped by errors about targets that the policy denies.
var ErrDenied = errors.New("denied by the policy")

// Policy decides what may be dialled. Its rules are asked in order, and the
// first that matches decides; where none does, its preset decides. The zero
// value has no rules and the preset [Local], and so allows everything.
//
// A Policy is a value: its methods return new ones, and copies may be used by
// several goroutines.
type Policy struct {
	preset   Preset
	rules    []Rule
	own      []netip.AddrPort
	practice []netip.AddrPort // of TCP
	byUDP    []netip.AddrPort // practice servers

	// isOwnSocket reports whether a path leads to this program's own Unix socket;
	// nil: it has none.
	isOwnSocket func(path string) bool
}

// NewPolicy reads a policy's words: rules, as [ParseRule] reads them, in the
// order in which they are asked, and among them at most one preset.
func NewPolicy(words []string) (Policy, error) {
	p, chosen := Policy{}, ""
	for _, w := range words {
		if preset, ok := presetNamed(w); ok {
			if chosen != "" && chosen != w {
				return Policy{}, fail(nil, "the policy has the presets %s and %s; it can have one", chosen, w)
			}
			p.preset, chosen = preset, w
			continue
		}
		r, err := ParseRule(w)
		if err != nil {
			return Policy{}, err
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// Own returns p with the addresses of this program's own HTTP listeners, which
// no rule allows: through them, a session could do what its user may not. An
// address that is unspecified stands for every address of the machine.
func (p Policy) Own(listeners ...netip.AddrPort) Policy {
	p.own = append(slices.Clip(p.own), listeners...)
	return p
}

// OwnSocket returns p with what knows, of any path, whether it leads to this
// program's own Unix socket, which nothing allows.
func (p Policy) OwnSocket(is func(path string) bool) Policy {
	p.isOwnSocket = is
	return p
}

// Practice returns p with addresses of practice servers, which the preset
// [Practice] allows.
func (p Policy) Practice(servers ...netip.AddrPort) Policy {
	p.practice = append(slices.Clip(p.practice), servers...)
	return p
}

// PracticeByUDP is Practice for servers of UDP, whose ports are their own.
func (p Policy) PracticeByUDP(servers ...netip.AddrPort) Policy {
	p.byUDP = append(slices.Clip(p.byUDP), servers...)
	return p
}

// Decision is what a policy says of one address of a target.
type Decision struct {
	Allowed bool
	By      string // what decided, as in: the rule "deny 10.0.0.0/8"
}

// Decide says whether t may be dialled at the address that its host was
// resolved to. An address is allowed if every address is that it leads to, as a
// mapped or NAT64 one does to an IPv4 address.
func (p Policy) Decide(t Target, resolved netip.Addr) Decision {
	if !resolved.IsValid() {
		return Decision{By: "no rule: the address cannot be read"}
	}
	var last Decision
	for _, a := range leadsTo(resolved) {
		if last = p.decide(t, a); !last.Allowed {
			break
		}
	}
	return last
}

func (p Policy) decide(t Target, a netip.Addr) Decision {
	for _, own := range p.own {
		if own.Port() == t.Port && (own.Addr().Unmap() == a || own.Addr().IsUnspecified()) {
			return Decision{By: "the workbench: it is its own address"}
		}
	}
	for _, r := range p.rules {
		if r.matches(t, a) {
			return Decision{r.allow, fmt.Sprintf("the rule %q", r.text)}
		}
	}
	practice := p.practice
	if t.Kind == UDP {
		practice = p.byUDP
	}
	return Decision{p.preset.allows(netip.AddrPortFrom(a, t.Port), practice), "the preset " + p.preset.String()}
}

// Check returns nil if t may be dialled at the resolved address, and otherwise
// an *Error that wraps ErrDenied and names what denied it.
func (p Policy) Check(t Target, resolved netip.Addr) error {
	d := p.Decide(t, resolved)
	if d.Allowed {
		return nil
	}
	if !resolved.IsValid() {
		return fail(ErrDenied, "an address that cannot be read may not be dialled").as(CodeDenied)
	}
	where := short(t.Logged())
	if t.Host != resolved.String() {
		where += " (" + short(resolved.String()) + ")"
	}
	return fail(ErrDenied, "%s may not be dialled: denied by %s", where, d.By).as(CodeDenied)
}

// checkName returns what Check would of every address of a host, where the host is a name
// that leads to nothing which is allowed: to look it up would tell name servers what was
// asked, and who asks whether there is such a name.
func (p Policy) checkName(t Target) error {
	_, err := netip.ParseAddr(t.dialHost())
	allows := func(r Rule) bool { return r.allow }
	if err == nil || p.preset != Practice || isLoopback(t.dialHost()) || slices.ContainsFunc(p.rules, allows) {
		return nil
	}
	return fail(ErrDenied, "%s may not be dialled: denied by the preset %s", short(t.Logged()), p.preset).as(CodeDenied)
}

// DecideLocal says whether t, which [Target.IsLocal], may be dialled. It is where
// the preset is [Local] and no rule comes first that denies every host: the rules
// are about hosts, and none allows what is none.
func (p Policy) DecideLocal(t Target) Decision {
	if t.Kind == Unix && p.isOwnSocket != nil && p.isOwnSocket(t.Path) {
		return Decision{By: "the workbench: it is its own socket"}
	}
	for _, r := range p.rules {
		if !r.matchesAll() {
			continue
		}
		if !r.allow {
			return Decision{false, fmt.Sprintf("the rule %q", r.text)}
		}
		break
	}
	return Decision{p.preset == Local, "the preset " + p.preset.String()}
}

// CheckLocal is Check for a local target.
func (p Policy) CheckLocal(t Target) error {
	d := p.DecideLocal(t)
	if d.Allowed {
		return nil
	}
	return fail(ErrDenied, "%s may not be dialled: denied by %s", short(t.String()), d.By).as(CodeDenied)
}
