// Package tlsflags makes the flags --tls-… of a command, and the files that they
// name, into how TLS is spoken, and --proxy into what a target is reached through. Its
// errors name the flags, and say what to do.
package tlsflags

import (
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

// Client holds a client's choices. Each is a flag with prefix before its name.
type Client struct {
	verify, ca, name, alpn, min, cert, key string
	own                                    string // goes before cert and key in the flags' names
}

const prefix = "tls-"

// AddBesideServer adds the flags to a command in which --tls-cert and --tls-key are a
// server's: the client's are --tls-client-cert and --tls-client-key.
func (f *Client) AddBesideServer(flags *pflag.FlagSet) {
	f.own = "client-"
	f.Add(flags)
}

// Add adds the flags.
func (f *Client) Add(flags *pflag.FlagSet) {
	flags.StringVar(&f.verify, prefix+"verify", "", "what the server's certificate is held against: system, the default; none; or sha256:HEX, its fingerprint")
	flags.StringVar(&f.ca, prefix+"ca", "", "verify by the certificates in `FILE` (PEM), alone")
	flags.StringVar(&f.name, prefix+"name", "", "the server's `NAME`, for SNI and to verify (default: the host that is dialled)")
	f.addShared(flags)
	flags.StringVar(&f.cert, f.flag("cert"), "", "client certificate in `FILE` (PEM), for servers that ask for one")
	flags.StringVar(&f.key, f.flag("key"), "", "its private key in `FILE` (PEM), if it is not in that of the certificate")
}

// flag returns the name of a flag of the client's certificate.
func (f *Client) flag(name string) string { return prefix + f.own + name }

// addShared adds the flags that a client and a server have.
func (f *Client) addShared(flags *pflag.FlagSet) {
	flags.StringVar(&f.alpn, prefix+"alpn", "", "`PROTOCOLS` to offer by ALPN, with commas between them, as in h2,http/1.1")
	flags.StringVar(&f.min, prefix+"min", "", "least `VERSION` of TLS: 1.0, 1.1, 1.2 or 1.3 (default 1.2)")
}

// Security is how TLS is spoken with the target.
func (f *Client) Security(t target.Target) (s target.Security, err error) {
	switch {
	case *f != Client{own: f.own} && !t.TLS:
		return s, errors.New("the flags --tls-… are for a server that speaks TLS: write --to tls://host:port, or tls+unix:///path")
	case f.ca != "" && f.verify != "":
		return s, errors.New("--tls-ca and --tls-verify both say what to verify by: give one of them")
	case strings.HasPrefix(f.verify, "ca:"):
		return s, errors.New("--tls-verify is system, none or sha256:HEX; certificates to verify by are given with --tls-ca FILE")
	case f.key != "" && f.cert == "":
		return s, fmt.Errorf("--%s has no certificate: name it with --%s FILE", f.flag("key"), f.flag("cert"))
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
			return s, fmt.Errorf("--%s: %w", f.flag("cert"), err)
		}
		keep.Add(client)
		choices = append(choices, target.Choice{Name: target.ChoiceCert, Value: client.ID})
	}
	for _, c := range choices {
		if c.Value == "" {
			continue
		}
		if err := s.Choose(c, &keep); err != nil {
			return s, fmt.Errorf("--%s%w", prefix, err)
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

// Credentials reads the files that --tls-credential names.
func Credentials(files []string) (*target.Credentials, error) {
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

// Explain adds to an error of TLS the certificate that was seen, and the flags
// that go on.
func Explain(err error) error { return new(Client).Explain(err) }

// Explain is Explain for a command with these flags.
func (f *Client) Explain(err error) error {
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
			ways = append(ways, fmt.Sprintf("--%s FILE --%s FILE", f.flag("cert"), f.flag("key")))
		case way.Name == target.ChoiceALPN:
			ways = append(ways, "--tls-alpn PROTOCOLS")
		case way.Value == "":
			ways = append(ways, "--"+prefix+way.Name+" "+strings.ToUpper(way.Name))
		default:
			ways = append(ways, "--"+prefix+way.Name+" "+way.Value)
		}
	}
	if ways != nil {
		words += "\nTo go on, add " + strings.Join(ways, ", or ")
	}
	return errors.New(words)
}
