package http

// kind says which field a header line is, among those that have a name of their own.
type kind uint8

// The kinds that the decoder looks at.
const (
	other kind = iota
	host
	contentLength
	transferEncoding
	contentEncoding
	contentType
	authorization
	proxyAuthorization
	cookie
	setCookie
	agent
)

// named are the header fields that have names of their own in messages: those that Wireshark
// names, by kind.
var named = [...]struct{ header, field string }{
	other:              {"", "http.header"},
	host:               {"host", "http.host"},
	contentLength:      {"content-length", "http.content_length"},
	transferEncoding:   {"transfer-encoding", "http.transfer_encoding"},
	contentEncoding:    {"content-encoding", "http.content_encoding"},
	contentType:        {"content-type", "http.content_type"},
	authorization:      {"authorization", "http.authorization"},
	proxyAuthorization: {"proxy-authorization", "http.proxy_authorization"},
	cookie:             {"cookie", "http.cookie"},
	setCookie:          {"set-cookie", "http.set_cookie"},
	agent:              {"user-agent", "http.user_agent"},

	{"accept", "http.accept"},
	{"accept-encoding", "http.accept_encoding"},
	{"accept-language", "http.accept_language"},
	{"cache-control", "http.cache_control"},
	{"connection", "http.connection"},
	{"content-range", "http.content_range"},
	{"date", "http.date"},
	{"etag", "http.etag"},
	{"expect", "http.expect"},
	{"last-modified", "http.last_modified"},
	{"location", "http.location"},
	{"origin", "http.origin"},
	{"proxy-authenticate", "http.proxy_authenticate"},
	{"range", "http.range"},
	{"referer", "http.referer"},
	{"server", "http.server"},
	{"te", "http.te"},
	{"trailer", "http.trailer"},
	{"upgrade", "http.upgrade"},
	{"via", "http.via"},
	{"www-authenticate", "http.www_authenticate"},
	{"x-forwarded-for", "http.x_forwarded_for"},
}

var kinds = func() map[string]kind {
	all := map[string]kind{}
	for k, n := range named[1:] {
		all[n.header] = kind(k + 1)
	}
	return all
}()

// kindOf says which field a name is, in any case.
func kindOf(name []byte) kind {
	var lower [24]byte
	if len(name) > len(lower) {
		return other
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return kinds[string(lower[:len(name)])]
}

// isSecret reports whether the values of a field are kept out of recordings.
func (k kind) isSecret() bool { return k >= authorization && k <= setCookie }

// isFraming reports whether a field says where the body ends.
func (k kind) isFraming() bool { return k == contentLength || k == transferEncoding }

// isToken reports whether text is a token (RFC 9110, section 5.6.2).
func isToken(text []byte) bool {
	for _, c := range text {
		if !tokens[c] {
			return false
		}
	}
	return len(text) > 0
}

var tokens = func() (all [256]bool) {
	for c := range all {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			all[c] = true
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		all[c] = true
	}
	return all
}()
