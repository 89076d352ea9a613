package jsonl

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// A program says a message as the JSON of a transcript has it.
func TestMessageCrosses(t *testing.T) {
	const line = `{"action":"message","message":{"flow":"from-server","from":120,"to":164,"answers":{"flow":"to-server","from":40},"summary":"é",` +
		`"fields":[{"name":"a.b","from":120,"to":121,"value":"v","fields":[{"name":"c","from":120,"to":120,"value":"","wrong":"w"}]}]}}`
	const want = "from-server 120-164 answers to-server 40 \"é\"\n  a.b 120-121 \"v\"\n    c 120-120 \"\" ! \"w\""
	r, err := parseReply([]byte(`{"session":1,"done":1,"actions":[` + line + `]}`))
	if err != nil || r.refused != nil || len(r.Actions) != 1 {
		t.Fatalf("%v %v, %d actions", err, r.refused, len(r.Actions))
	}
	var out core.Out
	if err := r.Actions[0].appendTo(&out); err != nil || out.Action(0).Kind != core.Decoded || string(out.Action(0).Data) != want {
		t.Errorf("%v: %q", err, out.Action(0).Data)
	}
}

func TestMessageOutOfPlace(t *testing.T) {
	for line, want := range map[string]string{
		`{"action":"message"}`: "needs a field message",
		`{"action":"message","message":{"flow":"server","from":0,"to":1}}`:                                              "flow must be",
		`{"action":"message","message":{"from":0,"to":1,"summary":"x"}}`:                                                "flow must be",
		`{"action":"message","message":{"flow":"to-server","from":2,"to":1,"summary":"x"}}`:                             "span must begin",
		`{"action":"message","message":{"flow":"to-server","from":0,"to":1,"fields":[{"name":"a b","from":0,"to":1}]}}`: "field's name",
		`{"action":"message","message":{"flow":"to-server","from":0,"to":1,"fields":[{"name":"a","from":0,"to":2}]}}`:   "within its message's",
		`{"action":"note","text":"x","message":{"flow":"to-server","from":0,"to":1}}`:                                   "has no field message",
		`{"action":"message","text":"x","message":{"flow":"to-server","from":0,"to":1}}`:                                "has no field text",
	} {
		var a action
		err := json.Unmarshal([]byte(line), &a)
		if err == nil {
			err = a.appendTo(new(core.Out))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", line, err, want)
		}
	}
}
