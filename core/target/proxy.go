package target

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/urgent"
)

// MaxProxy bounds what ParseProxy reads, in bytes; MaxLogin a user's name and a
// password for a proxy (RFC 1929, 2).
const (
	MaxProxy = 1024
	MaxLogin = 255
)

// Proxy is what a target is reached through. The zero value is none. Two are the
// same if they are ==.
type Proxy struct {
	scheme   string // of proxies
	host     string
	port     uint16
	user     string
	password string
}

// proxies are the schemes of proxies, without TLS to the proxy itself.
var proxies = map[string]struct {
	names   bool   // the proxy resolves the target's name
	port    uint16 // the default; 0: one must be written
	connect func(c net.Conn, p Proxy, to string) error
}{
	"socks5":  {false, 1080, connectSOCKS},
	"socks5h": {true, 1080, connectSOCKS},
	"http":    {false, 0, connectHTTP},
	"httph":   {true, 0, connectHTTP},
}

// ParseProxy reads "socks5://[user:password@]host:port" (RFC 1928) or
// "http://[user:password@]host:port" (CONNECT, RFC 9110, 9.3.6). The target's name
// is resolved here; with socks5h or httph the proxy does that. The default port is
// 1080 for SOCKS. A user and a password may have escapes, as in %40.
//
// Errors are of type *Error and never quote what may be a password.
func ParseProxy(s string) (Proxy, error) {
	s = strings.TrimSpace(s)
	if len(s) > MaxProxy {
		return Proxy{}, fail(nil, "the proxy has %d bytes; at most %d fit", len(s), MaxProxy)
	}
	scheme, _, found := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	known, ok := proxies[scheme]
	switch {
	case !found || !isScheme(scheme):
		return Proxy{}, fail(nil, "a proxy begins with its scheme: write socks5://host:port or http://host:port")
	case !ok:
		return Proxy{}, fail(nil, "unknown kind of proxy %s://: write socks5:// or http://, or socks5h:// or httph:// for one that resolves names", short(scheme))
	}
	u, err := url.Parse(s)
	if err != nil {
		return Proxy{}, fail(nil, "the proxy cannot be read: write %s://user:password@host:port, with %%40 for an @ in a password", scheme)
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return Proxy{}, fail(nil, "a proxy ends with its port: leave out what follows it")
	}
	p := Proxy{scheme: scheme, port: known.port, user: u.User.Username()}
	p.password, _ = u.User.Password()
	if len(p.user) > MaxLogin || len(p.password) > MaxLogin || p.user == "" && u.User != nil {
		return Proxy{}, fail(nil, "a proxy's user and password have at most %d bytes each, and a user has one at least", MaxLogin)
	}
	if p.host, err = readHost(u.Hostname()); err != nil {
		return Proxy{}, fail(err, "the proxy's host: %v", err)
	}
	if port := u.Port(); port != "" || p.port == 0 {
		if p.port, err = parsePort(port, "tcp"); err != nil {
			return Proxy{}, fail(err, "the proxy's port: %v", err)
		}
	}
	return p, nil
}

// String returns the proxy without its user and password, or "" for none.
func (p Proxy) String() string {
	if p == (Proxy{}) {
		return ""
	}
	return p.scheme + "://" + net.JoinHostPort(p.host, strconv.Itoa(int(p.port)))
}

// Resolves reports that the proxy resolves the names of targets, so that no policy
// can know their addresses.
func (p Proxy) Resolves() bool { return proxies[p.scheme].names }

// target is the proxy as what it is to a policy.
func (p Proxy) target() Target { return Target{Host: p.host, Port: p.port} }

// via returns the proxy to reach the target through, and whether whoever named the
// target named it too.
func (d *Dialer) via(t Target) (p Proxy, named bool) {
	switch {
	case t.IsLocal():
		return Proxy{}, false
	case t.Via != (Proxy{}):
		return t.Via, true
	case isLoopback(t.dialHost()):
		return Proxy{}, false
	}
	return d.Proxy, false
}

