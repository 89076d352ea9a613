package target

import "strings"

// scheme is what an address with this scheme means.
type scheme struct {
	tls  bool   // TLS from the first byte; the others begin in clear
	port uint16 // the default; 0: one must be written
}

// schemes are those that a target may have. A scheme that a TCP connection,
// plain or TLS, cannot honour must not be here: udp, quic, ssh, postgres, and ws. The
// page has the same list, in web/model/target.js; core/target/testdata/targets.json
// tests both.
var schemes = map[string]scheme{
	"amqps":        {true, 5671},
	"coaps+tcp":    {true, 5684},
	"ftps":         {true, 990},
	"gemini":       {true, 1965},
	"gophers":      {true, 70},
	"https":        {true, 443},
	"imaps":        {true, 993},
	"ipps":         {true, 631},
	"ircs":         {true, 6697},
	"ldaps":        {true, 636},
	"mqtts":        {true, 8883},
	"nntps":        {true, 563},
	"pop3s":        {true, 995},
	"rediss":       {true, 6379},
	"rtmps":        {true, 443},
	"rtsps":        {true, 322},
	"secure-mqtt":  {true, 8883},
	"sips":         {true, 5061},
	"smtps":        {true, 465},
	"snews":        {true, 563},
	"ssl":          {true, 0},
	"stomp+ssl":    {true, 61614},
	"submissions":  {true, 465},
	"telnets":      {true, 992},
	"tls":          {true, 0},
	"xmpps":        {true, 5223},
	"xmpps-client": {true, 5223},

	"amqp":        {false, 5672},
	"coap+tcp":    {false, 5683},
	"dict":        {false, 2628},
	"finger":      {false, 79},
	"ftp":         {false, 21},
	"git":         {false, 9418},
	"gopher":      {false, 70},
	"http":        {false, 80},
	"imap":        {false, 143},
	"ipp":         {false, 631},
	"irc":         {false, 6667},
	"ldap":        {false, 389},
	"memcached":   {false, 11211},
	"mqtt":        {false, 1883},
	"nntp":        {false, 119},
	"pop":         {false, 110},
	"pop3":        {false, 110},
	"redis":       {false, 6379},
	"rsync":       {false, 873},
	"rtmp":        {false, 1935},
	"rtsp":        {false, 554},
	"sieve":       {false, 4190},
	"sip":         {false, 5060},
	"smtp":        {false, 25},
	"stomp":       {false, 61613},
	"submission":  {false, 587},
	"tcp":         {false, 0},
	"telnet":      {false, 23},
	"whois":       {false, 43},
	"xmpp":        {false, 5222},
	"xmpp-client": {false, 5222},
}

// cutScheme returns the scheme before "://" and the rest after it. Without a
// scheme it returns the zero scheme and all of s.
func cutScheme(s string) (promised scheme, rest string, err error) {
	name, rest, found := strings.Cut(s, "://")
	if !found {
		return scheme{}, s, nil
	}
	if !isScheme(name) {
		return scheme{}, "", fail(nil, "the text before :// is not the name of a scheme: write host:port, or tls://host:port for TLS")
	}
	promised, known := schemes[strings.ToLower(name)]
	if !known {
		return scheme{}, "", fail(nil, "unknown scheme %s://: write host:port, or tls://host:port for TLS", short(name))
	}
	return promised, strings.TrimSpace(rest), nil
}

// isScheme reports whether s has the form of a scheme's name (RFC 3986, 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}
