package target

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// explainTLS puts into words why a handshake failed.
func explainTLS(err error, config *tls.Config, address string, limit time.Duration) error {
	var (
		cert    *tls.CertificateVerificationError
		noTLS   tls.RecordHeaderError
		op      *net.OpError
		timeout net.Error
	)
	switch {
	case errors.As(err, &cert):
		return explainCertificate(cert, config)
	case errors.As(err, &noTLS):
		return fail(err, "%s answered, but does not speak TLS: leave tls:// out", address)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(err, "%s took the connection, but did not answer in TLS within %s: does it speak TLS?", address, seconds(limit))
	case errors.As(err, &op) && op.Op == "remote error":
		return fail(err, "%s refused the TLS handshake: %s", address, library(op.Err))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, wsaReset), errors.Is(err, syscall.EPIPE):
		return fail(err, "%s broke off the TLS handshake: does it speak TLS?", address)
	case strings.Contains(err.Error(), "unexpected handshake message"), // such as our own, echoed
		strings.Contains(err.Error(), "unexpected message"):
		return fail(err, "%s answered, but does not speak TLS: leave tls:// out", address)
	case strings.Contains(err.Error(), "unsupported protocol version"): // has no type of its own
		return fail(err, "%s speaks only TLS versions before 1.2, which are not safe", address)
	}
	return fail(err, "the TLS handshake with %s failed: %s", address, library(err))
}

// library returns the words of crypto/tls and crypto/x509 without the
// package's name. They are plain enough where there are too many to list.
func library(err error) string {
	s := strings.TrimPrefix(err.Error(), "tls: ")
	return strings.TrimPrefix(s, "x509: ")
}

func explainCertificate(err *tls.CertificateVerificationError, config *tls.Config) error {
	whose := short(config.ServerName)
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		noRoots x509.SystemRootsError
	)
	switch {
	case errors.As(err, &name):
		return fail(err, "the certificate is not for %s, but for %s", whose, names(name.Certificate))
	case errors.As(err, &unknown):
		if leaf := err.UnverifiedCertificates[0]; bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			return fail(err, "the certificate of %s is self-signed: no authority vouches for it", whose)
		}
		return fail(err, "the certificate of %s is signed by an authority that this machine does not know", whose)
	case errors.As(err, &noRoots):
		return fail(err, "this machine has no list of certificate authorities: install its ca-certificates")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		now := time.Now
		if config.Time != nil {
			now = config.Time
		}
		if from := invalid.Cert.NotBefore; now().Before(from) {
			return fail(err, "the certificate of %s is valid only from %s on: is the clock here right?", whose, day(from))
		}
		return fail(err, "the certificate of %s expired on %s", whose, day(invalid.Cert.NotAfter))
	}
	return fail(err, "the certificate of %s is not valid: %s", whose, library(err.Err))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// names lists the names that a certificate is for, as many as fit.
func names(c *x509.Certificate) string {
	const room = 80
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all[:len(all):len(all)], ip.String())
	}
	if len(all) == 0 {
		return "no name at all"
	}
	list := short(all[0])
	for i, n := range all[1:] {
		if len(list)+2+len(n) > room {
			return fmt.Sprintf("%s and %d more", list, len(all)-1-i)
		}
		list += ", " + n
	}
	return list
}