// isLoopback reports that a host is this machine by what is written.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && (a.Unmap().IsLoopback() || a.Unmap().IsUnspecified()) || plainName(host) == "localhost" || strings.HasSuffix(plainName(host), ".localhost")
}

// ProxyResolves says whether the target is to be reached through a proxy that resolves its
// name.
func (d *Dialer) ProxyResolves(t Target) bool {
	p, _ := d.via(t)
	return p.Resolves()
}

// dialVia reaches a TCP target through a proxy. Its name is resolved here and each
// address asked about, unless the proxy is to resolve it.
func (d *Dialer) dialVia(ctx context.Context, t Target, p Proxy, named bool, limit time.Duration) (*Conn, error) {
	if p.Resolves() {
		by, err := d.Policy.checkUnresolved(t)
		if err != nil {
			return nil, err
		}
		return d.connectVia(ctx, t, p, named, t.dialHost(), by, limit)
	}
	addrs, err := d.Resolve(ctx, t)
	if err != nil {
		return nil, err
	}
	var first error
	for _, a := range addrs {
		err := d.Policy.Check(t, a)
		if err == nil {
			var conn *Conn
			conn, err = d.connectVia(ctx, t, p, named, a.String(), d.Policy.Decide(t, a).By, limit)
			if err == nil {
				return conn, nil
			}
		}
		first = cmp.Or(first, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// connectVia has the proxy connect to a host's port.
func (d *Dialer) connectVia(ctx context.Context, t Target, p Proxy, named bool, host, by string, limit time.Duration) (*Conn, error) {
	dialer := net.Dialer{Resolver: d.Resolver, ControlContext: keepUrgent}
	if named {
		if err := d.Policy.checkName(p.target()); err != nil {
			return nil, err
		}
		dialer.ControlContext = d.control(p.target())
	}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(p.host, strconv.Itoa(int(p.port))))
	if err != nil {
		e := explainDial(err, p.target(), p.String(), limit).(*Error)
		if errors.Is(e, ErrDenied) {
			return nil, e
		}
		return nil, fail(e, "the proxy %s cannot be reached: %s", short(p.String()), e.Words).as(CodeProxy)
	}
	to := net.JoinHostPort(host, strconv.Itoa(int(t.Port)))
	undo := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	err = proxies[p.scheme].connect(raw, p, to)
	if !undo() || err != nil {
		raw.Close()
		return nil, explainProxy(cmp.Or(err, error(context.DeadlineExceeded)), p, limit)
	}
	conn := d.over(raw.(*net.TCPConn), to, by)
	conn.through = "through the proxy " + p.String()
	return conn, nil
}

// keepUrgent is control where no policy is asked.
func keepUrgent(_ context.Context, _, _ string, c syscall.RawConn) error { return urgent.Keep(c) }

// explainProxy says in the user's words why a proxy did not connect.
func explainProxy(err error, p Proxy, limit time.Duration) error {
	var own *Error
	var timeout net.Error
	who := short(p.String())
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(err, "the proxy %s did not answer, or did not reach the target, within %s", who, seconds(limit)).as(CodeNoAnswer)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), brokeOff(err):
		return fail(err, "the proxy %s closed the connection without an answer", who).as(CodeProxyFailed)
	}
	return fail(err, "the proxy %s failed: %s", who, library(err)).as(CodeProxyFailed)
}

// checkUnresolved returns what allows a target whose name the proxy is to resolve.
// Only a policy that allows every address can: none of it is known here.
func (p Policy) checkUnresolved(t Target) (by string, err error) {
	if a, err := netip.ParseAddr(t.dialHost()); err == nil {
		return p.Decide(t, a).By, p.Check(t, a)
	}
	if p.preset != Local || len(p.rules) > 0 {
		return "", fail(ErrDenied, "%s may not be dialled by its name through a proxy: the policy is about addresses; let the workbench resolve it, as with socks5:// or http://", short(t.Logged())).as(CodeDenied)
	}
	return "the preset " + p.preset.String(), nil
}

// AllowsUnresolved reports that targets may be dialled whose address is not known.
func (p Policy) AllowsUnresolved() bool { return p.preset == Local && len(p.rules) == 0 }
