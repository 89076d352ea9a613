package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, folder string, names ...string) *Authority {
	t.Helper()
	a, err := OpenAuthority(folder, names)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func serve(t *testing.T, a *Authority, names ...string) *Server {
	t.Helper()
	s, err := a.Server(names)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cameTo is a connection to a local address.
type cameTo struct {
	net.Conn
	addr string
}

func (c cameTo) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.addr), 443))
}

func get(t *testing.T, s *Server, at string) *x509.Certificate {
	t.Helper()
	pair, err := s.Get(&tls.ClientHelloInfo{Conn: cameTo{addr: at}})
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

// verify returns why a client that trusts the authority does not trust a server.
func verify(a *Authority, leaf *x509.Certificate, name string) error {
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
	return err
}

// There is one authority, whoever opens it first, and only its user can read its key.
func TestOpenAuthority(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state", "ca")
	if _, err := FindAuthority(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	prints := make([]string, 4)
	for i := range prints {
		all.Go(func() {
			if a, err := OpenAuthority(folder, nil); err != nil {
				t.Error(err)
			} else {
				prints[i] = a.Fingerprint()
			}
		})
	}
	all.Wait()
	for _, p := range prints {
		if p != prints[0] || len(p) != 32*3-1 || p != strings.ToUpper(p) {
			t.Errorf("the fingerprints are %q", prints)
		}
	}
	files, _ := os.ReadDir(folder)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	info, err := os.Stat(filepath.Join(folder, secretFile))
	if !slices.Equal(names, []string{secretFile, publicFile}) || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the folder has %q, %v, %v", names, info.Mode(), err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, publicFile)); err != nil || strings.Contains(string(text), " KEY-----") || strings.Count(string(text), "BEGIN") != 1 {
		t.Errorf("what is given away is %s, %v", text, err)
	}
	if err := RemoveAuthority(folder); err != nil {
		t.Error(err)
	}
	if _, err := FindAuthority(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := RemoveAuthority(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if open(t, folder).Fingerprint() == prints[0] {
		t.Error("it is back")
	}
	os.Chmod(filepath.Join(folder, secretFile), 0o640)
	if _, err := OpenAuthority(folder, nil); err == nil || !strings.Contains(err.Error(), "can be read") {
		t.Errorf("a key that others can read: %v", err)
	}
	os.Chmod(filepath.Join(folder, secretFile), 0o600)
	os.WriteFile(filepath.Join(folder, secretFile), []byte("hunter2"), 0o600)
	if _, err := OpenAuthority(folder, nil); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "workbench ca remove") {
		t.Errorf("a file without a key: %v", err)
	}
}

// A server is trusted by its names, and by the address that it was reached at.
func TestServer(t *testing.T) {
	a := open(t, t.TempDir(), "Bench.example", "203.0.113.7")
	s := serve(t, a, "bench.example", "localhost", "203.0.113.7", "::1")
	leaf := get(t, s, "192.168.1.2")
	for name, good := range map[string]bool{
		"bench.example": true, "localhost": true, "203.0.113.7": true, "[::1]": true, "192.168.1.2": true,
		"192.168.1.3": false, "other.example": false, "a.localhost": false,
	} {
		if err := verify(a, leaf, name); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again := get(t, s, "192.168.1.2"); again != leaf || again.IsCA {
		t.Error("each connection has its own")
	}
	if moved := get(t, s, "fd00::5"); verify(a, moved, "[fd00::5]") != nil || verify(a, moved, "192.168.1.2") != nil {
		t.Errorf("after the machine has another address: %v", moved.IPAddresses)
	}
	if there := get(t, s, "198.51.100.1"); len(there.IPAddresses) != 4 {
		t.Errorf("it vouches for what it may not: %v", there.IPAddresses)
	}
	if other := open(t, t.TempDir()); verify(other, leaf, "localhost") == nil {
		t.Error("another authority vouches for it")
	}
}

// What the authority was not made for it cannot vouch for, even by a certificate that
// somebody makes with its key.
func TestWhatAnAuthorityMayNotVouchFor(t *testing.T) {
	a := open(t, t.TempDir(), "bench.example")
	for name, permitted := range map[string]bool{
		"localhost": true, "wb.localhost": true, "printer.local": true, "10.1.2.3": true, "::ffff:10.1.2.3": true, "fe80::1%eth0": true, "bench.example": true, "a.bench.example": true, "BENCH.example": true,
		"www.example": false, "example": false, "notbench.example": false, "8.8.8.8": false, "2001:db8::1": false, "localhost.example": false,
	} {
		if _, err := a.Server([]string{name}); (err == nil) != permitted || a.Permits(name) != permitted {
			t.Errorf("%s: %v", name, err)
		}
		if strings.ContainsAny(name, "%") {
			continue
		}
		pair, err := a.sign([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		if err := verify(a, pair.Leaf, name); (err == nil) != permitted {
			t.Errorf("a certificate for %s: %v", name, err)
		}
	}
}

// A certificate is renewed before it ends, and none outlasts the authority.
func TestRenewal(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, folder)
		s := serve(t, a, "localhost")
		first := get(t, s, "127.0.0.1")
		time.Sleep(serverLife - renewBefore - time.Minute)
		if get(t, s, "127.0.0.1") != first {
			t.Error("renewed early")
		}
		time.Sleep(2 * time.Minute)
		second := get(t, s, "127.0.0.1")
		if second == first || verify(a, second, "localhost") != nil {
			t.Error("not renewed")
		}
		time.Sleep(time.Until(a.Certificate.NotAfter) - 24*time.Hour)
		last := get(t, s, "127.0.0.1")
		if !last.NotAfter.Equal(a.Certificate.NotAfter) || get(t, s, "127.0.0.1") != last {
			t.Errorf("ends %v, the authority %v", last.NotAfter, a.Certificate.NotAfter)
		}
		time.Sleep(48 * time.Hour)
		if _, err := OpenAuthority(folder, nil); err == nil || !strings.Contains(err.Error(), "expired") {
			t.Error(err)
		}
	})
}
