package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/target"
)

// tlsFlags are the choices of TLS on the command line. Each is a flag with
// tlsFlag before its name.
type tlsFlags struct{ verify, ca, name, alpn, min, cert, key string }

const tlsFlag = "tls-"

// add adds the flags of a client.
func (f *tlsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.verify, tlsFlag+"verify", "", "what the server's certificate is held against: system, the default; none; or sha256:HEX, its fingerprint")
	flags.StringVar(&f.ca, tlsFlag+"ca", "", "verify by the certificates in `FILE` (PEM), alone")
	flags.StringVar(&f.name, tlsFlag+"name", "", "the server's `NAME`, for SNI and to verify (default: the host that is dialled)")
	f.addShared(flags)
	flags.StringVar(&f.cert, tlsFlag+"cert", "", "client certificate in `FILE` (PEM), for servers that ask for one")
	flags.StringVar(&f.key, tlsFlag+"key", "", "its private key in `FILE` (PEM), if it is not in that of the certificate")
}

// addShared adds the flags that a client and a server have.
func (f *tlsFlags) addShared(flags *pflag.FlagSet) {
	flags.StringVar(&f.alpn, tlsFlag+"alpn", "", "`PROTOCOLS` to offer by ALPN, with commas between them, as in h2,http/1.1")
	flags.StringVar(&f.min, tlsFlag+"min", "", "least `VERSION` of TLS: 1.0, 1.1, 1.2 or 1.3 (default 1.2)")
}

// security makes the flags into how TLS is spoken with the target. Its errors
// say what to do.
func (f *tlsFlags) security(t target.Target) (s target.Security, err error) {
	switch {
	case *f != tlsFlags{} && !t.TLS:
		return s, errors.New("the flags --tls-… are for a server that speaks TLS: write --to tls://host:port")
	case f.ca != "" && f.verify != "":
		return s, errors.New("--tls-ca and --tls-verify both say what to verify by: give one of them")
	case strings.HasPrefix(f.verify, "ca:"):
		return s, errors.New("--tls-verify is system, none or sha256:HEX; certificates to verify by are given with --tls-ca FILE")
	case f.key != "" && f.cert == "":
		return s, errors.New("--tls-key has no certificate: name it with --tls-cert FILE")
	}
	var keep target.Credentials
	choices := []target.Choice{
		{Name: target.ChoiceVerify, Value: f.verify}, {Name: target.ChoiceName, Value: f.name},
		{Name: target.ChoiceALPN, Value: f.alpn}, {Name: target.ChoiceMin, Value: f.min},
	}
	if f.ca != "" {
		ca, err := readCredential(target.KindCA, f.ca)
		if err != nil {
			return s, fmt.Errorf("--tls-ca: %w", err)
		}
		keep.Add(ca)
		choices[0].Value = "ca:" + ca.ID
	}
	if f.cert != "" {
		client, err := readCredential(target.KindClient, f.cert, f.key)
		if err != nil {
			return s, fmt.Errorf("--tls-cert: %w", err)
		}
		keep.Add(client)
		choices = append(choices, target.Choice{Name: target.ChoiceCert, Value: client.ID})
	}
	for _, c := range choices {
		if c.Value == "" {
			continue
		}
		if err := s.Choose(c, &keep); err != nil {
			return s, fmt.Errorf("--%s%w", tlsFlag, err)
		}
	}
	return s, nil
}

// readCredential reads a credential of the kind from files, of which those
// without a name are left out. A CA's may have a key, which is not looked at.
func readCredential(kind string, files ...string) (*target.Credential, error) {
	var text []byte
	for _, path := range slices.DeleteFunc(files, func(s string) bool { return s == "" }) {
		part, err := readPEM(path)
		if err != nil {
			return nil, err
		}
		text = append(append(text, part...), '\n')
	}
	c, err := target.ParseCredential(text)
	switch {
	case err != nil:
		return nil, err
	case c.Kind != kind && kind == target.KindClient:
		return nil, errors.New("no private key is there: name its file with --tls-key")
	case c.Kind != kind:
		return nil, errors.New("a private key is there too; to verify by, certificates alone are given")
	}
	return c, nil
}

