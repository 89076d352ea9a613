package target

import (
	"crypto/tls"
	"encoding/hex"
	"slices"
	"strings"
)

// Verification is how the server's certificate is verified.
type Verification uint8

// The verifications.
const (
	BySystem Verification = iota // the authorities that the system trusts
	ByCA                         // only those of Security.CA
	ByPin                        // Security.Pin; chain, name and dates are ignored
	ByNobody                     // not at all: anybody could be the server
)

// String returns "system", "ca", "pin" or "none".
func (v Verification) String() string { return [...]string{"system", "ca", "pin", "none"}[v] }

// Security is how to speak TLS with a target. The zero value verifies by the
// system, for the target's host, offers no protocol by ALPN, speaks TLS 1.2 and
// later, and has no client certificate.
type Security struct {
	Verify Verification
	CA     *Credential // with ByCA
	Pin    string      // with ByPin: Certificate.Fingerprint
	Name   string      // for SNI and verification, without a zone or a final dot; "": the target's host
	ALPN   []string    // protocols to offer (RFC 7301); nil: none
	Min    uint16      // of tls.VersionTLS10 to VersionTLS13; 0: 1.2. Below 1.2 unsafe cipher suites are offered too
	Client *Credential // of KindClient; nil: none. It is sent to any server that asks for one
}

// Bounds of the protocols offered by ALPN.
const (
	MaxALPN     = 16  // names
	MaxALPNName = 255 // bytes of one (RFC 7301, 3.1)
)

// The names of the choices, in the order in which they are listed.
const (
	ChoiceVerify = "verify" // system, none, ca:ID or sha256:HEX, the fingerprint of a certificate
	ChoiceName   = "name"   // a host's name or address
	ChoiceALPN   = "alpn"   // protocols, with commas between them
	ChoiceMin    = "min"    // 1.0, 1.1, 1.2 or 1.3
	ChoiceCert   = "cert"   // ID of a credential of KindClient
)

// Choice is one choice as text.
type Choice struct{ Name, Value string }

const pinPrefix = "sha256:"

// DefaultMin is the lowest version unless one was chosen.
const DefaultMin = tls.VersionTLS12

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// ParseVersion reads "1.0", "1.1", "1.2" or "1.3".
func ParseVersion(s string) (version uint16, ok bool) {
	version, ok = versions[s]
	return version, ok
}

// versionName is the inverse of ParseVersion.
func versionName(version uint16) string {
	return strings.TrimPrefix(tls.VersionName(version), "TLS ")
}

// Choose makes one more choice. Credentials are looked up in keep.
//
// Its errors are of type *Error, with the code CodeParameter or
// CodeCredentialUnknown; their words begin with the name of the choice.
func (s *Security) Choose(c Choice, keep *Credentials) error {
	switch c.Name {
	case ChoiceVerify:
		return s.chooseVerify(c.Value, keep)
	case ChoiceName:
		name, err := readHost(strings.TrimSpace(c.Value))
		if err != nil {
			return parameterError("name: %v", err)
		}
		s.Name = certificateName(name)
	case ChoiceALPN:
		protocols, err := parseALPN(c.Value)
		if err != nil {
			return err
		}
		s.ALPN = protocols
	case ChoiceMin:
		version, ok := ParseVersion(c.Value)
		if !ok {
			return parameterError("min is %q; it must be 1.0, 1.1, 1.2 or 1.3", short(c.Value))
		}
		s.Min = version
	case ChoiceCert:
		client := keep.Get(c.Value)
		switch {
		case client == nil:
			return unknownCredential(c)
		case client.Kind != KindClient:
			return parameterError("cert: that certificate came without its private key; give both in one text")
		}
		s.Client = client
	default:
		return parameterError("%s is not a choice; the choices are verify, name, alpn, min and cert", short(c.Name))
	}
	return nil
}

func (s *Security) chooseVerify(value string, keep *Credentials) error {
	id, isCA := strings.CutPrefix(value, "ca:")
	pin, isPin := strings.CutPrefix(value, pinPrefix)
	switch {
	case value == "system":
		s.Verify = BySystem
	case value == "none":
		s.Verify = ByNobody
	case isCA:
		ca := keep.Get(id)
		if ca == nil {
			return unknownCredential(Choice{ChoiceVerify, value})
		}
		s.Verify, s.CA = ByCA, ca
	case isPin:
		if sum, err := hex.DecodeString(pin); err != nil || len(sum) != 32 {
			return parameterError("verify: after sha256: come the 64 hex digits of a certificate's fingerprint")
		}
		s.Verify, s.Pin = ByPin, strings.ToLower(pin)
	default:
		return parameterError("verify is %q; it must be system, none, ca:ID or sha256:FINGERPRINT", short(value))
	}
	return nil
}

func parseALPN(list string) ([]string, error) {
	names := strings.Split(list, ",")
	if len(names) > MaxALPN {
		return nil, parameterError("alpn has %d names; at most %d are offered", len(names), MaxALPN)
	}
	for i, name := range names {
		name = strings.TrimSpace(name)
		notShown := func(r rune) bool { return r <= ' ' || r > '~' }
		if name == "" || len(name) > MaxALPNName || strings.ContainsFunc(name, notShown) {
			return nil, parameterError("alpn has the name %q; a protocol's name has 1 to 255 characters of ASCII, such as h2", short(name))
		}
		if slices.Contains(names[:i], name) {
			return nil, parameterError("alpn has the name %q twice", short(name))
		}
		names[i] = name
	}
	return names, nil
}

func parameterError(format string, args ...any) *Error {
	return fail(nil, format, args...).as(CodeParameter)
}

func unknownCredential(c Choice) *Error {
	return fail(nil, "%s: the certificate %s is not here: the workbench has restarted since; choose the file again", c.Name, short(c.Value)).as(CodeCredentialUnknown)
}

// Choices returns those that are not the default, for a log: for a credential,
// its fingerprint and subject.
func (s *Security) Choices() (all []Choice) {
	switch s.Verify {
	case ByCA:
		all = append(all, Choice{ChoiceVerify, "ca " + s.CA.named()})
	case ByPin:
		all = append(all, Choice{ChoiceVerify, pinPrefix + s.Pin})
	case ByNobody:
		all = append(all, Choice{ChoiceVerify, "none"})
	}
	if s.Name != "" {
		all = append(all, Choice{ChoiceName, s.Name})
	}
	if s.ALPN != nil {
		all = append(all, Choice{ChoiceALPN, strings.Join(s.ALPN, ",")})
	}
	if s.Min != 0 && s.Min != DefaultMin {
		all = append(all, Choice{ChoiceMin, versionName(s.Min)})
	}
	if s.Client != nil {
		all = append(all, Choice{ChoiceCert, s.Client.named()})
	}
	return all
}

// named identifies a credential in a log.
func (c *Credential) named() string {
	return strings.TrimSpace(pinPrefix + c.Fingerprint + " " + c.Subject)
}

// certificateName returns a host as certificates name it: without a zone and
// without the final dot.
func certificateName(host string) string {
	name, _, _ := strings.Cut(host, "%")
	return strings.TrimSuffix(name, ".")
}
