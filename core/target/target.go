package target

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Bounds of what Parse accepts, in bytes.
const (
	MaxTarget = 1024 // all of it
	MaxHost   = 253  // a host's name, as in DNS (RFC 1035, 2.3.4, written out)
	MaxLabel  = 63   // between two dots of a name (RFC 1035, 2.3.4)
)

// Target is a server to dial. Two targets are the same if they are ==.
type Target struct {
	Kind Kind
	Host string // of TCP, UDP and WebSocket: a name, an IPv4 address, an IPv6 address without brackets and perhaps with a zone; empty: this machine. Of Listen: an address
	Port uint16 // of TCP, UDP and WebSocket: not 0. Of Listen: 0 is a free one
	Path string // of Unix: the socket's, absolute. Of Serial and Exec what follows their scheme, with all defaults; of Listen what follows its port; of WebSocket with its query, as they are sent
	TLS  bool   // whether to speak TLS
	Via  Proxy  // of TCP: what it is reached through; String does not have it

	Handshake Handshake // of WebSocket; String does not have it
}

// String returns the target in the form that Parse accepts, with the port as a
// number.
func (t Target) String() string { return t.prefix() + t.bare() }

// place returns the target without TLS, as Logged does.
func (t Target) place() string {
	t.TLS = false
	return t.Logged()
}

// shown returns the target without TLS, for people.
func (t Target) shown() string { return short(t.place()) }

// bare returns the target without its scheme.
func (t Target) bare() string {
	if !t.IsLocal() {
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port))) + t.Path
	}
	return t.Path
}

// Parse reads "host:port", "tls://host:port", "udp://host:port", "unix:///path",
// "tls+unix:///path", "ws://host/path" or "wss://host/path". Spaces around the whole, the host and the port are ignored.
// An IPv6 address is in brackets, as in [::1]:80. The port is a number from 1 to 65535, or the name of a service
// on this machine, as in host:http. An empty host, as in :4000, is this machine.
// An international name is converted as browsers do, and Host has its xn-- form.
// Names are looked up when dialling.
//
// Other known schemes imply TLS or not, and a default port: imaps://host is TLS
// on 993. An unknown scheme, a user or a path after a port is refused: Parse
// ignores no part of an address. The errors never quote what may be a password.
//
// A Unix socket's path is absolute, of at most MaxPath bytes, and taken as it is:
// nothing in it is an escape. unix:/path is the same. A WebSocket's address may have
// a port, a path and a query.
//
// The others are a client to wait for, listen://127.0.0.1:2525 (see [Target.NextWaits]), a
// serial line, serial:///dev/ttyUSB0?baud=115200 (see [Target.Line]), and a program,
// exec:/usr/bin/prog arg "arg two" (see [Target.Command]).
//
// The errors are of type *Error.
func Parse(s string) (Target, error) {
	if len(s) > MaxTarget {
		return Target{}, fail(nil, "the target has %d bytes; at most %d fit", len(s), MaxTarget)
	}
	rest := strings.TrimSpace(s)
	if local, place, ok := cutLocal(rest); ok {
		switch local.Kind {
		case Listen:
			return parseListen(place)
		case Serial:
			return parseSerial(place)
		case Exec:
			return parseExec(place)
		}
		return parseUnix(local, place)
	}
	if isWebSocket(rest) {
		return parseWebSocket(rest)
	}
	if strings.HasPrefix(rest, "/") {
		return Target{}, fail(nil, "a path alone is not a target: write a Unix socket as in unix:///run/app.sock")
	}
	kind, rest, err := cutUDP(rest)
	if err != nil {
		return Target{}, err
	}
	var promised scheme
	if kind == TCP {
		promised, rest, err = cutScheme(rest)
	}
	switch {
	case err != nil:
		return Target{}, err
	case rest == "":
		return Target{}, fail(nil, "no target: write host:port, as in example.com:80")
	case strings.ContainsAny(rest, "/?#") && !strings.Contains(rest, "@"):
		return Target{}, fail(nil, "a target ends with its port: leave out the path, and what follows it")
	}
	return parseHostPort(kind, rest, promised)
}

// parseHostPort reads what follows a scheme that promises something.
func parseHostPort(kind Kind, rest string, promised scheme) (Target, error) {
	switch {
	case strings.Contains(rest, "@"):
		return Target{}, noUser()
	case promised.port != 0 && (strings.HasSuffix(rest, "]") || !strings.Contains(rest, ":")):
		rest += ":"
	}
	host, port, err := split(rest)
	if err != nil {
		return Target{}, err
	}
	t := Target{Kind: kind, Host: strings.TrimSpace(host), Port: promised.port, TLS: promised.tls}
	if t.Host != "" {
		if t.Host, err = readHost(t.Host); err != nil {
			return Target{}, err
		}
	}
	if port = strings.TrimSpace(port); port != "" || t.Port == 0 {
		if t.Port, err = parsePort(port, kinds[kind].scheme); err != nil {
			return Target{}, err
		}
	}
	return t, nil
}

