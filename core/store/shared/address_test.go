package shared

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/protocol-workbench/workbench/core/store/storetest"
)

func TestParseAddress(t *testing.T) {
	for _, test := range []struct {
		address string
		want    Config
		clear   bool
	}{
		{"nats://127.0.0.1", Config{Servers: []string{"nats://127.0.0.1:4222"}, Tenant: DefaultTenant}, false},
		{"nats://localhost:1/school", Config{Servers: []string{"nats://localhost:1"}, Tenant: "school"}, false},
		{"nats://a.example,b.example:2/x?replicas=3", Config{Servers: []string{"nats://a.example:4222", "nats://b.example:2"}, Tenant: "x", Replicas: 3}, true},
		{"tls://[2001:db8::1]:4222/", Config{Servers: []string{"tls://[2001:db8::1]:4222"}, Tenant: DefaultTenant}, false},
	} {
		got, err := ParseAddress(test.address)
		if err != nil || !slices.Equal(got.Servers, test.want.Servers) || got.Tenant != test.want.Tenant || got.Replicas != test.want.Replicas || got.IsClear() != test.clear {
			t.Errorf("%s: %+v, clear %v, %v", test.address, got, got.IsClear(), err)
		}
	}
	for address, words := range map[string]string{
		"127.0.0.1:4222":                 "begins with nats:// or tls://",
		"http://x":                       "begins with nats:// or tls://",
		"nats://":                        "is no server",
		"nats://a,,b":                    "is no server",
		"nats://a:x":                     "is no server",
		"nats://joe:secret@a":            "--store-credentials",
		"nats://a/../b":                  "letters, digits",
		"nats://a/wb.other":              "letters, digits",
		"nats://a/x?replicas=9":          "replicas",
		"nats://a/x?replicas=1&durable=": "replicas",
	} {
		if c, err := ParseAddress(address); err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", address, c, err)
		}
	}
}

// A broker that asks for a key, by TLS, lets in who has it and trusts its authority, and
// nobody else.
func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := user.PublicKey()
	seed, _ := user.Seed()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate, key := selfSigned(t)
	seedFile, authority := write("seed", seed), write("cert.pem", certificate)
	b := &broker{t: t, servers: []brokerServer{{Name: "tls", Dir: t.TempDir(), Port: freePort(t), Nkey: public, Cert: authority, Key: write("key.pem", key)}}}
	b.running = append(b.running, nil)
	b.start(0)
	t.Cleanup(func() { b.kill(0) })
	open := func(name string, use ...func(c *Config) error) *Log {
		c, err := ParseAddress(fmt.Sprintf("tls://127.0.0.1:%d/keys", b.servers[0].Port))
		if err != nil {
			t.Fatal(err)
		}
		c.Gateway, c.Log = name, slog.New(slog.DiscardHandler)
		for _, do := range use {
			if err := do(&c); err != nil {
				t.Fatal(err)
			}
		}
		l, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close(t.Context()) })
		return l
	}
	hasKey := func(c *Config) error { return c.UseCredentials(seedFile) }
	trusts := func(c *Config) error { return c.TrustOnly(authority) }
	folder := openFolder(t)
	l := open("let-in", hasKey, trusts)
	if !l.State().Connected {
		t.Fatal("who has the key was not let in")
	}
	s := l.Store("", folder)
	storetest.Write(t, s, storetest.ID(0), storetest.Text("raw", "host:1", "hello"))
	readShared(t, l, storetest.ID(0))
	for name, stranger := range map[string]*Log{"no-key": open("no-key", trusts), "no-trust": open("no-trust", hasKey)} {
		if stranger.State().Connected {
			t.Errorf("%s was let in", name)
		}
	}
	var c Config
	if err := c.UseCredentials(authority); err == nil || !strings.Contains(err.Error(), "neither credentials") {
		t.Errorf("a certificate as credentials: %v", err)
	}
	if err := c.TrustOnly(seedFile); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("a seed as an authority: %v", err)
	}
}

// selfSigned makes a certificate of 127.0.0.1 and its key (PEM).
func selfSigned(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain})
}
