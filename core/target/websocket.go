package target

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isWebSocket reports that an address says ws:// or wss://.
func isWebSocket(s string) bool {
	scheme, _, found := strings.Cut(s, "://")
	k := kinds[WebSocket]
	return found && (strings.EqualFold(scheme, k.scheme) || strings.EqualFold(scheme, k.tls))
}

// parseWebSocket reads "ws://host[:port][/path][?query]", or the same with wss.
func parseWebSocket(s string) (Target, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	promised := schemeOf(strings.EqualFold(scheme, kinds[WebSocket].tls))
	rest = strings.TrimSpace(rest)
	at := strings.IndexAny(rest, "/?#")
	if at < 0 {
		at = len(rest)
	}
	switch {
	case strings.Contains(rest, "#"):
		return Target{}, fail(nil, "a WebSocket's address has no fragment: leave out the # and what follows it, or write %%23 for it")
	case strings.TrimSpace(rest[:at]) == "":
		return Target{}, fail(nil, "no host: write %s://host/path, as in ws://example.com/chat", strings.ToLower(scheme))
	}
	t, err := parseHostPort(TCP, rest[:at], promised)
	switch {
	case err != nil && strings.Contains(rest, "@"): // the words may quote a password with a slash in it
		return Target{}, noUser()
	case err != nil:
		return Target{}, err
	}
	t.Kind = WebSocket
	if t.Path, err = readPath(rest[at:]); err != nil {
		return Target{}, err
	}
	if n := len(t.String()); n > MaxTarget {
		return Target{}, fail(nil, "the target has %d bytes with its escapes; at most %d fit", n, MaxTarget)
	}
	return t, nil
}

// schemeOf is what ws:// promises, or with TLS wss:// (RFC 6455, 3).
func schemeOf(tls bool) scheme {
	if tls {
		return scheme{true, 443}
	}
	return scheme{false, 80}
}

// readPath returns a path with its query as they are sent (RFC 3986, 3.3, 3.4): what
// may not stand there is escaped, as browsers do, and nothing else is changed.
func readPath(s string) (string, error) {
	var b strings.Builder
	if !strings.HasPrefix(s, "/") {
		b.WriteByte('/')
	}
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			return "", fail(nil, "the path is not UTF-8")
		case !unicode.IsPrint(r):
			return "", fail(nil, "the path has the character %U, which does not show: delete it", r)
		case r == '%' && !isEscape(s[i:]):
			return "", fail(nil, "a %% in the path is followed by two hex digits, as in %%20: write %%25 for the character itself")
		case r > unicode.MaxASCII, strings.ContainsRune(" \"<>\\^`{|}", r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), nil
}

// isEscape reports that s begins with %XX.
func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil && s[1] != '+'
}

// URL returns the address of a WebSocket as its client is to be given it. A default port
// is not in it, as in what browsers send.
func (t Target) URL() string {
	host := t.Host
	if host == "" {
		host = "localhost"
	}
	switch {
	case t.Port != schemeOf(t.TLS).port:
		host = net.JoinHostPort(host, strconv.Itoa(int(t.Port)))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	u := url.URL{Scheme: strings.TrimSuffix(t.prefix(), "://"), Host: host}
	return u.String() + t.Path
}

// Logged returns the target as it may stand in a log: String without a WebSocket's query,
// which may be secret.
func (t Target) Logged() string {
	if t.Kind == WebSocket {
		t.Path, _, _ = strings.Cut(t.Path, "?")
	}
	return t.String()
}
