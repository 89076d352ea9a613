package tap

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/session"
)

// secured is a connection in memory that can become TLS.
type secured struct{ net.Conn }

func (c secured) ServeTLS(ctx context.Context, config *tls.Config) error {
	return tls.Server(c.Conn, config).HandshakeContext(ctx)
}
func (secured) Interrupt()      {}
func (secured) DropEarly() int  { return 0 }
func (secured) Truncate() error { return nil }

func selfSigned(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// target is a server that was reached.
type target struct {
	session.Server
	closed *bool
}

func (s target) Close() error { *s.closed = true; return nil }

// A client has 10 s until its ClientHello, and as long after the target was reached, which
// has its own time. What it asks for is what the target is dialled with, and nothing of the
// target's stays open when the client fails.
func TestFront(t *testing.T) {
	for name, c := range map[string]struct {
		client  func(net.Conn) error
		refuses bool // the target does
		code    ClientCode
		after   time.Duration
	}{
		"all well": {func(c net.Conn) error {
			over := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: "app.test", NextProtos: []string{"h9", "http/1.1"}})
			if err := over.Handshake(); err != nil {
				return err
			}
			if got := over.ConnectionState().NegotiatedProtocol; got != "h9" {
				return fmt.Errorf("the client got %q by ALPN", got)
			}
			return nil
		}, false, "", 30 * time.Second},
		"silent":   {func(net.Conn) error { return nil }, false, Late, 10 * time.Second},
		"in clear": {func(c net.Conn) error { io.WriteString(c, "GET / HTTP/1.1\r\n"); return nil }, false, NotTLS, 0},
		"stuck": {func(c net.Conn) error {
			tls.Client(halfDeaf{c}, &tls.Config{InsecureSkipVerify: true, ServerName: "app.test"}).Handshake()
			return nil
		}, false, Late, 40 * time.Second},
		"gone": {func(c net.Conn) error { return c.Close() }, false, BrokeOff, 0},
		"distrusts": {func(c net.Conn) error {
			if tls.Client(c, &tls.Config{ServerName: "app.test"}).Handshake() == nil {
				return errors.New("the client trusts anybody")
			}
			return nil
		}, false, Distrusts, 30 * time.Second},
		"no certificate": {func(c net.Conn) error {
			if err := tls.Client(c, &tls.Config{ServerName: "other.test"}).Handshake(); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
				return fmt.Errorf("the client saw %v", err)
			}
			return nil
		}, false, NoCertificate, 0},
		"target refuses": {func(c net.Conn) error {
			if err := tls.Client(c, &tls.Config{ServerName: "app.test"}).Handshake(); err == nil || !strings.Contains(err.Error(), "internal error") {
				return fmt.Errorf("the client saw %v", err)
			}
			return nil
		}, true, "", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				certificate := selfSigned(t, "app.test")
				closed, refused := false, errors.New("nothing listens there")
				f := &Front{
					Certificate: func(hello *tls.ClientHelloInfo, _ string) (*tls.Certificate, error) {
						if hello.ServerName != "app.test" {
							return nil, errors.New("none for that name")
						}
						return certificate, nil
					},
					Dial: func(ctx context.Context, name string, alpn []string) (session.Server, []string, error) {
						time.Sleep(30 * time.Second)
						if name != "app.test" {
							t.Errorf("dialled for %q", name)
						}
						if c.refuses {
							return nil, nil, refused
						}
						return target{closed: &closed}, alpn[:min(1, len(alpn))], nil
					},
				}
				near, far := net.Pipe()
				defer near.Close()
				defer far.Close()
				client := make(chan error)
				go func() {
					err := c.client(far)
					client <- err
				}()
				began := time.Now()
				server, err := f.reach(t.Context(), secured{near})
				if took := time.Since(began); took != c.after {
					t.Errorf("it took %v, want %v", took, c.after)
				}
				near.Close()
				if err := <-client; err != nil {
					t.Error(err)
				}
				var known *ClientError
				switch errors.As(err, &known); {
				case c.refuses:
					if err != refused {
						t.Errorf("the error is %v", err)
					}
				case c.code == "":
					if err != nil || server == nil {
						t.Errorf("the error is %v", err)
					}
				case known == nil || known.Code != c.code:
					t.Errorf("the error is %v, want one of code %s", err, c.code)
				case closed != (c.after >= 30*time.Second):
					t.Errorf("the connection to the target is closed: %v", closed)
				}
			})
		})
	}
}

// halfDeaf never reads.
type halfDeaf struct{ net.Conn }

func (c halfDeaf) Read(b []byte) (int, error) {
	<-time.After(time.Hour)
	return 0, io.EOF
}
