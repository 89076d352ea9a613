package jsonl

import (
	"bytes"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// told is a plugin that answers each message with the line that it is.
func toldPlugin(t testing.TB) *exec.Cmd {
	return python(t, `hello(checkpoint=True)
for r in requests():
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        sys.stdout.write(e["text"].replace("SESSION", str(r["session"])) + "\n")
    sys.stdout.flush()`)
}

func TestEveryActionCrosses(t *testing.T) {
	d, _ := begin(t, toldPlugin(t))
	s := open(t, d)
	got, err := s.feed(
		`{"session":SESSION,"actions":[{"action":"server","text":"s"},{"action":"server","b64":"/w=="},{"action":"client text","text":"é"}]}
		 {"session":SESSION,"actions":[{"action":"client binary","text":"b"},{"action":"client binary","b64":""}],"done":1}`,
		`{"session":SESSION,"done":2}`,
		`{"session":SESSION,"done":3,"actions":[{"action":"timer","name":"t","after":"1.5s"},{"action":"timer","name":"t","after":"off"},{"action":"note","text":"n"}]}`,
		`{"session":SESSION,"done":4,"actions":[{"action":"pass-through","side":"client"},{"action":"pass-through","side":"server"},{"action":"secret","span":"event 1 2"}]}`,
		`{"session":SESSION,"done":5,"actions":[{"action":"secret value","text":"é"},{"action":"secret value","b64":"/w=="},{"action":"secret value","text":""}]}`,
		`{"session":SESSION,"done":6,"actions":[{"action":"server eof"},{"action":"close","text":"bye"}]}`,
	)
	want := []string{
		"server s,server \xff,text é,binary b,binary ",
		"",
		"timer 1.5s t,off t,note n",
		"pass client ,pass server ,secret event 1 2",
		"secret value é,secret value \xff",
		"eof ,close bye",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestEveryEventCrosses(t *testing.T) {
	d, _ := begin(t, python(t, `hello()
for r in requests():
    if "open" in r: say(session=r["session"], done=0, actions=[{"action": "note", "text": json.dumps(r["open"])}])
    for e in r.get("events", []):
        say(session=r["session"], done=e["n"], actions=[{"action": "note", "text": json.dumps(e)}])`))
	c := wire.Pipe(d, quiet)
	defer c.Bye()
	var got []string
	keep := func(a wire.Answer) { got = append(got, told(a)) }
	if err := c.Open(core.Opening{Options: core.Options{"b": "2", "a": "<1>"}, Target: "h:1"}, nil, keep); err != nil {
		t.Fatal(err)
	}
	var events []wire.Event
	for i, data := range []string{"", "a\n<&\x01", "\xff", "", "", "s\u2028", "", "reset", "wait"} {
		if i > 0 {
			events = append(events, wire.Event{N: uint64(10 * i), Event: core.Event{Kind: core.EventKind(i), Data: []byte(data)}})
		}
	}
	events = append(events, wire.Event{N: 90, Event: core.Event{Kind: core.ServerBytes}})
	if err := c.Batch(events, keep); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`note {"options": {"a": "<1>", "b": "2"}, "target": "h:1"}`,
		`note {"n": 10, "event": "client text", "text": "a\n<&\u0001"}`,
		`note {"n": 20, "event": "client binary", "b64": "/w=="}`,
		`note {"n": 30, "event": "client eof"}`,
		`note {"n": 40, "event": "client closed"}`,
		`note {"n": 50, "event": "server", "text": "s\u2028"}`,
		`note {"n": 60, "event": "server eof"}`,
		`note {"n": 70, "event": "server failed", "text": "reset"}`,
		`note {"n": 80, "event": "timer", "name": "wait"}`,
		`note {"n": 90, "event": "server", "text": ""}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// quotedLine is how a refusal ends: the reason comes first, and the session's number,
// another one each time, is left out. Package conformance looks for its first words.
var quotedLine = regexp.MustCompile(`the plugin's program breaks the protocol: .+; it answered "\{`)

// What a line does wrong ends its session, in words that quote it, and no
// other.
func TestRefusedLines(t *testing.T) {
	d, child := begin(t, toldPlugin(t))
	other := open(t, d)
	action := func(fields string) string { return `{"session":SESSION,"done":2,"actions":[{` + fields + `}]}` }
	for line, words := range map[string]string{
		action(`"action":"shout","text":"x"`):               `unknown action "shout"; expected server, client text,`,
		action(`"action":"server"`):                         "the action server needs text or b64",
		action(`"action":"server","text":"","b64":""`):      "the action server needs text or b64",
		action(`"action":"server","b64":"a-b"`):             "b64 is not base64",
		action(`"action":"client text","b64":"aGk="`):       "the action client text has no field b64; it has text",
		action(`"action":"server eof","text":""`):           "the action server eof has no field text",
		action(`"action":"timer","name":"x"`):               "the action timer needs a field after",
		action(`"action":"timer","name":"x","after":"2"`):   `after is "2"`,
		action(`"action":"timer","name":"x","after":"1ns"`): "between 1 ms and 24 h",
		action(`"action":"timer","name":"1","after":"1s"`):  "a timer's name",
		action(`"action":"pass-through","side":"both"`):     "only the client or the server",
		action(`"action":"secret","span":"event 2 1"`):      "not a span of a secret",
		action(`"action":"secret value"`):                   "the action secret value needs text or b64",
		action(`"action":"secret value","txt":"hunter2"`):   `it answered a line that marks a secret`,
		action(`"action":"server","txt":"x"`):               `unknown field "txt"`,
		action(`"action":"server","text":5`):                "a number cannot be the value of actions.text",
		action(`"action":"server","text":"\ud83d!"`):        "half of a surrogate pair",
		`{"session":SESSION,"done":3}`:                      "event 3 was answered, and event 2 is due",
		`{"session":SESSION,"done":1}`:                      "event 1 was answered, and event 2 is due",
		`{"session":SESSION}`:                               "none of actions, done, failed and state",
		`{"session":SESSION,"done":2,"failed":"x"}`:         "more than one of",
		`{"session":SESSION,"state":{}}`:                    "no checkpoint was asked for",
		`{"session":SESSION,"done":2,"more":1}`:             `unknown field "more"`,
		`{"session":SESSION,"failed":"I cannot"}`:           "I cannot",
		`{"session":SESSION,"actions":[{"action":"server eof"}],` + strings.Repeat(" ", 200) + `"done":9}`: "…",
	} {
		s := open(t, d)
		got, err := s.feed(`{"session":SESSION,"done":1}`, line, `{"session":SESSION,"done":3}`)
		if err != nil || len(got) != 2 || !strings.Contains(got[1], "failed ") || !strings.Contains(got[1], words) {
			t.Errorf("%s\nwas answered %q, %v; want %q", line, got, err, words)
			continue
		}
		if !strings.Contains(line, "secret value") && !strings.Contains(words, "I cannot") && !quotedLine.MatchString(got[1]) || strings.Contains(got[1], "session") || strings.Contains(got[1], "hunter2") || len(got[1]) > 400 {
			t.Errorf("%s is not quoted, or not cut: %s", line, got[1])
		}
	}
	if got, err := other.feed(`{"session":SESSION,"done":1}`); err != nil || len(got) != 1 {
		t.Errorf("the other session: %q, %v", got, err)
	}
	if child.Err() != nil {
		t.Error(child.Err())
	}
}

func TestRunes(t *testing.T) {
	for line, half := range map[string]bool{
		`"\ud83d\ude00"`: false, `"a\n\\ud83d"`: false, `"\u00e9"`: false, `"\uD83D"`: true, `"\ude00"`: true,
		`"\ud83d\ud83d\ude00"`: true, `"\ud83dx\ude00"`: true, `"\ud83d\n"`: true, `"\`: false, `"\u12`: false, ``: false,
	} {
		if halfRune([]byte(line)) != half {
			t.Errorf("%s: %v", line, !half)
		}
	}
}

// An answer beyond its bound fails at once, and the largest event and action
// cross however they are escaped.
func TestBounds(t *testing.T) {
	d, _ := begin(t, python(t, `hello()
for r in requests():
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        text = e["text"]
        if text == "much":
            while True: say(session=r["session"], actions=[{"action": "server", "text": "x" * 1000000}] * 5)
        if text == "large": text = "x" * (1114112 + 1)
        say(session=r["session"], done=e["n"], actions=[{"action": "server", "text": text}])`))
	for _, text := range []string{strings.Repeat("\x01", core.MaxEventPayload), strings.Repeat("é", core.MaxEventPayload/2)} {
		got, err := open(t, d).feed(text)
		if err != nil || len(got) != 1 || got[0] != "server "+text {
			t.Errorf("%d answers, %v", len(got), err)
		}
	}
	if got, err := open(t, d).feed("large"); err != nil || !strings.Contains(got[0], "larger than 1 MiB") {
		t.Errorf("%.300q, %v", got, err)
	}
	if got, err := open(t, d).feed("much"); err != nil || !strings.Contains(got[0], "larger than 16 MiB") {
		t.Errorf("%d answers, %v", len(got), err)
	}
}

func TestCheckpoint(t *testing.T) {
	d, _ := begin(t, python(t, `hello(checkpoint=True)
states = {}
for r in requests():
    id = r["session"]
    if "open" in r:
        states[id] = []
        say(session=id, done=0, actions=[{"action": "note", "text": "opened"}])
    if "restore" in r:
        if r["restore"] == "bad": say(session=id, failed="it does not parse")
        else:
            states[id] = r["restore"]["all"]
            say(session=id, done=0)
    for e in r.get("events", []):
        states[id].append(e["text"])
        say(session=id, done=e["n"], actions=[{"action": "server", "text": "".join(states[id])}])
    if "checkpoint" in r:
        if len(states[id]) > 3: say(session=id, done=1)
        else: say(session=id, state={"all": states[id]} if len(states[id]) > 1 else None)`))
	s := open(t, d)
	s.feed("a")
	if _, err := s.Checkpoint(); !errors.Is(err, core.ErrNoCheckpoint) {
		t.Errorf("null: %v", err)
	}
	s.feed("b")
	state, err := s.Checkpoint()
	if err != nil || string(state) != `{"all":["a","b"]}` {
		t.Fatalf("%s, %v", state, err)
	}
	restored := &session{Conn: wire.Pipe(d, quiet)}
	defer restored.Bye()
	err = restored.Open(core.Opening{}, state, func(a wire.Answer) {
		if len(a.Actions) > 0 {
			t.Errorf("restored: %s", told(a))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := restored.feed("c"); err != nil || got[0] != "server abc" {
		t.Errorf("%q, %v", got, err)
	}
	const strange = "the checkpoint is not JSON that this program could have given"
	for bad, words := range map[string]string{
		`"bad"`: "it does not parse",
		"\x01":  strange, "{\"\x91\":0}": strange, `{"all":["\ud800"]}`: strange, "null": strange,
	} {
		c := wire.Pipe(d, quiet)
		err := c.Open(core.Opening{}, []byte(bad), func(a wire.Answer) {
			if !strings.Contains(told(a), "failed "+words) {
				t.Errorf("%q: %s", bad, told(a))
			}
		})
		if err != nil {
			t.Error(err)
		}
		c.Bye()
	}
	// An answer that is none ends the session with the next event.
	s.feed("c", "d")
	if _, err := s.Checkpoint(); err == nil || !strings.Contains(err.Error(), "with its state, or null") {
		t.Error(err)
	}
	if got, _ := s.feed("e"); len(got) != 1 || !strings.Contains(got[0], "failed") {
		t.Errorf("%q", got)
	}
}

func TestNoCheckpoint(t *testing.T) {
	d, _ := begin(t, python(t, "hello()", "for r in requests(): echo(r)"))
	if _, err := open(t, d).Checkpoint(); !errors.Is(err, core.ErrNoCheckpoint) {
		t.Error(err)
	}
	var m core.Machine
	var out core.Out
	m, err := d.Open(core.Opening{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.(*machine).End()
	if err := m.Handle(core.Event{Kind: core.ClientText, Data: []byte("direct")}, &out); err != nil || !bytes.Equal(out.Action(0).Data, []byte("direct")) {
		t.Errorf("Handle: %v", err)
	}
}
