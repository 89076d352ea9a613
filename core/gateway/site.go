package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// This file decides who may ask, from a request's head alone, before anything
// else is done with it.

// Host is a name and a port by which browsers reach the workbench.
type Host struct {
	name string // in lower case; an IPv6 address has brackets
	port uint16
}

// ParseHost reads NAME:PORT.
func ParseHost(s string) (Host, error) {
	h, err := parseHost(s, "http")
	if err == nil && !strings.HasSuffix(s, ":"+strconv.Itoa(int(h.port))) {
		err = errNoHost
	}
	if err != nil {
		return Host{}, fmt.Errorf("%q: %w", core.CutWords(s, core.MaxName), err)
	}
	return h, nil
}

var errNoHost = fmt.Errorf("not of the form NAME:PORT, such as localhost:9000")

// String returns NAME:PORT.
func (h Host) String() string { return h.name + ":" + strconv.Itoa(int(h.port)) }

// Name returns the name, or an address without brackets.
func (h Host) Name() string { return strings.Trim(h.name, "[]") }

// URL returns the page's address with a scheme, http or https.
func (h Host) URL(scheme string) string {
	if scheme == "https" && h.port == 443 || scheme == "http" && h.port == 80 {
		return scheme + "://" + h.name
	}
	return scheme + "://" + h.String()
}

// Port returns the port.
func (h Host) Port() uint16 { return h.port }

// parseHost reads a Host header, RFC 9110, section 7.2: a name or an address,
// and a port, the scheme's own where there is none.
func parseHost(s, scheme string) (Host, error) {
	name, port := s, uint64(80)
	if scheme == "https" {
		port = 443
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		var err error
		name = s[:i]
		if port, err = strconv.ParseUint(s[i+1:], 10, 16); err != nil || port == 0 || s[i+1] == '0' {
			return Host{}, errNoHost
		}
	}
	name = strings.ToLower(name)
	if bare, ok := strings.CutPrefix(name, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(bare, "]"))
		if err != nil || !strings.HasSuffix(bare, "]") || addr.Zone() != "" || !addr.Is6() {
			return Host{}, errNoHost
		}
		return Host{"[" + addr.String() + "]", uint16(port)}, nil
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return Host{}, errNoHost
		}
	}
	return Host{name, uint16(port)}, nil
}

// isLoopback reports whether the name can only be this machine. Names below
// localhost are, by RFC 6761, section 6.3.
func (h Host) isLoopback() bool {
	if h.name == "localhost" || strings.HasSuffix(h.name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(h.name, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// isLocalhost reports whether this is the name or the address that a client of
// 2012 takes for one: its page comes from the one and dials the other.
func (h Host) isLocalhost() bool { return h.name == "localhost" || h.name == "127.0.0.1" }

// maxShown bounds what a refusal repeats of a header, in bytes.
const maxShown = 200

// refuse returns why a request must not be answered, or "".
func (g *Gateway) refuse(r *http.Request) string {
	if reason := g.refuseProxy(r); reason != "" {
		return reason
	}
	scheme := g.scheme(r)
	host, err := parseHost(r.Host, scheme)
	shown := core.CutWords(r.Host, maxShown)
	own := err == nil && g.Proxies == nil && host.isOwn(r)
	switch {
	case own || err == nil && slices.Contains(g.Hosts, host):
	case g.Proxies != nil:
		return fmt.Sprintf("the Host header is %q; behind a proxy the workbench answers only to what --host names", shown)
	case err == nil && host.isLoopback():
		return fmt.Sprintf("the Host header is %q, which is not the workbench's own port; where a tunnel or a container brings you here, start the workbench with --host %s", shown, shown)
	default:
		return fmt.Sprintf("the Host header is %q; the workbench answers only to localhost, 127.0.0.1 or [::1] at its own port, and to what --host names", shown)
	}
	origins := r.Header.Values("Origin")
	if origin := strings.Join(origins, ", "); len(origins) > 0 {
		if from, ok := parseOrigin(origin, scheme); !ok || from != host && !(own && from.port == host.port && from.isLocalhost() && host.isLocalhost()) {
			return fmt.Sprintf("the Origin header is %q; only the workbench's own page may use it, from %s://%s", core.CutWords(origin, maxShown), scheme, shown)
		}
	}
	sites := r.Header.Values("Sec-Fetch-Site")
	switch site := strings.Join(sites, ", "); {
	case isServiceWorker(r):
		return "the request is for a service worker; the workbench has none"
	case len(sites) == 0: // no browser, or an old one
	case site == "same-origin" || site == "none":
	case g.isVisit(r):
	case isHandshake(r) && len(origins) > 0: // which was looked at
	default:
		return fmt.Sprintf("the Sec-Fetch-Site header is %q; only the workbench's own page may ask for this", core.CutWords(site, maxShown))
	}
	return ""
}

// parseOrigin reads an Origin header, RFC 6454, section 7. A browser writes the
// one page of ours in one way, so nothing is made equal here.
func parseOrigin(s, scheme string) (Host, bool) {
	authority, ok := strings.CutPrefix(s, scheme+"://")
	h, err := parseHost(authority, scheme)
	return h, ok && err == nil && authority == strings.ToLower(authority)
}

// isOwn reports whether a host is one by which the request's listener is reached that
// nobody's resolver decides about: a loopback name, or the address itself. Through a
// Unix socket somebody's tunnel leads here, from a port that only they know.
func (h Host) isOwn(r *http.Request) bool {
	switch at := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.UnixAddr:
		return h.isLoopback()
	case *net.TCPAddr:
		local := at.AddrPort()
		addr, err := netip.ParseAddr(h.Name())
		return h.port == local.Port() && (h.isLoopback() || err == nil && addr.Unmap() == local.Addr().Unmap().WithZone(""))
	}
	return false
}

// isVisit reports whether somebody opens the page in a tab, by a link for
// example, signs in or joins a class. No other page sees what comes back.
func (g *Gateway) isVisit(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == "/" || g.isDocs(r.URL.Path) || g.isLogin(r.URL.Path) || g.Class != nil && r.URL.Path == pathJoin) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// isDocs lists the paths of the documentation, which is the same for all who may see it.
func (g *Gateway) isDocs(path string) bool {
	return g.Docs != nil && (path == "/docs" || strings.HasPrefix(path, "/docs/"))
}

// isHandshake reports whether a browser asks for a WebSocket. To these it adds
// an Origin, always.
func isHandshake(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/websocket/") &&
		strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// isServiceWorker reports whether the answer would be a service worker. One
// would stay between the page and whatever is at this address later.
func isServiceWorker(r *http.Request) bool {
	return r.Header.Get("Service-Worker") != "" || r.Header.Get("Sec-Fetch-Dest") == "serviceworker"
}
