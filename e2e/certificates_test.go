//go:build linux

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

// certificate is a certificate with its key.
type certificate struct {
	*tls.Certificate
	file string // of an authority: where it can be read
}

// authority signs what the workbench under test trusts: its file is the process's
// SSL_CERT_FILE.
var authority certificate

// issue makes a certificate for a name or an address, signed by another one, or
// self-signed if there is none.
func issue(by *tls.Certificate, name string, change func(*x509.Certificate)) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-48 * time.Hour),
		NotAfter:     time.Now().Add(48 * time.Hour),
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// newAuthority makes an authority, and a file of it in dir.
func newAuthority(file string) (certificate, error) {
	cert, err := issue(nil, "test authority", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	if err != nil {
		return certificate{}, err
	}
	return certificate{cert, file}, os.WriteFile(file, pemOf(cert), 0o600)
}

// newCertificate makes a server's certificate.
func newCertificate(t testing.TB, by certificate, name string) certificate {
	t.Helper()
	cert, err := issue(by.Certificate, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return certificate{Certificate: cert}
}

func pemOf(c *tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
}

func (c certificate) write(t testing.TB, certFile, keyFile string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, certFile, string(pemOf(c.Certificate)))
	writeFile(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

var discard = log.New(io.Discard, "", 0)
