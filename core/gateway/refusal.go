package gateway

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// The codes of the gateway's own refusals. A session's are those of session.End,
// and those of dialling target.Error's.
const (
	codeHandshake       = "handshake"        // the first message is not a handshake
	codeAddress         = "address"          // the query has something not allowed
	codeTarget          = "target"           // the first message is not a target
	codeModeUnknown     = "mode-unknown"     // no such line mode
	codeModeUnavailable = "mode-unavailable" // the mode's process cannot be reached
	codeOption          = "option"           // the mode does not accept the option
	codeFault           = "fault"            // no fault rules, or none for such a session; also of a message
	codeServerEOF       = "server-eof"       // the mode cannot go on after the server's end
	codeSessionUnknown  = "session-unknown"  // no such session to attach to
	codeClassPaused     = "class-paused"     // students dial nothing while it is
	codeClassEnded      = "class-ended"      // the class is deleted; also of a session's end
	codeClassLeft       = "class-left"       // the student was removed from the class
	codeClassTeacher    = "class-teacher"    // only the teacher of a class may
	codeClassShow       = "class-show"       // the session is not the one that is shown to the class
)

// refused says why there is no session: words, and a code for programs.
type refused struct {
	code string
	error
}

func refuseAs(code, format string, args ...any) error {
	return refused{code, fmt.Errorf(format, args...)}
}

func (r refused) ErrorCode() string { return r.code }
func (r refused) Unwrap() error     { return r.error }

// codeOf returns an error's code; "": it has none.
func codeOf(err error) string {
	var coded interface {
		error
		ErrorCode() string
	}
	if !errors.As(err, &coded) {
		return ""
	}
	return coded.ErrorCode()
}

// refusal returns what a client of workbench.v1 is told in addition to the words;
// nil if the reason has no code.
func refusal(reason error) []byte {
	message := struct {
		Kind        string              `json:"kind"`
		Code        string              `json:"code"`
		Certificate *target.Certificate `json:"certificate,omitempty"`
	}{Kind: "refused"}
	if message.Code = codeOf(reason); message.Code == "" {
		return nil
	}
	var e *target.Error
	if errors.As(reason, &e) {
		message.Certificate = e.Certificate
	}
	object, _ := json.Marshal([]any{message})
	return object
}

// ended is what a client of workbench.v1 is told last.
func ended(why session.Cause, words string) []byte {
	entry, _ := json.Marshal([]any{struct {
		Kind string `json:"kind"`
		Code string `json:"code"`
		Text string `json:"text"`
	}{"ended", why.String(), core.CutWords(words, core.MaxWords)}})
	return entry
}
