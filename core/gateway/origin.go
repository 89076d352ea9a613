package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// refuse returns why a request may not be answered, or "". Host must name the
// loopback, so that a name which was rebound to it is of no use; Origin, where
// there is one, must be a page of the loopback on Host's port. Whatever does
// not parse is refused.
func refuse(r *http.Request) string {
	host, port, ok := splitHost(r.Host)
	if !ok || !isLoopback(host) {
		return fmt.Sprintf("the Host header is %q; the workbench answers only to localhost, 127.0.0.1 or [::1]", r.Host)
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return ""
	}
	origin := strings.Join(origins, ", ")
	refused := fmt.Sprintf("the Origin header is %q; only pages of this workbench may use it, such as http://%s", origin, r.Host)
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return refused
	}
	from, fromPort, ok := splitHost(u.Host)
	if !ok || !isLoopback(from) {
		return refused
	}
	standard := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if orElse(fromPort, standard) != orElse(port, standard) {
		return refused
	}
	return ""
}

// splitHost splits "name", "name:port", "[::1]" and "[::1]:port".
func splitHost(s string) (host, port string, ok bool) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1], "", true
	}
	if !strings.Contains(s, ":") {
		return s, "", s != ""
	}
	host, port, err := net.SplitHostPort(s)
	return host, port, err == nil && host != "" && port != ""
}

func isLoopback(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761, section 6.3
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
