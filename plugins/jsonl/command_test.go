package jsonl

import (
	"encoding/json"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

var declared = []core.Command{
	{Name: "PUBLISH", Fields: []core.CommandField{
		{Name: "topic", Type: core.ValueText}, {Name: "qos", Type: core.ValueInt, Default: "1"},
		{Name: "retain", Type: core.ValueBool, Optional: true}, {Name: "payload", Type: core.ValueBytes, Optional: true},
	}},
}

// A program is told which command an event is, with its values.
func TestCommandsCross(t *testing.T) {
	for _, c := range []struct {
		kind       core.EventKind
		data, want string
	}{
		{core.ClientCommand, "PUBLISH a", `{"n":1,"event":"client command","text":"PUBLISH a","command":{"name":"PUBLISH","values":{"qos":1,"topic":"a"}}}`},
		{core.ClientText, `publish a 2 yes 0x00ff`, `{"n":1,"event":"client text","text":"publish a 2 yes 0x00ff","command":{"name":"PUBLISH","values":{"payload":"AP8=","qos":2,"retain":true,"topic":"a"}}}`},
		{core.ClientText, "PUBLISH", `{"n":1,"event":"client text","text":"PUBLISH","command":{"name":"PUBLISH","error":"PUBLISH expects 1 to 4 arguments, topic, qos, retain and payload; topic is missing"}}`},
		{core.ClientText, "hello", `{"n":1,"event":"client text","text":"hello"}`},
		{core.ClientCommand, "GONE", `{"n":1,"event":"client command","text":"GONE","command":{"error":"unknown command \"GONE\"; the commands are PUBLISH"}}`},
	} {
		said, err := json.Marshal(newEvent(wire.Event{N: 1, Event: core.Event{Kind: c.kind, Data: []byte(c.data)}}, declared))
		if err != nil || string(said) != c.want {
			t.Errorf("%s, %v\nwant %s", said, err, c.want)
		}
	}
}

// Notes have levels, and nothing else has.
func TestNoteLevels(t *testing.T) {
	for line, want := range map[string]string{
		`{"action":"note","text":"a"}`:                   "info",
		`{"action":"note","text":"a","level":"warning"}`: "warning",
		`{"action":"note","text":"a","level":"error"}`:   "error",
		`{"action":"note","text":"a","level":"loud"}`:    `level is "loud"; it has to be info, warning or error`,
		`{"action":"close","text":"a","level":"error"}`:  "the action close has no field level; it has text",
	} {
		var a action
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		var out core.Out
		got := ""
		if err := a.appendTo(&out); err != nil {
			got = err.Error()
		} else {
			got = out.Action(0).Level.String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
