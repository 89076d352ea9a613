package target

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Handshake is what a WebSocket's client says in its handshake beside the address, and
// what its messages are. The zero value offers no subprotocol, adds no header and sends
// as [SendAuto]. Two are the same if they are ==.
type Handshake struct {
	protocols string // with commas between them
	headers   string // lines "Name: value", with "\n" between them
	send      string // "": SendAuto
}

// The names of its choices.
const (
	ChoiceSubprotocol = "subprotocol" // names, with commas between them
	ChoiceHeader      = "header"      // a line "Name: value"; may be chosen several times
	ChoiceSend        = "send"        // SendAuto, SendText or SendBinary
)

// What a message is sent as.
const (
	SendAuto   = "auto"   // text where it is UTF-8, and else binary
	SendText   = "text"   // text; what is not UTF-8 is not sent
	SendBinary = "binary" // binary
)

// Bounds of a handshake.
const (
	MaxSubprotocols    = 16
	MaxSubprotocolName = 64      // bytes of one
	MaxHeaders         = 16      // lines
	MaxHeaderLine      = 4 << 10 // bytes of one
)

// Choose makes one more choice. Its errors are of type *Error, with the code
// CodeWebSocketParameter; they do not quote a header's value.
func (h *Handshake) Choose(c Choice) error {
	switch c.Name {
	case ChoiceSubprotocol:
		return h.chooseProtocols(c.Value)
	case ChoiceHeader:
		return h.addHeader(c.Value)
	case ChoiceSend:
		if c.Value != SendAuto && c.Value != SendText && c.Value != SendBinary {
			return handshakeError("send is %q; it must be auto, text or binary", short(c.Value))
		}
		h.send = c.Value
		if c.Value == SendAuto {
			h.send = ""
		}
		return nil
	}
	return handshakeError("%s is not a choice; the choices are subprotocol, header and send", short(c.Name))
}

func (h *Handshake) chooseProtocols(list string) error {
	names := strings.Split(list, ",")
	if len(names) > MaxSubprotocols {
		return handshakeError("subprotocol has %d names; at most %d are offered", len(names), MaxSubprotocols)
	}
	for i, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case !isToken(name), len(name) > MaxSubprotocolName:
			return handshakeError("subprotocol has the name %q; it has 1 to %d of the characters that a token has (RFC 9110, 5.6.2), such as mqtt", short(name), MaxSubprotocolName)
		case slices.Contains(names[:i], name):
			return handshakeError("subprotocol has the name %q twice", short(name))
		}
		names[i] = name
	}
	h.protocols = strings.Join(names, ",")
	return nil
}

// ours are the headers that the handshake itself needs, or that are between a client and
// the next machine on its way (RFC 9110, 7.6.1).
var ours = []string{
	"host", "upgrade", "connection", "content-length", "transfer-encoding", "te", "trailer", "keep-alive",
	"proxy-connection", "proxy-authenticate", "expect",
}

func (h *Handshake) addHeader(line string) error {
	name, value, found := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	lower := strings.ToLower(name)
	switch {
	case len(line) > MaxHeaderLine:
		return handshakeError("header has %d bytes; at most %d fit", len(line), MaxHeaderLine)
	case strings.ContainsAny(line, "\r\n"):
		return handshakeError("header has a line end; several headers are several choices")
	case !found || !isToken(name):
		return handshakeError("header is a name, a colon and a value, as in Origin: https://example.com")
	case slices.Contains(ours, lower) || strings.HasPrefix(lower, "sec-websocket-"):
		return handshakeError("header %s is the handshake's own, or one of the connection: it cannot be set", short(name))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return handshakeError("header %s has a character in its value that does not show", short(name))
	case strings.Count(h.headers, "\n") >= MaxHeaders:
		return handshakeError("there are more than %d headers", MaxHeaders)
	}
	h.headers += name + ": " + value + "\n"
	return nil
}

func handshakeError(format string, args ...any) *Error {
	return fail(nil, format, args...).as(CodeWebSocketParameter)
}

// isToken reports whether s is a token (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// Subprotocols are those that are offered, the preferred one first.
func (h Handshake) Subprotocols() []string {
	if h.protocols == "" {
		return nil
	}
	return strings.Split(h.protocols, ",")
}

// Headers are names and values, in order.
func (h Handshake) Headers() (all [][2]string) {
	for line := range strings.Lines(h.headers) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		all = append(all, [2]string{name, value})
	}
	return all
}

// Send is SendAuto, SendText or SendBinary.
func (h Handshake) Send() string {
	if h.send == "" {
		return SendAuto
	}
	return h.send
}

// told are headers whose values are no secret. Of all others, which may be, only the names
// are told.
var told = []string{"origin", "user-agent", "accept", "accept-language", "cache-control", "pragma", "referer"}

// Choices returns those that are not the default, for people: of a header that may hold a
// secret, its name alone.
func (h Handshake) Choices() (all []Choice) {
	if h.protocols != "" {
		all = append(all, Choice{ChoiceSubprotocol, h.protocols})
	}
	for _, one := range h.Headers() {
		name, value := one[0], one[1]
		if slices.Contains(told, strings.ToLower(name)) {
			name += ": " + clean(value)
		}
		all = append(all, Choice{ChoiceHeader, name})
	}
	if h.send != "" {
		all = append(all, Choice{ChoiceSend, h.send})
	}
	return all
}
