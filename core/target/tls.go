package target

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"syscall"
	"time"
)

// tlsConfig returns a configuration of the caller's own.
func (d *Dialer) tlsConfig(t Target, s Security) *tls.Config {
	config := d.TLSConfig.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.MinVersion = cmp.Or(s.Min, max(config.MinVersion, DefaultMin))
	config.CipherSuites = CipherSuites(config.MinVersion)
	config.ServerName = cmp.Or(s.Name, config.ServerName, certificateName(cmp.Or(t.Host, "localhost")))
	config.NextProtos = s.ALPN
	switch s.Verify {
	case ByCA:
		config.RootCAs = s.CA.Pool()
	case ByPin:
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if fingerprint(state.PeerCertificates[0].Raw) != s.Pin {
				return errPin
			}
			return nil
		}
	case ByNobody:
		config.InsecureSkipVerify = true
	}
	return config
}

var errPin = errors.New("another certificate than the pinned one")

// CipherSuites returns what tls.Config.CipherSuites should be if versions from
// least on are spoken: nil, meaning the safe ones, from 1.2 on; below 1.2 all,
// since peers that speak only an old version may have no others.
func CipherSuites(least uint16) (ids []uint16) {
	if least >= tls.VersionTLS12 {
		return nil
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// The alerts that have codes of their own (RFC 8446, 6; RFC 6066, 3).
const (
	alertHandshakeFailure = 40
	alertProtocolVersion  = 70
	alertUnrecognizedName = 112
	alertNoProtocol       = 120
)

// alert returns the number of the alert with which the server refused. Its type
// in crypto/tls is not exported.
func alert(err error) (number uint64, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return v.Uint(), true
	}
	return 0, true
}

// brokeOff reports whether the server ended the connection without an alert.
func brokeOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrTruncated) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, wsaReset) || errors.Is(err, syscall.EPIPE)
}

// explain says in the user's words why the handshake failed, with the code, the
// certificate and the choices that may succeed.
func (c *tlsConn) explain(err error, s *Security, address string, limit time.Duration) *Error {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return c.explainCertificate(cert)
	}
	e := c.explainHandshake(err, s, address, limit)
	if c.leaf != nil {
		e.Certificate = Describe(c.leaf)
	}
	return e
}

func (c *tlsConn) explainHandshake(err error, s *Security, address string, limit time.Duration) *Error {
	var (
		noTLS   tls.RecordHeaderError
		timeout net.Error
	)
	oldest := ways(ChoiceMin, versionName(tls.VersionTLS10))
	if c.config.MinVersion == tls.VersionTLS10 { // that was offered
		oldest = nil
	}
	offered := versionName(c.config.MinVersion)
	if c.config.MinVersion != tls.VersionTLS13 {
		offered += " and later"
	}
	number, refused := alert(err)
	unnamed := net.ParseIP(c.config.ServerName) != nil // crypto/tls sends no address as SNI
	switch {
	case errors.Is(err, errPin):
		return coded(CodePinMismatch, ways(ChoiceVerify, pinPrefix+fingerprint(c.leaf.Raw)), err,
			"the certificate of %s is not the one whose fingerprint was given", short(c.config.ServerName))
	case errors.As(err, &noTLS):
		return coded(CodeNotTLS, nil, err, "%s answered, but does not speak TLS: leave %s out", address, c.written)
	case errors.As(err, &timeout) && timeout.Timeout():
		return coded(CodeFailed, nil, err, "%s took the connection, but did not answer in TLS within %s: does it speak TLS?", address, seconds(limit))
	case number == alertProtocolVersion, strings.Contains(err.Error(), "unsupported protocol version"): // has no type of its own
		return coded(CodeVersion, oldest, err, "%s speaks none of the TLS versions that were offered: %s", address, offered)
	case number == alertNoProtocol && s.ALPN == nil:
		return coded(CodeALPN, ways(ChoiceALPN, ""), err, "%s wants a protocol to be named by ALPN, and none was offered", address)
	case number == alertNoProtocol:
		return coded(CodeALPN, ways(ChoiceALPN, ""), err, "%s speaks none of the protocols that were offered by ALPN: %s", address, short(strings.Join(s.ALPN, ", ")))
	case number == alertUnrecognizedName && !unnamed:
		return coded(CodeNameWanted, ways(ChoiceName, ""), err, "%s knows no server by the name %s", address, short(c.config.ServerName))
	case number == alertUnrecognizedName:
		return coded(CodeNameWanted, ways(ChoiceName, ""), err, "%s wants the name of a server (SNI), and an address is not one", address)
	case c.asked && (refused || brokeOff(err)) && c.client == nil:
		return coded(CodeClientCertWanted, ways(ChoiceCert, ""), err, "%s wants a client certificate, and none was sent%s", address, because(err, refused))
	case c.asked && (refused || brokeOff(err)):
		return coded(CodeClientCertRefused, ways(ChoiceCert, ""), err, "%s refused the client certificate %q%s", address, short(c.client.Subject), because(err, refused))
	case number == alertHandshakeFailure && unnamed && c.config.CipherSuites == nil:
		return coded(CodeNameWanted, append(ways(ChoiceName, ""), oldest...), err, "%s refused the TLS handshake (handshake failure): it may want the name of a server (SNI), and an address is not one, or know only old cipher suites", address)
	case number == alertHandshakeFailure && unnamed:
		return coded(CodeNameWanted, ways(ChoiceName, ""), err, "%s refused the TLS handshake (handshake failure): it may want the name of a server (SNI), and an address is not one", address)
	case number == alertHandshakeFailure && c.config.CipherSuites == nil:
		return coded(CodeFailed, oldest, err, "%s refused the TLS handshake (handshake failure): it may know only old cipher suites", address)
	case refused:
		return coded(CodeFailed, nil, err, "%s refused the TLS handshake: %s", address, alertWords(err))
	case brokeOff(err):
		return coded(CodeFailed, nil, err, "%s broke off the TLS handshake: does it speak TLS?", address)
	case strings.Contains(err.Error(), "unexpected handshake message"), // such as our own, echoed
		strings.Contains(err.Error(), "unexpected message"):
		return coded(CodeNotTLS, nil, err, "%s answered, but does not speak TLS: leave %s out", address, c.written)
	}
	return coded(CodeFailed, nil, err, "the TLS handshake with %s failed: %s", address, library(err))
}

