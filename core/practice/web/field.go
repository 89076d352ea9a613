package web

import (
	"net/netip"
	"strconv"
	"strings"
)

// field parses line n of a head, a field line (RFC 9112, section 5), or refuses it. It
// returns the name in small letters.
func field(n int, line string) (name, value string, bad *answer) {
	name, value, colon := strings.Cut(line, ":")
	switch {
	case line[0] == ' ' || line[0] == '\t':
		return "", "", refuse(400, "line %d begins with white space; begin it with the field's name, and write each field in one line", n)
	case !colon:
		return "", "", refuse(400, "line %d has no colon; a field is NAME: VALUE, and an empty line ends the head", n)
	case strings.HasSuffix(name, " "), strings.HasSuffix(name, "\t"):
		return "", "", refuse(400, "line %d has white space before its colon; type %s: VALUE", n, shown(strings.TrimRight(name, " \t")))
	case !isToken(name):
		return "", "", refuse(400, "line %d has a name that is not letters, digits and hyphens: %s; type NAME: VALUE", n, shown(name))
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return "", "", refuse(400, "line %d has the control character %s; leave it out", n, strconv.QuoteToASCII(value[i:i+1]))
		}
	}
	return strings.ToLower(name), value, nil
}

// set takes a field, if it is one that the server looks at.
func (r *request) set(name, value string) *answer {
	switch name {
	case "host":
		switch {
		case r.host != "":
			return refuse(400, "there are two Host lines; type one")
		case !isHost(value):
			return refuse(400, "the Host line names no host; type Host: NAME or Host: NAME:PORT")
		}
		r.host = value
	case "content-length":
		switch {
		case r.length != "":
			return refuse(400, "there are two Content-Length lines; type one")
		case !isDigits(value):
			return refuse(400, "the Content-Length is not one number of bytes: %s; count the body's bytes and type Content-Length: NUMBER", shown(value))
		}
		r.length = value
	case "transfer-encoding":
		r.coding += "," + value
	case "content-type":
		r.kind = value
	case "connection":
		r.closes = r.closes || hasOption(value, "close")
		r.keeps = r.keeps || hasOption(value, "keep-alive")
	case "expect":
		if r.minor == 0 {
			return nil // RFC 9110, section 10.1.1
		}
		if !strings.EqualFold(value, "100-continue") {
			return refuse(417, "the only thing to expect is Expect: 100-continue")
		}
		r.expects = true
	}
	return nil
}

// framing returns how long the body is (RFC 9112, section 6.3), and whether it comes in
// chunks instead, once the head has come. It refuses a head that leaves that in doubt.
func (r *request) framing() (length int, chunked bool, bad *answer) {
	switch {
	case r.minor > 0 && r.host == "":
		return 0, false, refuse(400, "a request of HTTP/1.1 needs a Host line; type Host: NAME after the request line")
	case r.coding != "":
		return 0, true, r.chunks()
	case r.length != "":
		n, err := strconv.ParseUint(r.length, 10, 64)
		if err != nil || n > maxBody {
			return 0, false, refuse(413, "a body may have at most %d bytes here; send a shorter one", maxBody)
		}
		return int(n), false, nil
	case r.method == "POST" || r.method == "PUT" || r.method == "PATCH":
		return 0, false, refuse(411, "%s sends a body; count its bytes and type Content-Length: NUMBER", r.method)
	}
	return 0, false, nil
}

// chunks refuses a Transfer-Encoding that is not chunked alone.
func (r *request) chunks() *answer {
	codings := strings.Split(strings.ToLower(r.coding[1:]), ",")
	for i := range codings {
		codings[i] = strings.Trim(codings[i], " \t")
	}
	switch {
	case r.minor == 0:
		return refuse(400, "HTTP/1.0 has no Transfer-Encoding; type HTTP/1.1 in the request line, or a Content-Length")
	case r.length != "":
		return refuse(400, "there are both Content-Length and Transfer-Encoding, so where the body ends is in doubt; type one of them")
	case codings[len(codings)-1] != "chunked":
		return refuse(400, "the last Transfer-Encoding must be chunked, or the body has no end; type Transfer-Encoding: chunked")
	case len(codings) > 1:
		return refuse(501, "this server takes no Transfer-Encoding but chunked alone")
	}
	return nil
}

// hasOption reports whether a list of options (RFC 9110, section 7.6.1) has one.
func hasOption(list, option string) bool {
	for o := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(o, " \t"), option) {
			return true
		}
	}
	return false
}

// isHost reports whether s is a host, with or without a port (RFC 3986, section 3.2). It
// takes no percent-encoded name: no name in the DNS needs one.
func isHost(s string) bool {
	host, port := s, ""
	if at := strings.LastIndexByte(s, ':'); at > strings.LastIndexByte(s, ']') {
		host, port = s[:at], s[at+1:]
	}
	if port != "" && (!isDigits(port) || len(port) > 5) {
		return false
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	return consistsOf(host, alphanumeric+"-._~!$&'()*+,;=")
}

const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool  { return consistsOf(s, alphanumeric+"!#$%&'*+-.^_`|~") }
func isDigits(s string) bool { return consistsOf(s, "0123456789") }
func isHex(s string) bool    { return consistsOf(s, "0123456789abcdefABCDEF") }

// consistsOf reports whether s has one byte or more, all of them of the ASCII set.
func consistsOf(s, set string) bool {
	return s != "" && strings.Trim(s, set) == ""
}
