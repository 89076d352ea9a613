package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// The files of an authority's folder.
const (
	secretFile = "authority.key" // certificate and key, for its user only
	publicFile = "authority.pem" // the certificate, to be given to browsers
)

const (
	authorityLife = 5 * 365 * 24 * time.Hour
	skew          = time.Hour // by which another machine's clock may be behind
)

// Authority is a certificate authority of one account, for servers that it runs
// itself. Whoever trusts it trusts the holder of its key, so what it can vouch for is
// limited, by name constraints (RFC 5280, section 4.2.1.10): to names and addresses
// that are nobody's on the Internet, and to those that it was made for.
type Authority struct {
	Certificate *x509.Certificate
	Path        string // of the file that has the certificate

	key *ecdsa.PrivateKey
}

// The names and networks that every authority may vouch for.
var (
	localNames    = []string{"localhost", "local", "internal", "home.arpa", "lan", "test"}
	localNetworks = []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"}
)

// OpenAuthority reads the authority of a folder, and makes one where there is none,
// which may then vouch for these names and addresses too.
func OpenAuthority(folder string, names []string) (*Authority, error) {
	a, err := FindAuthority(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	secret, err := newAuthority(names)
	if err != nil {
		return nil, err
	}
	if err := writeOnce(filepath.Join(folder, secretFile), secret); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return FindAuthority(folder)
}

// FindAuthority reads the authority of a folder; its error is an fs.ErrNotExist where
// there is none.
func FindAuthority(folder string) (*Authority, error) {
	path := filepath.Join(folder, secretFile)
	text, err := plainfile.ReadFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	// Its folder has mode 0700, so this is a mistake to point out, and no leak.
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read or written by others; run: workbench ca remove", path)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("%s has no authority in it (%w); run: workbench ca remove", path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("%s has no authority in it; run: workbench ca remove", path)
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("the local authority expired on %s; run: workbench ca remove", day(pair.Leaf.NotAfter))
	}
	a := &Authority{pair.Leaf, filepath.Join(folder, publicFile), key}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
	if now, err := plainfile.ReadFile(a.Path, maxFile); err == nil && bytes.Equal(now, public) {
		return a, nil
	}
	return a, plainfile.Write(a.Path, 0o644, func(w io.Writer) error { _, err := w.Write(public); return err })
}

// RemoveAuthority removes the authority of a folder; its error is an fs.ErrNotExist
// where there is none.
func RemoveAuthority(folder string) error {
	err := os.Remove(filepath.Join(folder, secretFile))
	if public := os.Remove(filepath.Join(folder, publicFile)); !errors.Is(public, fs.ErrNotExist) {
		err = errors.Join(err, public)
	}
	return err
}

// newAuthority returns a new authority's certificate and key as PEM text.
func newAuthority(names []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	t := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{Organization: []string{"Protocol Workbench"}, CommonName: strings.TrimSpace("Protocol Workbench local authority " + host)},
		NotBefore:             time.Now().Add(-skew),
		NotAfter:              time.Now().Add(authorityLife),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: slices.Clone(localNames),
	}
	for _, s := range localNetworks {
		_, network, _ := net.ParseCIDR(s)
		t.PermittedIPRanges = append(t.PermittedIPRanges, network)
	}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err != nil {
			t.PermittedDNSDomains = append(t.PermittedDNSDomains, strings.ToLower(name))
		} else if addr = addr.Unmap(); !permits(t, addr.String()) {
			t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(addr.BitLen(), addr.BitLen())})
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), nil
}

// writeOnce writes a file of mode 0600, whole; an fs.ErrExist says that another process
// was first.
func writeOnce(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".authority-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Permits reports whether the authority may vouch for a name or an address.
func (a *Authority) Permits(name string) bool { return permits(a.Certificate, name) }

func permits(c *x509.Certificate, name string) bool {
	if addr, err := netip.ParseAddr(name); err == nil {
		ip := net.IP(addr.Unmap().WithZone("").AsSlice())
		return slices.ContainsFunc(c.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(c.PermittedDNSDomains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
}

// Fingerprint returns the certificate's SHA-256, as browsers show it.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.Certificate.Raw)
	var b strings.Builder
	for i, c := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}
