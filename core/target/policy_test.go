package target

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func policy(t *testing.T, words ...string) Policy {
	t.Helper()
	p, err := NewPolicy(words)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each line is a policy, a target, the address that its host leads to, and what
// decides.
func TestPolicy(t *testing.T) {
	for _, c := range []struct{ policy, target, resolved, want string }{
		{"", "a.example:1", "127.0.0.1", "allowed by the preset local"},
		{"public", "a.example:80", "93.184.216.34", "allowed by the preset public"},
		{"public", "a.example:80", "10.0.0.1", "denied by the preset public"},
		{"practice", "a.example:4000", "127.0.0.1", "allowed by the preset practice"},
		{"practice", "a.example:4001", "127.0.0.1", "denied by the preset practice"},
		{"practice", "a.example:4000", "93.184.216.34", "denied by the preset practice"},

		// The first rule that matches decides; a preset comes last, wherever it stands.
		{"allow 10.0.0.0/8,deny 10.1.0.0/16", "10.1.2.3:1", "10.1.2.3", `allowed by the rule "allow 10.0.0.0/8"`},
		{"deny 10.1.0.0/16,allow 10.0.0.0/8", "10.1.2.3:1", "10.1.2.3", `denied by the rule "deny 10.1.0.0/16"`},
		{"public,allow 10.1.2.3", "10.1.2.3:1", "10.1.2.3", `allowed by the rule "allow 10.1.2.3"`},
		{"allow 10.1.2.3,public", "10.1.2.4:1", "10.1.2.4", "denied by the preset public"},

		// Ports, TLS.
		{"deny *:25", "mail.example:25", "93.184.216.34", `denied by the rule "deny *:25"`},
		{"deny *:25", "mail.example:26", "93.184.216.34", "allowed by the preset local"},
		{"deny *:1-1023", "a.example:1023", "93.184.216.34", `denied by the rule "deny *:1-1023"`},
		{"deny *:1-1023", "a.example:1024", "93.184.216.34", "allowed by the preset local"},
		{"deny tcp://*", "a.example:443", "93.184.216.34", `denied by the rule "deny tcp://*"`},
		{"deny tcp://*", "tls://a.example:443", "93.184.216.34", "allowed by the preset local"},
		{"allow tls://*:443,deny *", "tls://a.example:443", "93.184.216.34", `allowed by the rule "allow tls://*:443"`},
		{"allow tls://*:443,deny *", "a.example:443", "93.184.216.34", `denied by the rule "deny *"`},
		{"deny [2001:db8::/32]:25", "[2001:db8::1]:25", "2001:db8::1", `denied by the rule "deny [2001:db8::/32]:25"`},
		{"deny 2001:db8::/32", "[2001:db8::1]:26", "2001:db8::1", `denied by the rule "deny 2001:db8::/32"`},
		{"deny ::ffff:10.0.0.0/104", "10.1.2.3:1", "10.1.2.3", `denied by the rule "deny ::ffff:10.0.0.0/104"`},

		// Names. Whoever owns one can lead it to this machine.
		{"deny *.example", "a.EXAMPLE.:1", "93.184.216.34", `denied by the rule "deny *.example"`},
		{"deny *.example", "example:1", "93.184.216.34", "allowed by the preset local"},
		{"deny *.example", "notexample:1", "93.184.216.34", "allowed by the preset local"},
		{"deny bücher.example", "BÜCHER.example:1", "93.184.216.34", `denied by the rule "deny bücher.example"`},
		{"allow a.example,deny *", "a.example:1", "93.184.216.34", `allowed by the rule "allow a.example"`},
		{"allow a.example,deny *", "a.example:1", "127.0.0.1", `denied by the rule "deny *"`},
		{"allow a.example,deny *", "a.example:1", "64:ff9b::a9fe:a9fe", `denied by the rule "deny *"`},

		// What an address leads to is asked too.
		{"allow 64:ff9b::/96,public", "a.example:1", "64:ff9b::7f00:1", "denied by the preset public"},
		{"allow 64:ff9b::/96,public", "a.example:1", "64:ff9b::808:808", "allowed by the preset public"},
		{"deny 10.0.0.0/8", "a.example:1", "2002:a00:1::", `denied by the rule "deny 10.0.0.0/8"`},
		{"deny 10.0.0.0/8", "a.example:1", "2a00:1::200:5efe:10.0.0.1", `denied by the rule "deny 10.0.0.0/8"`},
		{"deny 127.0.0.0/8", ":4000", "0.0.0.0", `denied by the rule "deny 127.0.0.0/8"`},

		// The workbench's own page is never dialled.
		{"allow *", "localhost:8000", "127.0.0.1", "denied by the workbench: it is its own address"},
		{"allow *", "localhost:8000", "::ffff:127.0.0.1", "denied by the workbench: it is its own address"},
		{"allow *", "localhost:8000", "0.0.0.0", "denied by the workbench: it is its own address"},
		{"allow *", "localhost:8001", "127.0.0.1", `allowed by the rule "allow *"`},
		{"allow *", "127.0.0.2:8000", "127.0.0.2", `allowed by the rule "allow *"`},
		{"allow *", "192.0.2.1:9000", "192.0.2.1", "denied by the workbench: it is its own address"},
	} {
		words := strings.FieldsFunc(c.policy, func(r rune) bool { return r == ',' })
		p := policy(t, words...).
			Own(netip.MustParseAddrPort("127.0.0.1:8000"), netip.MustParseAddrPort("0.0.0.0:9000")).
			Practice(netip.MustParseAddrPort("127.0.0.1:4000"))
		d := p.Decide(parse(t, c.target), netip.MustParseAddr(c.resolved))
		got := "denied by " + d.By
		if d.Allowed {
			got = "allowed by " + d.By
		}
		if got != c.want {
			t.Errorf("%s: %s at %s is %s; want %s", c.policy, c.target, c.resolved, got, c.want)
		}
	}
}

func TestPoliciesThatDoNotParse(t *testing.T) {
	for words, want := range map[string]string{
		"publik":              `"publik" is neither a preset (local, public, practice) nor a rule`,
		"deny":                `"deny" is neither a preset`,
		"reject 10.0.0.0/8":   "is neither a preset",
		"deny 10.0.0.0/8 25":  "is neither a preset",
		"deny 10.0.0.1/8":     "did you mean 10.0.0.0/8?",
		"deny 10.0.0.0/33":    `"10.0.0.0/33" is neither an address, nor a network`,
		"deny 10.0.0":         `"10.0.0" is neither an address`,
		"deny a_b/c":          "is neither an address",
		"deny *.*.example":    "is neither an address",
		"deny *:0":            `"0" is neither a port from 1 to 65535 nor a range`,
		"deny *:90-80":        "is neither a port",
		"deny *:http":         "is neither a port",
		"deny sctp://*":       "begins with none of tls://, tcp:// and udp://",
		"deny fe80::1%eth0":   "is neither an address",
		"public,local":        "has the presets public and local; it can have one",
		"deny \x1b[31m:\x00a": "?[31m:?a",
	} {
		_, err := NewPolicy(strings.Split(words, ","))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", words, err, want)
			continue
		}
		checkWords(t, err)
	}
}

func TestPolicyDeniesWhatDoesNotParse(t *testing.T) {
	if err := (Policy{}).Check(Target{}, netip.Addr{}); !errors.Is(err, ErrDenied) {
		t.Errorf("the zero address: %v", err)
	}
	for _, address := range []string{"", ":9", "127.1:80", "localhost:80"} {
		if err := new(Dialer).control(Target{})(context.Background(), "tcp", address, nil); !errors.Is(err, ErrDenied) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
