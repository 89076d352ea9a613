package target

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWords bounds the words of an error in bytes.
const MaxWords = 200

// Error says in words for the user what went wrong.
type Error struct {
	Words string // one line of valid UTF-8, printable, at most MaxWords bytes
	Cause error  // for the log; nil if the words say everything

	Code        Code         // what went wrong, for programs; "" where no program asks
	Certificate *Certificate // the server's, if TLS failed and one was seen
	Ways        []Choice     // any one of which may succeed; the user must fill in an empty value
}

// Code says what went wrong, for programs.
type Code string

// The codes of dialling.
const (
	CodeDenied       Code = "denied" // by the policy
	CodeNoSuchHost   Code = "no-such-host"
	CodeNoSuchPath   Code = "no-such-path" // on this machine
	CodeLookUp       Code = "look-up"      // no name server answered
	CodeNoAnswer     Code = "no-answer"    // in time
	CodeRefused      Code = "refused"      // nothing listens there
	CodeBrokeOff     Code = "broke-off"    // the peer closed at once
	CodeUnreachable  Code = "unreachable"  // no route to it
	CodeNotPermitted Code = "not-permitted"
	CodeTooMany      Code = "too-many-connections" // open on this machine
	CodeBusy         Code = "busy"                 // another program has it
	CodeOff          Code = "off"                  // this workbench was not started for such targets
	CodeDial         Code = "dial"                 // anything else
	CodeProxy        Code = "proxy-unreachable"
	CodeProxyAuth    Code = "proxy-auth"   // it wants a user, or refused the one that was given
	CodeProxyDenied  Code = "proxy-denied" // by its rules
	CodeProxyFailed  Code = "proxy-failed" // anything else of the proxy's
	CodeStopped      Code = "stopped"      // the caller gave up
)

// The codes of TLS.
const (
	CodeExpired           Code = "tls-expired" // or not yet valid
	CodeWrongName         Code = "tls-wrong-name"
	CodeSelfSigned        Code = "tls-self-signed"
	CodeUnknownCA         Code = "tls-unknown-ca"
	CodePinMismatch       Code = "tls-pin-mismatch"
	CodeVersion           Code = "tls-version" // none in common
	CodeClientCertWanted  Code = "tls-client-cert-wanted"
	CodeClientCertRefused Code = "tls-client-cert-refused"
	CodeALPN              Code = "tls-alpn"        // no protocol in common
	CodeNameWanted        Code = "tls-name-wanted" // no server name was sent, or one that the server does not know
	CodeNotTLS            Code = "tls-not-tls"     // the answer is not TLS
	CodeFailed            Code = "tls-failed"      // anything else

	CodeParameter         Code = "tls-parameter"          // a choice that cannot be made
	CodeCredentialUnknown Code = "tls-credential-unknown" // no credential has this ID
)

// The codes of the handshake of WebSocket.
const (
	CodeWebSocketRefused     Code = "ws-refused"     // the answer is of HTTP, and has another status than 101
	CodeWebSocketFailed      Code = "ws-failed"      // the answer is not a WebSocket server's
	CodeWebSocketSubprotocol Code = "ws-subprotocol" // it chose one that was not offered
	CodeWebSocketParameter   Code = "ws-parameter"   // a choice that cannot be made
)

// Codes returns all codes.
func Codes() []Code {
	return []Code{
		CodeDenied, CodeNoSuchHost, CodeNoSuchPath, CodeLookUp, CodeNoAnswer, CodeRefused, CodeBrokeOff, CodeUnreachable, CodeNotPermitted, CodeTooMany, CodeBusy, CodeOff, CodeDial, CodeStopped,
		CodeProxy, CodeProxyAuth, CodeProxyDenied, CodeProxyFailed,
		CodeExpired, CodeWrongName, CodeSelfSigned, CodeUnknownCA, CodePinMismatch, CodeVersion, CodeClientCertWanted, CodeClientCertRefused,
		CodeALPN, CodeNameWanted, CodeNotTLS, CodeFailed, CodeParameter, CodeCredentialUnknown,
		CodeWebSocketRefused, CodeWebSocketFailed, CodeWebSocketSubprotocol, CodeWebSocketParameter,
	}
}

// Error returns the words.
func (e *Error) Error() string { return e.Words }

// ErrorCode returns the code as text.
func (e *Error) ErrorCode() string { return string(e.Code) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func fail(cause error, format string, args ...any) *Error {
	return &Error{Words: cut(clean(fmt.Sprintf(format, args...)), MaxWords), Cause: cause}
}

// as sets an error's code.
func (e *Error) as(code Code) *Error {
	e.Code = code
	return e
}

// clean replaces what one line cannot show: peers and users choose some of the
// words.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// cut shortens s to at most max bytes, between runes, and marks the cut.
func cut(s string, max int) string {
	const more = "…"
	if len(s) <= max {
		return s
	}
	max -= len(more)
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max] + more
}

// short shortens text that a user or a peer chose, so that what follows it still
// fits.
func short(s string) string { return cut(clean(s), 72) }
