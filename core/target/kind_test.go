package target

import (
	"os"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// A new kind has a row, cases that the page's parser is tested with too, a
// documented scheme, and a way to be dialled.
func TestEveryKindIsWhole(t *testing.T) {
	doc, err := os.ReadFile("../../docs/websocket.md")
	if err != nil {
		t.Fatal(err)
	}
	parsed := map[Target]bool{} // of each kind, with TLS and without
	for _, c := range readTargets(t).Cases {
		if got, err := Parse(c.In); err == nil && c.Refused == "" {
			parsed[Target{Kind: got.Kind, TLS: got.TLS}] = true
		}
	}
	for i, k := range kinds {
		kind := Kind(i)
		if k.scheme == "" || kind.String() != k.scheme {
			t.Errorf("kind %d has no row", i)
			continue
		}
		for scheme, tls := range map[string]bool{k.scheme: false, k.tls: true} {
			if scheme == "" {
				continue
			}
			if !parsed[Target{Kind: kind, TLS: tls}] {
				t.Errorf("testdata/targets.json has no case of %s", scheme)
			}
			if !strings.Contains(string(doc), "`"+scheme+":") && !strings.Contains(string(doc), "`"+scheme+"`") {
				t.Errorf("docs/websocket.md does not have %s", scheme)
			}
		}
		conn, err := new(Dialer).connect(t.Context(), Target{Kind: kind, Host: "127.0.0.1", Port: 1, Path: "/dev/null/x"}, DefaultTimeout)
		switch {
		case err == nil && k.end == core.ServerDatagrams: // nothing is sent by it
			conn.Close()
		case err == nil || strings.Contains(err.Error(), "cannot be dialled"):
			t.Errorf("%s: %v; want another failure", kind, err)
		}
	}
}

// No policy allows a target of this machine that allows less than everything.
func TestPolicyOfLocalTargets(t *testing.T) {
	for policyWords, want := range map[string]string{
		"":                          "the preset local",
		"local":                     "the preset local",
		"deny 127.0.0.0/8":          "the preset local",
		"deny tcp://*":              "the preset local",
		"allow *,deny *":            "the preset local",
		"deny *":                    `not the rule "deny *"`,
		"allow 10.0.0.0/8,deny *":   `not the rule "deny *"`,
		"public":                    "not the preset public",
		"public,allow *":            "not the preset public",
		"practice":                  "not the preset practice",
		"practice,allow 10.0.0.0/8": "not the preset practice",
	} {
		words := strings.FieldsFunc(policyWords, func(r rune) bool { return r == ',' })
		for i, k := range kinds {
			if !k.local {
				continue
			}
			d := policy(t, words...).DecideLocal(Target{Kind: Kind(i), Path: "/run/x"})
			got := d.By
			if !d.Allowed {
				got = "not " + got
			}
			if got != want {
				t.Errorf("%s under %q: %s; want %s", k.scheme, policyWords, got, want)
			}
		}
	}
}
