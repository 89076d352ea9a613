package target

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"sync"
)

// MaxCredential bounds the PEM text of a credential in bytes.
const MaxCredential = 256 << 10

// maxKey bounds the DER of a private key in bytes: checking a key takes time
// that grows with the cube of its size. RSA with 16,384 bits has 10 KB.
const maxKey = 16 << 10

// MaxCredentials is how many credentials Credentials keeps.
const MaxCredentials = 64

// The kinds of a credential.
const (
	KindCA     = "ca"     // certificates to verify servers by
	KindClient = "client" // a certificate with its chain and its private key
)

// Credential is what a user supplies for TLS: certificates and, for a client's
// own, their private key. Nothing that this package prints or returns holds the
// key.
type Credential struct {
	ID   string `json:"id"`   // 32 hex digits, the same for the same kind and certificates
	Kind string `json:"kind"` // KindCA or KindClient
	Certificate
	certificates []*x509.Certificate
	pair         tls.Certificate // of KindClient
}

// ParseCredential reads PEM text (RFC 7468): certificates and, for a client's
// own, their unencrypted private key (PKCS #8, PKCS #1 or SEC 1). The order is
// free, except that the client's certificate comes before those of its issuers.
// Text around the blocks is skipped.
//
// Its errors are of type *Error and repeat nothing of the text except the types
// of its blocks.
func ParseCredential(text []byte) (*Credential, error) {
	if len(text) > MaxCredential {
		return nil, fail(nil, "the PEM text has %d bytes; at most %d fit", len(text), MaxCredential)
	}
	var certificates, keys []byte
	c := &Credential{Kind: KindCA}
	blocks := 0
	for rest := text; ; blocks++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE":
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fail(err, "certificate %d in the PEM text cannot be read: %s", len(c.certificates)+1, library(err))
			}
			c.certificates = append(c.certificates, certificate)
			certificates = append(certificates, pem.EncodeToMemory(block)...)
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, fail(nil, "the private key is encrypted: decrypt it first, as in: openssl pkey -in key.pem -out plain.pem")
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && keys != nil:
			return nil, fail(nil, "the PEM text has two private keys; it may have one")
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && len(block.Bytes) > maxKey:
			return nil, fail(nil, "the private key has %d bytes; at most %d fit", len(block.Bytes), maxKey)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			keys = pem.EncodeToMemory(block)
		case block.Type == "EC PARAMETERS": // openssl ecparam -genkey writes them above the key, which holds them too
		default:
			return nil, fail(nil, "the PEM text has a block %s; it may have certificates and a private key", short(block.Type))
		}
	}
	switch {
	case strings.Count(string(text), "-----BEGIN ") != blocks:
		return nil, fail(nil, "a block of the PEM text is incomplete: it goes from -----BEGIN to -----END, with base64 between them")
	case c.certificates == nil && keys != nil:
		return nil, fail(nil, "the PEM text has a private key and no certificate: put the certificate above it")
	case c.certificates == nil:
		return nil, fail(nil, "no PEM text: a certificate begins with -----BEGIN CERTIFICATE----- (DER is not accepted: convert it)")
	case keys != nil:
		var err error
		if c.pair, err = tls.X509KeyPair(certificates, keys); err != nil {
			return nil, fail(err, "the private key cannot be used with the first certificate: %s", library(err))
		}
		c.Kind = KindClient
	}
	c.Certificate = *Describe(c.certificates[0])
	sum := sha256.New()
	sum.Write([]byte(c.Kind))
	for _, certificate := range c.certificates {
		sum.Write(certificate.Raw)
	}
	c.ID = hex.EncodeToString(sum.Sum(nil)[:16])
	return c, nil
}

// Pair returns a client's certificate with its key, for crypto/tls; the zero
// value for KindCA.
func (c *Credential) Pair() tls.Certificate { return c.pair }

// Pool returns the credential's certificates as authorities.
func (c *Credential) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range c.certificates {
		pool.AddCert(certificate)
	}
	return pool
}

// Credentials keeps credentials by their IDs, in memory only. The zero value is
// empty. It is safe for concurrent use.
type Credentials struct {
	mu  sync.Mutex
	all []*Credential // in the order of their arrival
}

// ErrFull says that MaxCredentials are kept already.
var ErrFull = errors.New("64 certificates are kept, which is the most: forget one first")

// Add keeps c, unless an equal one is kept already. Its only error is ErrFull.
func (k *Credentials) Add(c *Credential) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.index(c.ID) >= 0:
		return nil
	case len(k.all) == MaxCredentials:
		return ErrFull
	}
	k.all = append(k.all, c)
	return nil
}

// Get returns the credential with this ID, or nil.
func (k *Credentials) Get(id string) *Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := k.index(id); i >= 0 {
		return k.all[i]
	}
	return nil
}

// List returns all credentials in the order of their arrival.
func (k *Credentials) List() []*Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*Credential{}, k.all...)
}

// Forget drops the credential with this ID and reports whether it was kept.
// Sessions that use it go on.
func (k *Credentials) Forget(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := k.index(id)
	if i >= 0 {
		k.all = slices.Delete(k.all, i, i+1)
	}
	return i >= 0
}

func (k *Credentials) index(id string) int {
	return slices.IndexFunc(k.all, func(c *Credential) bool { return c.ID == id })
}
