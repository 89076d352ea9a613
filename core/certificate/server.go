package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	serverLife  = 90 * 24 * time.Hour
	renewBefore = 30 * 24 * time.Hour // the end of a server's certificate
	maxNames    = 100                 // in one certificate
)

// Server makes the certificates of one server, which an [Authority] signs. Their keys
// are only in memory. It is safe for concurrent use.
type Server struct {
	authority *Authority

	mu    sync.Mutex
	names []string
	pair  *tls.Certificate // for names; nil: none yet
}

// Server returns the certificates of a server with these names and addresses. Its
// error is about one that the authority may not vouch for.
func (a *Authority) Server(names []string) (*Server, error) {
	for _, name := range names {
		if !a.Permits(name) {
			return nil, fmt.Errorf("the local authority was made without %s and cannot vouch for it; run: workbench ca remove, start this again, and have browsers trust the new one", name)
		}
	}
	return &Server{authority: a, names: slices.Clone(names)}, nil
}

// Get returns a certificate that lasts for some time. The address that the connection
// has come to is among its names, so that one of the machine's that came later is too.
func (s *Server) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
		addr := at.AddrPort().Addr().Unmap().WithZone("")
		if name := addr.String(); !addr.IsLoopback() && len(s.names) < maxNames && !slices.Contains(s.names, name) && s.authority.Permits(name) {
			s.names, s.pair = append(s.names, name), nil
		}
	}
	if s.pair != nil && (time.Until(s.pair.Leaf.NotAfter) > renewBefore || !s.pair.Leaf.NotAfter.Before(s.authority.Certificate.NotAfter)) {
		return s.pair, nil
	}
	pair, err := s.authority.sign(s.names)
	if err != nil {
		return nil, err
	}
	s.pair = pair
	return pair, nil
}

func (a *Authority) sign(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{Organization: []string{"Protocol Workbench"}},
		NotBefore:    time.Now().Add(-skew),
		NotAfter:     time.Now().Add(serverLife),
		KeyUsage:     x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if t.NotAfter.After(a.Certificate.NotAfter) {
		t.NotAfter = a.Certificate.NotAfter
	}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			t.IPAddresses = append(t.IPAddresses, addr.Unmap().WithZone("").AsSlice())
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.Certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.Certificate.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // the reader does not fail
	return n.Add(n, big.NewInt(1))
}
