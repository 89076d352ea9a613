package target

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a Certificate, whose text the peer chooses.
const (
	maxNames   = 100 // more are left out
	maxSubject = 512 // bytes of a subject, an issuer or a name; the rest is cut off
)

// Certificate holds a certificate's facts. Every text in it is one printable
// line of valid UTF-8.
type Certificate struct {
	Subject     string    `json:"subject"`     // a distinguished name (RFC 4514); may be empty
	Issuer      string    `json:"issuer"`      // the same
	Names       []string  `json:"names"`       // subjectAltName: DNS names, addresses, then others
	NotBefore   time.Time `json:"notBefore"`   // UTC
	NotAfter    time.Time `json:"notAfter"`    // UTC
	Fingerprint string    `json:"fingerprint"` // SHA-256 of the DER, 64 hex digits in lower case
}

// Describe returns a certificate's facts.
func Describe(c *x509.Certificate) *Certificate {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, c.EmailAddresses...)
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	names = append([]string{}, names[:min(len(names), maxNames)]...) // [] in JSON, not null
	for i := range names {
		names[i] = oneLine(names[i])
	}
	return &Certificate{
		Subject: oneLine(c.Subject.String()), Issuer: oneLine(c.Issuer.String()), Names: names,
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Fingerprint: fingerprint(c.Raw),
	}
}

func oneLine(s string) string { return cut(clean(s), maxSubject) }

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// String returns the facts in one line: the subject, the issuer, as many names
// as fit, the first and last day of validity, the fingerprint.
func (c *Certificate) String() string {
	return fmt.Sprintf("%s, issued by %q, for %s, valid from %s to %s", c.short(), short(c.Issuer), listed(c.Names), day(c.NotBefore), day(c.NotAfter))
}

// short returns subject and fingerprint.
func (c *Certificate) short() string {
	return fmt.Sprintf("%q sha256:%s", short(c.Subject), c.Fingerprint)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// listed lists as many names as fit.
func listed(names []string) string {
	const room = 80
	if len(names) == 0 {
		return "no name at all"
	}
	var list strings.Builder
	list.WriteString(short(names[0]))
	for i, n := range names[1:] {
		if list.Len()+2+len(n) > room {
			fmt.Fprintf(&list, " and %d more", len(names)-1-i)
			break
		}
		list.WriteString(", " + n)
	}
	return list.String()
}
