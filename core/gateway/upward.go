package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
)

// upward is a text message of workbench.v1 from a client. One of the pointers is
// set, or EOF or StartTLS; Values only with Command; from a client that may come back, or End, or Keyboard.
type upward struct {
	Text *string `json:"text"`
	EOL  *bool   `json:"eol"` // of Text: whether a line end may be added
	Raw  *[]byte `json:"raw"`
	EOF  bool    `json:"eof"`

	StartTLS bool `json:"starttls"` // the connection to the server is to be upgraded

	// Command is one of the mode's commands: a line, or with Values the command's name.
	Command *string                    `json:"command"`
	Values  map[string]json.RawMessage `json:"values"`

	Fault *string `json:"fault"` // rules on faults that act from now on

	// From a client that may come back.
	Bytes    *[]byte `json:"bytes"`
	Number   uint64  `json:"m"`
	End      bool    `json:"end"`
	Keyboard string  `json:"keyboard"` // "take" or "give"
	To       int     `json:"to"`       // the window to give it to
}

var (
	afterEOF = session.End{Cause: session.NotAllowed, Words: "a message came after eof"}
	tooBig   = session.End{Cause: session.TooBig, Words: "a message was longer than 1 MiB"}
	notOne   = session.End{Cause: session.NotAllowed, Words: `a text message of workbench.v1 is {"text":"…"}, {"raw":"base64"}, {"command":"…"}, {"fault":"…"}, {"starttls":true} or {"eof":true}`}
	notKept  = session.End{Cause: session.NotAllowed, Words: `a text message of workbench.v1 with keep is {"text":"…"}, {"bytes":"base64"}, {"raw":"base64"}, {"command":"…"}, {"fault":"…"}, {"starttls":true}, {"eof":true}, {"end":true} or {"keyboard":"take"}`}
)

// parseUpward reads a text message. The error is how the session ends, or, of a
// client that may come back, the connection.
func parseUpward(message []byte, kept bool) (upward, error) {
	var u upward
	d := json.NewDecoder(bytes.NewReader(message))
	d.DisallowUnknownFields()
	err := d.Decode(&u)
	kinds := 0
	for _, there := range []bool{u.Text != nil, u.Raw != nil, u.EOF, u.StartTLS, u.Command != nil, u.Fault != nil, u.Bytes != nil, u.End, u.Keyboard != ""} {
		if there {
			kinds++
		}
	}
	onlyKept := u.Bytes != nil || u.Number != 0 || u.End || u.Keyboard != "" || u.To != 0
	switch {
	case err != nil || d.More() || kinds != 1 || u.EOL != nil && u.Text == nil || u.Values != nil && u.Command == nil || onlyKept && !kept,
		u.Keyboard != "" && u.Keyboard != "take" && u.Keyboard != "give", (u.Keyboard == "give") != (u.To > 0):
		if kept {
			return u, notKept
		}
		return u, notOne
	case u.Raw != nil && len(*u.Raw) > maxMessage, u.Text != nil && len(*u.Text) > maxMessage, u.Bytes != nil && len(*u.Bytes) > maxMessage:
		return u, tooBig
	}
	return u, nil
}

// event returns what a message means to the session.
func (c *client) event(u upward) (core.Event, error) {
	switch {
	case u.EOF:
		return core.Event{Kind: core.ClientEOF}, nil
	case u.StartTLS:
		return core.Event{Kind: core.ClientStartTLS}, nil
	case u.Command != nil:
		return c.command(*u.Command, u.Values)
	case u.Raw != nil:
		return core.Event{Kind: core.ClientRaw, Data: *u.Raw}, nil
	case u.Bytes != nil:
		return core.Event{Kind: core.ClientBinary, Data: *u.Bytes}, nil
	case u.EOL == nil || *u.EOL:
		return core.Event{Kind: core.ClientText, Data: []byte(*u.Text)}, nil
	case !c.knows(core.ClientPart):
		return core.Event{}, session.End{Cause: session.NotAllowed, Words: fmt.Sprintf("mode %s adds no line end that could be left out", c.plugin)}
	}
	return core.Event{Kind: core.ClientPart, Data: []byte(*u.Text)}, nil
}
