package target

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// Outcome is the result of a TLS handshake.
type Outcome struct {
	Version     string       `json:"version"`  // "1.3"
	Cipher      string       `json:"cipher"`   // as IANA names it
	ALPN        string       `json:"alpn"`     // the protocol that the server picked; "": none
	Verified    string       `json:"verified"` // as Verification.String
	Certificate *Certificate `json:"certificate"`
	// ClientCertificate was sent. If nil, none was, though the server may have
	// asked for one.
	ClientCertificate      *ClientCertificate `json:"clientCertificate,omitempty"`
	ClientCertificateAsked bool               `json:"clientCertificateAsked,omitempty"`
}

// ClientCertificate names a client's certificate.
type ClientCertificate struct {
	Subject     string `json:"subject"`
	Fingerprint string `json:"fingerprint"`
}

// String returns the outcome in one printable line, as in transcripts.
func (o *Outcome) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "tls %s, %s", o.Version, o.Cipher)
	if o.ALPN != "" {
		fmt.Fprintf(&s, ", alpn %s", oneLine(o.ALPN))
	}
	fmt.Fprintf(&s, ", certificate %s, %s", o.Certificate.short(), map[string]string{
		BySystem.String(): "verified by the system",
		ByCA.String():     "verified by the chosen CA",
		ByPin.String():    "verified by its fingerprint",
		ByNobody.String(): "NOT VERIFIED",
	}[o.Verified])
	switch c := o.ClientCertificate; {
	case c != nil:
		fmt.Fprintf(&s, ", client certificate %q sha256:%s", short(c.Subject), c.Fingerprint)
	case o.ClientCertificateAsked:
		s.WriteString(", a client certificate was asked for and not sent")
	}
	return s.String()
}

// outcome returns the outcome of a handshake that is done.
func (c *tlsConn) outcome(by Verification) *Outcome {
	state := c.ConnectionState()
	o := &Outcome{
		Version: versionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		ALPN: state.NegotiatedProtocol, Verified: by.String(), Certificate: Describe(state.PeerCertificates[0]),
		ClientCertificateAsked: c.asked,
	}
	if c.asked && c.client != nil {
		o.ClientCertificate = &ClientCertificate{c.client.Subject, c.client.Fingerprint}
	}
	return o
}