func (c *tlsConn) explainCertificate(err *tls.CertificateVerificationError) *Error {
	leaf := err.UnverifiedCertificates[0]
	seen := Describe(leaf)
	whose := short(c.config.ServerName)
	trust := ways(ChoiceVerify, pinPrefix+seen.Fingerprint, "none")
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		noRoots x509.SystemRootsError
		e       *Error
	)
	switch {
	case errors.As(err, &name):
		e = coded(CodeWrongName, append(otherNames(leaf), trust...), err, "the certificate is not for %s, but for %s", whose, listed(seen.Names))
	case errors.As(err, &unknown) && bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		e = coded(CodeSelfSigned, trust, err, "the certificate of %s is self-signed: no authority vouches for it", whose)
	case errors.As(err, &unknown):
		e = coded(CodeUnknownCA, append(ways(ChoiceVerify, "ca:"), trust...), err, "the certificate of %s is signed by an authority that is not trusted here, %q", whose, short(seen.Issuer))
	case errors.As(err, &noRoots):
		e = coded(CodeUnknownCA, append(ways(ChoiceVerify, "ca:"), trust...), err, "this machine has no list of certificate authorities: install its ca-certificates")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		now := time.Now
		if c.config.Time != nil {
			now = c.config.Time
		}
		if from := invalid.Cert.NotBefore; now().Before(from) {
			e = coded(CodeExpired, trust, err, "the certificate of %s is valid only from %s on: is the clock here right?", whose, day(from))
		} else {
			e = coded(CodeExpired, trust, err, "the certificate of %s expired on %s", whose, day(invalid.Cert.NotAfter))
		}
	default:
		e = coded(CodeFailed, trust, err, "the certificate of %s is not valid: %s", whose, library(err.Err))
	}
	e.Certificate = seen
	return e
}

func coded(code Code, ways []Choice, cause error, format string, args ...any) *Error {
	e := fail(cause, format, args...).as(code)
	e.Ways = ways
	return e
}

// ways returns choices of one name.
func ways(name string, values ...string) (all []Choice) {
	for _, v := range values {
		all = append(all, Choice{name, v})
	}
	return all
}

// otherNames returns the first name of a certificate without a wildcard.
func otherNames(leaf *x509.Certificate) []Choice {
	for _, name := range leaf.DNSNames {
		if host, err := readHost(name); err == nil {
			return ways(ChoiceName, host)
		}
	}
	return nil
}

// because adds what the server said to the words about a refusal.
func because(err error, said bool) string {
	if !said {
		return ""
	}
	return ": " + alertWords(err)
}

// alertWords returns the words of crypto/tls for the server's alert.
func alertWords(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return library(err)
}

// library returns the words of crypto/tls and crypto/x509 without the package's
// name. They are plain enough where there are too many cases to list.
func library(err error) string {
	s := strings.TrimPrefix(err.Error(), "tls: ")
	return strings.TrimPrefix(s, "x509: ")
}