func noUser() error {
	return fail(nil, "a target has no user and no password: leave out everything before the host, and the @")
}

// split cuts host and port apart. net.SplitHostPort does too, with errors for
// programmers.
func split(s string) (host, port string, err error) {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		host, rest, closed := strings.Cut(inside, "]")
		port, colon := strings.CutPrefix(strings.TrimSpace(rest), ":")
		switch {
		case !closed:
			return "", "", fail(nil, "%q has no ]: write an IPv6 address as in [::1]:80", short(s))
		case rest == "":
			return "", "", fail(nil, "no port in %q: write it after the bracket, as in [::1]:80", short(s))
		case !colon:
			return "", "", fail(nil, "%q: after ] comes a colon and the port, as in [::1]:80", short(s))
		}
		return host, port, nil
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", fail(nil, "no port in %q: write host:port, as in example.com:80", short(s))
	}
	host, port = s[:i], s[i+1:]
	if strings.Contains(host, ":") {
		if isIPv6(s) || isIPv6(host) {
			return "", "", fail(nil, "%q: write an IPv6 address in brackets, as in [::1]:80", short(s))
		}
		return "", "", fail(nil, "%q has too many colons: write host:port, as in example.com:80", short(s))
	}
	return host, port, nil
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	return err == nil && a.Is6()
}

// readHost returns the host in the form to look up, and refuses what can be
// neither a name nor an address. The look-up decides about the rest.
func readHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		a, err := netip.ParseAddr(host)
		if err != nil || !isName(a.Zone()) {
			return "", fail(err, "%q is not an IPv6 address", short(host))
		}
		return host, nil
	}
	international := false
	for _, r := range host {
		switch {
		case r == utf8.RuneError:
			return "", fail(nil, "the host's name is not UTF-8")
		case !unicode.IsPrint(r):
			return "", fail(nil, "the host has the character %U, which does not show: delete it", r)
		}
		international = international || r > unicode.MaxASCII
	}
	if international {
		ascii, err := domains.ToASCII(host)
		if err != nil {
			return "", fail(err, "%q is not an international host name (UTS #46)", short(host))
		}
		host = ascii
	}
	if !isName(host) || strings.Contains(host, "..") || host == "" || host[0] == '.' {
		return "", fail(nil, "%q is not a host name: names have letters, digits, dots and hyphens", short(host))
	}
	if n := len(strings.TrimSuffix(host, ".")); n > MaxHost {
		return "", fail(nil, "the host's name has %d bytes; at most %d fit", n, MaxHost)
	}
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > MaxLabel {
			return "", fail(nil, "%q in the host's name has %d bytes; at most %d fit between two dots", short(label), len(label), MaxLabel)
		}
	}
	return host, nil
}

// domains converts international names as browsers do: WHATWG URL, "domain to
// ASCII".
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false),
	idna.CheckHyphens(false), idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(false))

// shownHost returns the host for people: an international name in its own
// letters, and in the form that is looked up.
func (t Target) shownHost() string {
	if letters, err := domains.ToUnicode(t.Host); err == nil && letters != t.Host && strings.Contains(t.Host, "xn--") {
		return short(letters) + " (" + short(t.Host) + ")"
	}
	return short(t.Host)
}

// isName accepts the characters of the names of hosts, zones and services.
// Underscores in host names are wrong and exist.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// parsePort reads a port, a number or the name of a service of tcp or udp.
func parsePort(s, network string) (uint16, error) {
	if s == "" {
		return 0, fail(nil, "no port after the colon: write host:port, as in example.com:80")
	}
	if strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n == 0 {
			return 0, fail(err, "port %s does not exist: ports go from 1 to 65535", cut(s, 20))
		}
		return uint16(n), nil
	}
	if isName(s) && len(s) <= 32 {
		// PreferGo reads a file and asks no name service.
		n, err := (&net.Resolver{PreferGo: true}).LookupPort(context.Background(), network, s)
		if err == nil && n > 0 && n <= 65535 {
			return uint16(n), nil
		}
	}
	return 0, fail(nil, "the port %q is neither a number from 1 to 65535 nor a service's name", short(s))
}
