package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// made is a certificate and its key as text.
type made struct{ certificate, key []byte }

func selfSigned(t *testing.T, name string, from, until time.Time) made {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: serial(), DNSNames: []string{name}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return made{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})}
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPairsThatAreRefused(t *testing.T) {
	now, dir := time.Now(), t.TempDir()
	good, other := selfSigned(t, "a", now, now.Add(time.Hour)), selfSigned(t, "b", now, now.Add(time.Hour))
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for want, prepare := range map[string]func(){
		"":                           func() {},
		cert + " cannot be read":     func() { os.Remove(cert) },
		key + " cannot be read":      func() { os.Remove(key) },
		key + " can be read by":      func() { os.Chmod(key, 0o604) },
		"no certificate and its key": func() { put(t, key, other.key) },
		" are no certificate":        func() { put(t, cert, []byte("hunter2")) },
		"expired on": func() {
			put(t, cert, nil)
			m := selfSigned(t, "a", now.Add(-2*time.Hour), now.Add(-time.Hour))
			put(t, cert, m.certificate)
			put(t, key, m.key)
		},
		"valid only from": func() {
			m := selfSigned(t, "a", now.Add(time.Hour), now.Add(2*time.Hour))
			put(t, cert, m.certificate)
			put(t, key, m.key)
		},
		"not a regular file": func() { os.Remove(key); os.Mkdir(key, 0o700) },
	} {
		os.RemoveAll(key)
		put(t, cert, good.certificate)
		put(t, key, good.key)
		prepare()
		_, err := OpenPair(cert, key, slog.New(slog.DiscardHandler))
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	put(t, cert, good.certificate)
	os.RemoveAll(key)
	put(t, key, good.key)
	os.Chmod(key, 0o640) // as Debian's group ssl-cert has it
	link := filepath.Join(dir, "live.pem")
	os.Symlink(key, link)
	if _, err := OpenPair(cert, link, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}

// Files that change are used once both have; meanwhile, and while they are wrong, the
// pair before stays, and the log says so once.
func TestPairsThatChange(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		first, second := selfSigned(t, "first", now, now.Add(time.Hour)), selfSigned(t, "second", now, now.Add(time.Hour))
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		put(t, cert, first.certificate)
		put(t, key, first.key)
		var log bytes.Buffer
		p, err := OpenPair(cert, key, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		shows := func(want string, lines int) {
			t.Helper()
			for range 3 {
				time.Sleep(lookEvery)
				if got, err := p.Get(nil); err != nil || got.Leaf.DNSNames[0] != want || p.Leaf() != got.Leaf {
					t.Fatalf("shows %v, %v; want %s", got.Leaf.DNSNames, err, want)
				}
			}
			if n := strings.Count(log.String(), "\n"); n != lines {
				t.Errorf("%d lines, want %d: %s", n, lines, &log)
			}
		}
		shows("first", 0)
		put(t, cert, second.certificate)
		shows("first", 1)
		put(t, key, second.key)
		shows("second", 2)
		os.Remove(cert)
		shows("second", 3)
		put(t, cert, second.certificate)
		shows("second", 3)
		if strings.Contains(log.String(), "PRIVATE") {
			t.Error(&log)
		}
	})
}
