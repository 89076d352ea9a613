package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/certificate"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/tap"
	"github.com/protocol-workbench/workbench/core/target"
)

// tapFront are the flags of TLS with the clients of a tap.
type tapFront struct {
	made      bool
	cert, key string // files
}

func (f *tapFront) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.made, "tls", false, "speak TLS with the clients, with certificates of this account's own authority for the names that they ask for; see workbench ca")
	flags.StringVar(&f.cert, "tls-cert", "", "speak TLS with the clients, with the certificate and its chain of `FILE` (PEM); read again when it changes")
	flags.StringVar(&f.key, "tls-key", "", "`FILE` of the key of --tls-cert (PEM), which other accounts must not be able to read")
}

func (f *tapFront) on() bool { return f.made || f.cert != "" }

func (f *tapFront) check() error {
	switch {
	case f.made && (f.cert != "" || f.key != ""):
		return errors.New("--tls makes certificates, and --tls-cert has one: give one of them")
	case f.key != "" && f.cert == "":
		return errors.New("--tls-key has no certificate: name it with --tls-cert FILE")
	case f.cert != "" && f.key == "":
		return errors.New("--tls-cert has no key: name it with --tls-key FILE")
	}
	return nil
}

// open returns TLS with the clients of a tap that listens on an address; nil: there is
// none.
func (f *tapFront) open(at net.Addr, to target.Target, keyLog io.Writer, log *slog.Logger) (*tap.Front, error) {
	if !f.on() {
		return nil, nil
	}
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return nil, errors.New("--tls and --tls-cert are for clients that connect by TCP")
	}
	front := &tap.Front{KeyLog: keyLog}
	switch {
	case f.cert != "":
		pair, err := certificate.OpenPair(f.cert, f.key, log)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert: %w", err)
		}
		front.Certificate = func(hello *tls.ClientHelloInfo, _ string) (*tls.Certificate, error) { return pair.Get(hello) }
		front.Explain = explainPair(f.cert)
	case f.made:
		folder, err := authorityFolder()
		if err != nil {
			return nil, err
		}
		listens := tcp.AddrPort().Addr().Unmap().WithZone("").String()
		authority, err := certificate.OpenAuthority(folder, vouchedFor(to.Host, listens))
		if err != nil {
			return nil, fmt.Errorf("--tls: %w", err)
		}
		front.Certificate = made(authority.Named(), to.Host, listens)
		front.Explain = explainMade(authority.Path)
	}
	return front, nil
}

// vouchedFor returns those of the names that an authority can be made for.
func vouchedFor(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		addr, err := netip.ParseAddr(name)
		return name == "" || err == nil && (addr.IsUnspecified() || addr.Zone() != "")
	})
}

// made returns what makes certificates for what clients ask for, or else for the target,
// and where they have come to.
func made(all *certificate.Named, host, listens string) func(*tls.ClientHelloInfo, string) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo, name string) (*tls.Certificate, error) {
		return all.Get(hello, hello.ServerName, cmp.Or(name, host), listens, "localhost")
	}
}

func explainMade(authority string) func(*tap.ClientError) string {
	return func(e *tap.ClientError) string {
		switch e.Code {
		case tap.Distrusts, tap.BrokeOff:
			return "it has to trust " + catalog.Quote(authority) + ": workbench ca says how"
		case tap.NoCertificate:
			return "give a certificate for it with --tls-cert FILE --tls-key FILE; or, if the target has that name: workbench ca remove, start this again, and have clients trust the new authority"
		}
		return explainTLS(e)
	}
}

func explainPair(file string) func(*tap.ClientError) string {
	return func(e *tap.ClientError) string {
		switch e.Code {
		case tap.Distrusts, tap.BrokeOff:
			return "it has to trust who issued " + catalog.Quote(file) + ", which has to name what it connects to"
		}
		return explainTLS(e)
	}
}

func explainTLS(e *tap.ClientError) string {
	if e.Code == tap.NotTLS || e.Code == tap.Late {
		return "a client in clear needs a tap without --tls and --tls-cert"
	}
	return ""
}

// asClientsDo returns how the target is dialled for a client that speaks TLS: with the name
// and the protocols that it asks for, unless flags name others. A target in clear is told
// neither.
func asClientsDo(dial func(context.Context, target.Security) (*target.Conn, error), to target.Target, s target.Security) func(context.Context, string, []string) (session.Server, []string, error) {
	return func(ctx context.Context, name string, alpn []string) (session.Server, []string, error) {
		s := s
		s.Name = cmp.Or(s.Name, name)
		if s.ALPN == nil {
			s.ALPN = alpn
		}
		conn, err := dial(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		var offer []string
		switch outcome := conn.TLS(); {
		case outcome != nil && outcome.ALPN != "":
			offer = []string{outcome.ALPN}
		case outcome == nil && !to.TLS && slices.Contains(alpn, "http/1.1"):
			offer = []string{"http/1.1"}
		}
		return conn, offer, nil
	}
}
