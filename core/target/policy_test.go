package target

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestPolicy(t *testing.T) {
	p := Policy{}.
		Deny("it is this machine", netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")).
		Deny("it is a private network", netip.MustParsePrefix("::ffff:10.0.0.0/104"), netip.MustParsePrefix("fe80::/10"))
	for addr, why := range map[string]string{
		"127.0.0.1":            "this machine",
		"127.9.9.9":            "this machine",
		"::1":                  "this machine",
		"::1%lo":               "this machine",
		"0.0.0.0":              "this machine", // dialling it reaches loopback
		"::":                   "this machine",
		"::ffff:127.0.0.1":     "this machine",
		"::ffff:0.0.0.0":       "this machine",
		"::127.0.0.1":          "this machine",
		"64:ff9b::7f00:1":      "this machine",
		"64:ff9b::":            "this machine", // NAT64 of 0.0.0.0
		"64:ff9b:1::127.0.0.1": "this machine",
		"2002:7f00:1::":        "this machine",
		"10.1.2.3":             "private network",
		"64:ff9b::10.1.2.3":    "private network",
		"fe80::1%eth0":         "private network",
		"93.184.216.34":        "",
		"2606:2800::1":         "",
		"64:ff9b::93.184.1.1":  "",
		"2002:5db8::1":         "",
	} {
		a := netip.MustParseAddr(addr)
		if err := (Policy{}).Check(a); err != nil {
			t.Errorf("the zero policy denies %s: %v", addr, err)
		}
		err := p.Check(a)
		if why == "" {
			if err != nil {
				t.Errorf("%s: %v", addr, err)
			}
			continue
		}
		if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v; want %q", addr, err, why)
			continue
		}
		checkWords(t, err)
	}
}

func TestPolicyDeniesWhatDoesNotParse(t *testing.T) {
	if err := (Policy{}).Check(netip.Addr{}); !errors.Is(err, ErrDenied) {
		t.Errorf("the zero address: %v", err)
	}
	for _, address := range []string{"", ":9", "127.1:80", "localhost:80"} {
		if err := new(Dialer).control(t.Context(), "tcp", address, nil); !errors.Is(err, ErrDenied) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestDenyIsAValue(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	base := Policy{}.Deny("a", netip.PrefixFrom(a, 32))
	more := base.Deny("b", netip.PrefixFrom(b, 32))
	if base.Check(b) != nil || base.Check(a) == nil || more.Check(a) == nil || more.Check(b) == nil {
		t.Error("Deny changed the policy it was called on, or lost a rule")
	}
	defer func() {
		if recover() == nil {
			t.Error("a prefix that denies nothing was accepted")
		}
	}()
	base.Deny("nothing", netip.Prefix{})
}
