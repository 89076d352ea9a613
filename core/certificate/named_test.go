package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"testing"
)

// Certificates are made for what is asked for, within what the authority may vouch for, and
// verify by it.
func TestNamed(t *testing.T) {
	a, err := OpenAuthority(t.TempDir(), []string{"www.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	hello := &tls.ClientHelloInfo{Conn: near}
	n := a.Named()
	for _, c := range []struct {
		first  string
		others []string
		names  []string // it verifies for these; none: it is refused
	}{
		{"app.test", []string{"target.example", "127.0.0.1"}, []string{"app.test", "127.0.0.1"}},
		{"APP.test", nil, []string{"app.test"}},
		{"www.example.com", nil, []string{"www.example.com"}},
		{"", []string{"target.example", "127.0.0.1"}, []string{"127.0.0.1"}},
		{"other.example", []string{"127.0.0.1"}, nil},
		{"", []string{"target.example"}, nil},
	} {
		pair, err := n.Get(hello, c.first, c.others...)
		var refused *NotPermitted
		if (err == nil) != (c.names != nil) || err != nil && !errors.As(err, &refused) {
			t.Errorf("%q, %q: %v", c.first, c.others, err)
			continue
		}
		for _, name := range c.names {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); err != nil {
				t.Errorf("%q, %q: %v", c.first, c.others, err)
			}
		}
	}
	one, _ := n.Get(hello, "app.test")
	if two, _ := n.Get(hello, "app.test"); one != two {
		t.Error("the same name gets another certificate")
	}
	for i := range 2 * maxNamed {
		if _, err := n.server([]string{fmt.Sprintf("n%d.test", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.kept) > maxNamed {
		t.Errorf("%d are kept", len(n.kept))
	}
}
