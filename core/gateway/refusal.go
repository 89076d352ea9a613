package gateway

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// The codes of refusals that are the gateway's own. A session's are those of
// session.End, and those of dialling target.Error's.
const (
	codeHandshake       = "handshake"        // the first message is none
	codeAddress         = "address"          // the query has what it may not have
	codeTarget          = "target"           // the first message names none
	codeModeUnknown     = "mode-unknown"     // there is no such line mode
	codeModeUnavailable = "mode-unavailable" // its process cannot be reached
	codeOption          = "option"           // the mode does not take it
	codeServerEOF       = "server-eof"       // the mode cannot go on
)

// refused is why there is no session: a code for programs, beside the words.
type refused struct {
	code string
	error
}

func refuseAs(code, format string, args ...any) error {
	return refused{code, fmt.Errorf(format, args...)}
}

func (r refused) ErrorCode() string { return r.code }
func (r refused) Unwrap() error     { return r.error }

// refusal is what a client of workbench.v1 is told beside the words; nil where
// the reason has no code.
func refusal(reason error) []byte {
	told := struct {
		Kind        string              `json:"kind"`
		Code        string              `json:"code"`
		Certificate *target.Certificate `json:"certificate,omitempty"`
	}{Kind: "refused"}
	var coded interface {
		error
		ErrorCode() string
	}
	if !errors.As(reason, &coded) || coded.ErrorCode() == "" {
		return nil
	}
	told.Code = coded.ErrorCode()
	var e *target.Error
	if errors.As(reason, &e) {
		told.Certificate = e.Certificate
	}
	object, _ := json.Marshal([]any{told})
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
