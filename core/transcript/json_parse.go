package transcript

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// ParseJSONEvent reads an event that AppendJSON has written. For an action or a
// remark, ok is false.
func ParseJSONEvent(object []byte) (e Entry, ok bool, err error) {
	var o struct {
		N                           uint64
		Dir, Side, Link, Kind, Name string
		Text                        *string
		B64                         *string
	}
	if err := json.Unmarshal(object, &o); err != nil {
		return e, false, fmt.Errorf("entry is not a JSON object of the right form: %w", err)
	}
	if o.Dir != Event.String() {
		return e, false, nil
	}
	for _, f := range eventForms[1:] {
		if f.kind == "" || f.side != o.Side || f.kind != o.Kind || f.link != (o.Link != "") {
			continue
		}
		e = Entry{Dir: Event, N: o.N, Event: core.Event{Kind: f.event, Link: o.Link}}
		switch {
		case f.link && !core.ValidLink(o.Link):
			return e, false, fmt.Errorf("event %d: %q cannot name a link", o.N, core.CutWords(o.Link, core.MaxName))
		case f.arg == timerFired && core.ValidName(o.Name):
			e.Event.Data = []byte(o.Name)
		case f.arg == timerFired:
			return e, false, errors.New("event of a timer without the timer's name")
		case o.B64 != nil:
			if e.Event.Data, err = base64.StdEncoding.DecodeString(*o.B64); err != nil {
				return e, false, fmt.Errorf("event %d: b64 is not base64: %w", o.N, err)
			}
		case o.Text != nil:
			e.Event.Data = []byte(*o.Text)
		}
		if f.arg == quoted && len(e.Event.Data) > f.max {
			return e, false, fmt.Errorf("event %d has %d bytes; at most %d fit", o.N, len(e.Event.Data), f.max)
		}
		return e, true, nil
	}
	return e, false, fmt.Errorf("event %d: unknown kind %q from side %q", o.N, core.CutWords(o.Kind, core.MaxName), core.CutWords(o.Side, core.MaxName))
}
