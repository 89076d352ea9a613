package tlsflags

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/target"
)

// Server holds the flags of a server that may speak TLS.
type Server struct {
	Client
	on       bool
	clientCA string
}

// Add adds the flags.
func (f *Server) Add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "tls", false, "speak TLS")
	flags.StringVar(&f.cert, prefix+"cert", "", "its certificate in `FILE` (PEM), with those that it was issued by (default: one for localhost is made)")
	flags.StringVar(&f.key, prefix+"key", "", "its private key in `FILE` (PEM), if it is not in that of the certificate")
	f.addShared(flags)
	flags.StringVar(&f.clientCA, prefix+"client-ca", "", "want a client certificate, issued by those in `FILE` (PEM)")
}

// Config returns how TLS is spoken, with the fingerprint of the certificate;
// nil: it is not.
func (f *Server) Config() (config *tls.Config, fingerprint string, err error) {
	switch {
	case !f.on && *f != Server{}:
		return nil, "", errors.New("the flags --tls-… want --tls too")
	case !f.on:
		return nil, "", nil
	}
	return f.spoken()
}

// StartTLS is Config for a connection that becomes TLS in mid-stream, whether the flags say
// so or not.
func (f *Server) StartTLS() (config *tls.Config, fingerprint string, err error) {
	if f.on {
		return nil, "", errors.New("--tls speaks TLS from the start, and what was recorded begins in clear and upgrades to it: leave --tls out")
	}
	return f.spoken()
}

func (f *Server) spoken() (config *tls.Config, fingerprint string, err error) {
	switch {
	case f.key != "" && f.cert == "":
		return nil, "", errors.New("--tls-key has no certificate: name it with --tls-cert FILE")
	}
	// The rest is read as a client's choices are.
	choices := Client{alpn: f.alpn, min: f.min}
	s, err := choices.Security(target.Target{TLS: true})
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
func (f *Server) certificate() (*target.Credential, error) {
	if f.cert == "" {
		return target.SelfSigned("workbench play server")
	}
	own, err := readCredential(target.KindClient, f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return own, nil
}