// readCredentials reads what --tls-credential names.
func readCredentials(files []string) (*target.Credentials, error) {
	keep := new(target.Credentials)
	for _, path := range files {
		text, err := readPEM(path)
		if err != nil {
			return nil, fmt.Errorf("--tls-credential: %w", err)
		}
		c, err := target.ParseCredential(text)
		if err == nil {
			err = keep.Add(c)
		}
		if err != nil {
			return nil, fmt.Errorf("--tls-credential %s: %w", core.Printable(path), err)
		}
	}
	return keep, nil
}

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, target.MaxCredential+1))
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	return text, nil
}

// atLength adds to an error of TLS the certificate that was seen, and the flags
// that go on.
func atLength(err error) error {
	var e *target.Error
	if !errors.As(err, &e) || e.Code == "" {
		return err
	}
	words := e.Words
	if e.Certificate != nil {
		words += "\nThe certificate: " + e.Certificate.String()
	}
	var ways []string
	for _, way := range e.Ways {
		switch {
		case way.Value == "ca:":
			ways = append(ways, "--tls-ca FILE")
		case way.Name == target.ChoiceCert:
			ways = append(ways, "--tls-cert FILE --tls-key FILE")
		case way.Name == target.ChoiceALPN:
			ways = append(ways, "--tls-alpn PROTOCOLS")
		case way.Value == "":
			ways = append(ways, "--"+tlsFlag+way.Name+" "+strings.ToUpper(way.Name))
		default:
			ways = append(ways, "--"+tlsFlag+way.Name+" "+way.Value)
		}
	}
	if ways != nil {
		words += "\nTo go on, add " + strings.Join(ways, ", or ")
	}
	return errors.New(words)
}

// serverTLS are the flags of a server over TLS.
type serverTLS struct {
	tlsFlags
	on       bool
	clientCA string
}

func (f *serverTLS) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "tls", false, "speak TLS")
	flags.StringVar(&f.cert, tlsFlag+"cert", "", "its certificate in `FILE` (PEM), with those that it was issued by (default: one for localhost is made)")
	flags.StringVar(&f.key, tlsFlag+"key", "", "its private key in `FILE` (PEM), if it is not in that of the certificate")
	f.addShared(flags)
	flags.StringVar(&f.clientCA, tlsFlag+"client-ca", "", "want a client certificate, issued by those in `FILE` (PEM)")
}

// config returns how TLS is spoken, with the fingerprint of the certificate;
// nil: it is not.
func (f *serverTLS) config() (config *tls.Config, fingerprint string, err error) {
	switch {
	case !f.on && *f != serverTLS{}:
		return nil, "", errors.New("the flags --tls-… want --tls too")
	case !f.on:
		return nil, "", nil
	case f.key != "" && f.cert == "":
		return nil, "", errors.New("--tls-key has no certificate: name it with --tls-cert FILE")
	}
	// The rest is read as a client's choices are.
	choices := tlsFlags{alpn: f.alpn, min: f.min}
	s, err := choices.security(target.Target{TLS: true})
	if err != nil {
		return nil, "", err
	}
	own, err := f.certificate()
	if err != nil {
		return nil, "", err
	}
	least := cmp.Or(s.Min, target.DefaultMin)
	config = &tls.Config{
		Certificates: []tls.Certificate{own.Pair()}, NextProtos: s.ALPN,
		MinVersion: least, CipherSuites: target.CipherSuites(least),
	}
	if f.clientCA != "" {
		ca, err := readCredential(target.KindCA, f.clientCA)
		if err != nil {
			return nil, "", fmt.Errorf("--tls-client-ca: %w", err)
		}
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	}
	return config, own.Fingerprint, nil
}

// certificate returns the server's certificate: the one that is named, or one
// that is made.
func (f *serverTLS) certificate() (*target.Credential, error) {
	if f.cert == "" {
		return makeCertificate()
	}
	own, err := readCredential(target.KindClient, f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return own, nil
}
