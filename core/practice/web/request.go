package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// request is one request, as far as this server looks at it.
type request struct {
	method  string
	path    string // without the query, and with %XX decoded; "*" for OPTIONS *
	minor   int    // of HTTP/1.x
	host    string
	length  string // the value of Content-Length; "": none came
	coding  string // the values of Transfer-Encoding, joined by commas
	kind    string // the value of Content-Type
	closes  bool   // Connection: close
	keeps   bool   // Connection: keep-alive
	expects bool   // Expect: 100-continue
	body    []byte
}

// methods are those that the server knows. Some no resource has: they get a 405.
const methods = "GET HEAD POST PUT DELETE PATCH OPTIONS"

// model is the request line that answers give as an example.
const model = "GET / HTTP/1.1"

// start takes the request line (RFC 9112, section 3), or refuses it.
func (r *request) start(line string) *answer {
	words := strings.Split(line, " ")
	r.method = words[0] // an answer to HEAD has no body, whatever else is wrong
	switch {
	case words[0] == "":
		return refuse(400, "the request line begins with a space; type %s", model)
	case !isToken(words[0]):
		return refuse(400, "%s is not a method; a request line is METHOD, space, target, space, version: %s", shown(words[0]), model)
	case len(words) == 1:
		return refuse(400, "the request line has one word; it wants method, target and version: %s", model)
	case len(words) == 2 && isVersion(words[1]), len(words) == 3 && words[1] == "":
		return refuse(400, "the request line names no target; type %s / HTTP/1.1", words[0])
	case len(words) == 2:
		return refuse(400, "the request line names no version; type %s %s HTTP/1.1", words[0], shown(words[1]))
	case len(words) > 3:
		return refuse(400, "the request line has %d spaces; it wants 2, between method, target and version: %s", len(words)-1, model)
	}
	return cmp.Or(r.version(words[2]), r.known(), r.target(words[1]))
}

// isVersion reports whether s is HTTP/ and a number, with or without a minor one.
func isVersion(s string) bool {
	number, ok := strings.CutPrefix(s, "HTTP/")
	major, minor, two := strings.Cut(number, ".")
	return ok && len(major) == 1 && isDigits(major) && (!two || len(minor) == 1 && isDigits(minor))
}

// version takes a version (RFC 9112, section 2.3). One of HTTP/1.2 and later is one of 1.1
// (RFC 9110, section 2.5).
func (r *request) version(s string) *answer {
	number := strings.TrimPrefix(s, "HTTP/")
	switch {
	case !isVersion(s):
		return refuse(400, "%s is not a version; type HTTP/1.1 or HTTP/1.0, in capitals", shown(s))
	case number[0] != '1':
		return refuse(505, "this server speaks HTTP/1.1 and HTTP/1.0, not %s", s)
	case len(number) == 1:
		return refuse(400, "the version has no minor number; type HTTP/1.1 or HTTP/1.0")
	}
	r.minor = min(int(number[2]-'0'), 1)
	return nil
}

// known refuses methods that no resource here has.
func (r *request) known() *answer {
	known, capitals := strings.Fields(methods), strings.ToUpper(r.method)
	switch {
	case slices.Contains(known, r.method):
		return nil
	case slices.Contains(known, capitals):
		return refuse(501, "methods are written in capitals; type %s", capitals)
	}
	return refuse(501, "no resource here knows the method %s; there are %s", shown(r.method), strings.Join(known, ", "))
}

// target takes a target (RFC 9112, section 3.2): a path, a whole address, or the asterisk.
func (r *request) target(s string) *answer {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '#' {
			return refuse(400, "the target has the byte %s; write it as %%%02X, or leave it out", strconv.QuoteToASCII(s[i:i+1]), s[i])
		}
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && strings.EqualFold(scheme, "http") {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if !isHost(rest[:end]) {
			return refuse(400, "the target names no host; type http://HOST/PATH, or the path alone")
		}
		s = rest[end:]
		if s == "" && r.method == "OPTIONS" {
			s = "*"
		} else if !strings.HasPrefix(s, "/") {
			s = "/" + s
		}
	}
	if s == "*" && r.method == "OPTIONS" {
		r.path = s
		return nil
	}
	if !strings.HasPrefix(s, "/") {
		return refuse(400, "the target %s does not begin with /; type %s / HTTP/1.1", shown(s), r.method)
	}
	path, _, _ := strings.Cut(s, "?")
	var ok bool
	if r.path, ok = decode(path); !ok {
		return refuse(400, "the target has a %% without two hexadecimal digits after it; a %% itself is written %%25")
	}
	return nil
}

// decode decodes the %XX of a path (RFC 3986, section 2.1).
func decode(path string) (decoded string, ok bool) {
	var b strings.Builder
	for {
		plain, rest, more := strings.Cut(path, "%")
		b.WriteString(plain)
		if !more {
			return b.String(), true
		}
		if len(rest) < 2 || !isHex(rest[:2]) {
			return "", false
		}
		c, _ := strconv.ParseUint(rest[:2], 16, 8)
		b.WriteByte(byte(c))
		path = rest[2:]
	}
}

// shown is what a client sent, as it is shown in an answer.
func shown(s string) string {
	const most = 60
	return core.Printable(core.CutWords(s, most))
}
