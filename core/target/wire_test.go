package target

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// A TLS stream has ended only if the server says so: a FIN may be anybody's.
func TestCutTLSIsNoEnd(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, c := range map[string]struct {
			end  func(*tls.Conn)
			want error
		}{
			"close_notify": {func(c *tls.Conn) { c.CloseWrite() }, nil},
			"FIN alone":    {func(c *tls.Conn) { c.NetConn().(*net.TCPConn).CloseWrite() }, ErrTruncated},
			"within a record": {func(c *tls.Conn) {
				c.NetConn().Write([]byte{23, 3, 3, 0, 100, 1, 2, 3})
				c.NetConn().(*net.TCPConn).CloseWrite()
			}, ErrTruncated},
		} {
			t.Run(name, func(t *testing.T) {
				a := newAuthority(t)
				to := listenTLS(t, &tls.Config{MaxVersion: version, Certificates: []tls.Certificate{a.certificate(t, -1, 1, "localhost")}}, func(s *tls.Conn) {
					io.WriteString(s, "all of it")
					c.end(s)
					io.Copy(io.Discard, s.NetConn())
				})
				to.Host = ""
				conn, err := (&Dialer{TLSConfig: &tls.Config{RootCAs: a.pool()}}).Dial(t.Context(), to, Security{})
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if got, err := io.ReadAll(conn); string(got) != "all of it" || !errors.Is(err, c.want) {
					t.Errorf("%q, %v; want %v", got, err, c.want)
				}
			})
		}
	}
}

// A server that requires a certificate refuses before the target counts as reached,
// even where TLS reports that only afterwards.
func TestServerWantsACertificate(t *testing.T) {
	a := newAuthority(t)
	pool := x509.NewCertPool()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, c := range map[string]struct {
			wants  tls.ClientAuthType
			greets bool
			fails  string
		}{
			"needs one":              {tls.RequireAndVerifyClientCert, true, "certificate required"},
			"asks, and greets":       {tls.RequestClientCert, true, ""},
			"asks, and is silent":    {tls.RequestClientCert, false, ""},
			"verifies what is given": {tls.VerifyClientCertIfGiven, true, ""},
		} {
			t.Run(name, func(t *testing.T) {
				config := &tls.Config{MaxVersion: version, ClientAuth: c.wants, ClientCAs: pool, SessionTicketsDisabled: !c.greets,
					Certificates: []tls.Certificate{a.certificate(t, -1, 1, "localhost")}}
				to := listenTLS(t, config, func(s *tls.Conn) {
					if c.greets {
						io.WriteString(s, "hello ")
					}
					sent, _ := io.ReadAll(s)
					s.Write(sent)
				})
				to.Host = ""
				conn, err := (&Dialer{TLSConfig: &tls.Config{RootCAs: a.pool()}}).Dial(t.Context(), to, Security{})
				if c.fails != "" {
					if err == nil || !strings.Contains(err.Error(), c.fails) && version == tls.VersionTLS13 {
						t.Errorf("dialled, %v; want %q", err, c.fails)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				io.WriteString(conn, "me")
				conn.CloseWrite()
				want := "me"
				if c.greets {
					want = "hello me"
				}
				if got, err := io.ReadAll(conn); string(got) != want || err != nil {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			})
		}
	}
}
