package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// hello is the program's first line.
type hello struct {
	Workbench  int           `json:"workbench"`
	Manifest   core.Manifest `json:"manifest"`
	Checkpoint bool          `json:"checkpoint"`
}

// request is a line to the program. It has a session and one of the others.
type request struct {
	Session    uint64          `json:"session"`
	Open       *opening        `json:"open,omitempty"`
	Restore    json.RawMessage `json:"restore,omitempty"`
	Events     []event         `json:"events,omitempty"`
	Checkpoint bool            `json:"checkpoint,omitempty"`
	Bye        bool            `json:"bye,omitempty"`
}

type opening struct {
	Options   core.Options `json:"options"`
	Target    string       `json:"target"`
	ServerEOF string       `json:"server_eof,omitempty"` // "stay"
	Client    string       `json:"client,omitempty"`     // "stream", "datagrams"
	Server    string       `json:"server,omitempty"`     // "datagrams", "messages"
	Watch     bool         `json:"watch,omitempty"`
	Seed      string       `json:"seed,omitempty"`  // hexadecimal; only for a manifest with seeded, and then always
	Start     string       `json:"start,omitempty"` // RFC 3339
}

type event struct {
	N     uint64  `json:"n"`
	Event string  `json:"event"`
	Text  *string `json:"text,omitempty"`
	B64   []byte  `json:"b64,omitempty"`
	Name  string  `json:"name,omitempty"`
	Link  string  `json:"link,omitempty"`

	Length json.Number `json:"length,omitempty"` // of what was unseen

	Command *usedCommand `json:"command,omitempty"`
}

func newEvent(e wire.Event, commands []core.Command) event {
	said := event{N: e.N, Event: e.Kind.String(), Link: e.Link}
	switch {
	case e.Kind == core.TimerFired:
		said.Name = string(e.Data)
	case e.Kind == core.ClientUnseen, e.Kind == core.ServerUnseen:
		said.Length = json.Number(e.Data)
	case !e.Kind.IsBytes() && !e.Kind.IsText() && e.Kind != core.ServerFailed && e.Kind != core.ServerTLS && e.Kind != core.ClientTLS && e.Kind != core.ClientTLSFailed &&
		e.Kind != core.LinkListening && e.Kind != core.LinkConnected && e.Kind != core.LinkFailed:
	case utf8.Valid(e.Data):
		text := string(e.Data)
		said.Text = &text
	default:
		said.B64 = e.Data
	}
	if e.Kind == core.ClientCommand || e.Kind == core.ClientText {
		said.Command = newCommand(e.Event, commands)
	}
	return said
}

// reply is a line from the program after its hello.
type reply struct {
	Session *uint64         `json:"session"`
	Actions []action        `json:"actions"`
	Done    *uint64         `json:"done"`
	Failed  *string         `json:"failed"`
	State   json.RawMessage `json:"state"`
	Quiet   *string         `json:"quiet"` // with the answer to open

	refused error  // why it is none
	line    string // quoted, for later refusals
}

// ends reports whether the answer is complete.
func (r *reply) ends() bool {
	return r.Done != nil || r.Failed != nil || r.State != nil || r.refused != nil
}

// parseReply parses a line. What is wrong with one that names a session is in the
// reply; the error is about one that names none.
func parseReply(line []byte) (*reply, error) {
	r := &reply{line: quoted(line)}
	err := decode(line, r)
	if err == nil {
		err = r.check()
	}
	if err == nil {
		return r, nil
	}
	var named struct {
		Session *uint64 `json:"session"`
	}
	if json.Unmarshal(line, &named) != nil || named.Session == nil {
		return nil, fmt.Errorf("the plugin's program printed the line %s: %w", r.line, err)
	}
	return &reply{Session: named.Session, refused: err, line: r.line}, nil
}

// check says what is wrong with the fields.
func (r *reply) check() error {
	kinds := 0
	for _, there := range []bool{r.Done != nil || r.Actions != nil, r.Failed != nil, r.State != nil} {
		if there {
			kinds++
		}
	}
	switch {
	case r.Session == nil:
		return errors.New("no session named")
	case kinds == 0:
		return errors.New("none of actions, done, failed and state")
	case r.Quiet != nil && (r.Done == nil || *r.Done != 0):
		return errors.New("quiet stands in the answer to open alone, beside its done")
	case kinds > 1:
		return errors.New("more than one of actions with done, failed and state")
	}
	return nil
}

// decode reads one JSON object, strictly.
func decode(line []byte, into any) error {
	switch {
	case !bytes.HasPrefix(bytes.TrimLeft(line, " \t\r"), []byte("{")):
		return errors.New("not a JSON object; standard output is for the protocol alone: print to standard error instead")
	case !utf8.Valid(line):
		return errors.New("not UTF-8: send such payloads as b64")
	case halfRune(line):
		return errors.New(`half of a surrogate pair (\ud800 to \udfff), which is not text: send the bytes as b64`)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); err != io.EOF {
			return errors.New("more follows the JSON object: expected one object a line")
		}
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return fmt.Errorf("a %s cannot be the value of %s", wrongType.Value, wrongType.Field)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("not JSON: %w", err)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: ")) // an unknown field
}

// halfRune reports whether the JSON escapes a surrogate without its partner,
// which encoding/json would silently replace.
func halfRune(line []byte) bool {
	high := false // a first half stands right before
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			if high {
				return true
			}
			next := bytes.IndexByte(line[i:], '\\')
			if next < 0 {
				return false
			}
			i += next
		}
		var unit uint64
		if i+6 <= len(line) && line[i+1] == 'u' {
			unit, _ = strconv.ParseUint(string(line[i+2:i+6]), 16, 16)
			i += 4
		}
		i++
		low := unit >= 0xDC00 && unit <= 0xDFFF
		if low != high {
			return true
		}
		high = unit >= 0xD800 && unit <= 0xDBFF
	}
	return high
}

// quoted shows the beginning of a line, and nothing of one that may tell a secret.
func quoted(line []byte) string {
	if bytes.Contains(line, []byte(secretValue)) {
		return "a line that marks a secret"
	}
	const most = 80
	if len(line) <= most {
		return fmt.Sprintf("%q", line)
	}
	return fmt.Sprintf("%q…", core.CutWords(string(line[:most]), most))
}
