package play

import "fmt"

// The codes of what breaks a talk off, but for a Mismatch, which has none.
const (
	codeStuck  = "stuck" // the peer took no byte
	codeGone   = "gone"  // the peer's connection broke
	codeTLS    = "tls"   // the handshake failed
	codeNoFIN  = "no-half-close"
	codeNoMode = "no-mode" // the line mode that rules need
	codeLink   = "link"    // a further connection cannot be had
)

// failure is what broke a talk off: a code for programs, beside the words.
type failure struct {
	code string
	error
}

func failAs(code, format string, args ...any) error {
	return failure{code, fmt.Errorf(format, args...)}
}

// ErrorCode returns the code.
func (f failure) ErrorCode() string { return f.code }

// Unwrap returns the words.
func (f failure) Unwrap() error { return f.error }
