package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// This file says how a request has come here: with TLS or without, and from where. What
// a reverse proxy says of that is believed of its own hop, the last one, and only where
// all requests must come from a proxy.

// isTLS reports whether the browser or program that asks has used TLS, be it as far as
// the proxy.
func (g *Gateway) isTLS(r *http.Request) bool {
	if g.Proxies == nil {
		return r.TLS != nil
	}
	return lastHop(r, "X-Forwarded-Proto") == "https"
}

func (g *Gateway) scheme(r *http.Request) string {
	if g.isTLS(r) {
		return "https"
	}
	return "http"
}

// peer returns the address that a request comes from, for logs and limits: with a port,
// but for one that a proxy tells; "unix" through a Unix socket.
func (g *Gateway) peer(r *http.Request) string {
	if g.Proxies != nil && g.isProxy(r) {
		if a, err := forwardedFor(r); err == nil {
			return a.String()
		}
	}
	if isUnix(r) {
		return "unix"
	}
	return r.RemoteAddr
}

// refuseProxy returns why a request must not be answered where all come through a
// proxy, or "".
func (g *Gateway) refuseProxy(r *http.Request) string {
	if g.Proxies == nil {
		return ""
	}
	if !g.isProxy(r) {
		return fmt.Sprintf("the request comes from %s, which is not a proxy that --behind-proxy names", r.RemoteAddr)
	}
	if _, err := forwardedFor(r); err != nil {
		return fmt.Sprintf("the proxy's X-Forwarded-For header ends in %q; it must be set to the client's address", core.CutWords(lastHop(r, "X-Forwarded-For"), maxShown))
	}
	if proto := lastHop(r, "X-Forwarded-Proto"); proto != "http" && proto != "https" {
		return fmt.Sprintf("the proxy's X-Forwarded-Proto header ends in %q; it must be set to http or https, whichever the client uses", core.CutWords(proto, maxShown))
	}
	return ""
}

// isProxy reports whether a request comes from one of the proxies.
func (g *Gateway) isProxy(r *http.Request) bool {
	if isUnix(r) {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range g.Proxies {
		if p.Contains(from.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

func isUnix(r *http.Request) bool {
	_, ok := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return ok
}

// forwardedFor returns the address of the proxy's client. Some proxies add its port.
func forwardedFor(r *http.Request) (netip.Addr, error) {
	s := lastHop(r, "X-Forwarded-For")
	if at, err := netip.ParseAddrPort(s); err == nil {
		return at.Addr().Unmap(), nil
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err
}

// lastHop returns what the last proxy has put into a header to which each one appends.
func lastHop(r *http.Request, header string) string {
	all := r.Header.Values(header)
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}
