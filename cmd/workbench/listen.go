package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/certificate"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/target"
)

// frontFlags say how others reach the workbench.
type frontFlags struct {
	tls              string // tlsAuto, or ""
	certificate, key string // files
	proxies          []string
	plain            bool
}

func (f *frontFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.certificate, "tls-cert", "", "serve the page with TLS, with the certificate and its chain of `FILE` (PEM); read again when it changes")
	flags.StringVar(&f.key, "tls-key", "", "`FILE` of the key of --tls-cert (PEM), which other accounts must not be able to read")
	flags.StringVar(&f.tls, "tls", "", "`auto` serves the page with TLS, with a certificate of this account's own authority; see workbench ca")
	flags.StringArrayVar(&f.proxies, "behind-proxy", nil, "answer only what comes through reverse proxies from these `RANGES`, such as 10.0.0.5,10.1.0.0/16, and believe their X-Forwarded-For and X-Forwarded-Proto; unix: who opens the Unix socket of --listen")
	flags.BoolVar(&f.plain, "plain-http", false, "let other machines in without TLS, in a closed room where everyone may read along")
}

// front is where the workbench is served, and how others reach it.
type front struct {
	place
	exposure
	hosts    []gateway.Host
	proxies  []netip.Prefix // nil: none
	pair     *certificate.Pair
	listener net.Listener // once it is open
}

// newFront reads and checks what the flags say. It opens no address, and leaves nothing
// behind.
func newFront(o serveOptions, log *slog.Logger) (f front, err error) {
	if err := checkTLS(o.front.tls); err != nil {
		return f, err
	}
	if f.hosts, err = parseHosts(o.hosts); err != nil {
		return f, err
	}
	if f.place, err = parsePlace(o.listen); err != nil {
		return f, err
	}
	if f.proxies, err = parseProxies(o.front.proxies, f.isSocket()); err != nil {
		return f, err
	}
	f.exposure = exposure{
		named: o.listen, local: f.isLocal(), browsers: !f.isSocket(), hosts: len(f.hosts), auth: o.auth, policy: o.policy, open: o.open,
		certificate: o.front.certificate != "", key: o.front.key != "", auto: o.front.tls == tlsAuto, proxied: f.proxies != nil, plain: o.front.plain,
	}
	if err := f.check(); err != nil {
		return f, err
	}
	if f.certificate {
		if f.pair, err = certificate.OpenPair(o.front.certificate, o.front.key, log); err != nil {
			return f, fmt.Errorf("--tls-cert: %w", err)
		}
	}
	return f, nil
}

// parseProxies reads --behind-proxy.
func parseProxies(named []string, socket bool) (all []netip.Prefix, err error) {
	if len(named) == 0 {
		return nil, nil
	}
	all = []netip.Prefix{}
	for s := range strings.SplitSeq(strings.Join(named, ","), ",") {
		s = strings.TrimSpace(s)
		if socket != (s == "unix") {
			if socket {
				return nil, fmt.Errorf("--behind-proxy is %q, and the proxy comes through a Unix socket; write --behind-proxy unix", s)
			}
			return nil, fmt.Errorf("--behind-proxy unix is for a Unix socket; name the proxy's address, as in: --behind-proxy 10.0.0.5")
		}
		if socket {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, addrErr := netip.ParseAddr(s)
			if addrErr != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("--behind-proxy is %q; it must be addresses or networks of proxies, as in: --behind-proxy 10.0.0.5,10.1.0.0/16", s)
			}
			p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("--behind-proxy %s would believe everyone; name the proxy's address", s)
		}
		all = append(all, p)
	}
	return all, nil
}

// listenNow opens what newFront has checked.
func (f *front) listenNow(log *slog.Logger) (err error) {
	f.listener, err = f.place.listen(log)
	return err
}

// isOddLoopback reports whether it listens at an address of this machine alone to which no
// name leads.
func (f *front) isOddLoopback() bool {
	at, ok := f.listener.Addr().(*net.TCPAddr)
	return ok && at.IP.IsLoopback() && !isLocalhost(at.AddrPort().Addr())
}

// encryption returns how connections are encrypted, once they are listened for; nil:
// they are not. HTTP/2 has no WebSocket here, so it is not offered. Strict-Transport-
// Security is never sent: a browser would keep to it where this port is another
// program's later, and could not be talked out of a certificate that it does not trust.
func (f *front) encryption(origin string, log *slog.Logger) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	switch {
	case f.pair != nil:
		c.GetCertificate = f.pair.Get
	case f.auto:
		server, err := f.certified(origin, log)
		if err != nil {
			return nil, err
		}
		c.GetCertificate = server.Get
	default:
		return nil, nil
	}
	return c, nil
}

// certified returns certificates of the local authority, for the names of --host, the
// addresses that are listened on, and the page's own name.
func (f *front) certified(origin string, log *slog.Logger) (*certificate.Server, error) {
	folder, err := authorityFolder()
	if err != nil {
		return nil, err
	}
	var names, found []string
	for _, h := range f.hosts {
		names = append(names, h.Name())
	}
	for _, a := range addresses(f.listener) {
		found = append(found, a.Addr().WithZone("").String())
	}
	authority, err := certificate.OpenAuthority(folder, slices.Concat(names, found))
	if err != nil {
		return nil, fmt.Errorf("--tls auto: %w", err)
	}
	if f.addr.IsValid() && !f.addr.Addr().IsUnspecified() {
		names = append(names, found...) // which the user has named
	} else {
		for _, name := range found {
			if !authority.Permits(name) {
				log.Warn("the local authority was made without this address and does not vouch for it", "address", name)
				continue
			}
			names = append(names, name)
		}
	}
	if names = append(names, "localhost", "127.0.0.1", "::1"); origin != "" {
		names = append(names, origin)
	}
	server, err := authority.Server(names)
	if err != nil {
		return nil, fmt.Errorf("--tls auto: %w", err)
	}
	return server, nil
}

func authorityFolder() (string, error) {
	state, err := catalog.StateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "ca"), nil
}

// refusesItself returns the policy, under which no target may be the page.
func (f *front) refusesItself(policy target.Policy) target.Policy {
	switch at := f.listener.Addr().(type) {
	case *net.TCPAddr:
		return policy.Own(loopbacks(at)...)
	case *net.UnixAddr:
		return policy.OwnSocket(func(path string) bool { return isSameFile(at.Name, path) })
	}
	return policy
}

// isSameFile reports whether two paths lead to one file, now.
func isSameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return a == b
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// urls returns the addresses of the page, the one to open first. Where others can reach
// it and --host names it, it goes by that name.
func (f *front) urls() (all []string) {
	scheme := "http"
	if f.certificate || f.auto {
		scheme = "https"
	}
	if f.reached() && len(f.hosts) > 0 {
		for _, h := range f.hosts {
			if f.proxied && h.Port() != 80 {
				scheme = "https" // as far as the proxy
			}
			all = append(all, h.URL(scheme))
		}
		return all
	}
	for _, a := range addresses(f.listener) {
		all = append(all, scheme+"://"+a.String())
	}
	if all == nil {
		all = append(all, socketPrefix+f.listener.Addr().String())
	}
	return all
}

// tell prints where the page is, and what people should know about that.
func (f *front) tell(w io.Writer) {
	urls := f.urls()
	fmt.Fprintf(w, "Protocol Workbench: %s\n", urls[0])
	for _, also := range urls[1:] {
		fmt.Fprintf(w, "Also at: %s\n", also)
	}
	for _, line := range f.notices() {
		fmt.Fprintln(w, line)
	}
}
