package jsonl

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// A program asks for silences as it opens, is told of later events, and shows
// parts.
func TestLaterEventsCross(t *testing.T) {
	d, _ := begin(t, python(t, `hello()
for r in requests():
    if "open" in r: say(session=r["session"], done=0, quiet="300ms", actions=[{"action": "note", "text": " ".join(str(r["open"].get(k)) for k in ("server_eof", "client", "server", "watch"))}])
    for e in r.get("events", []):
        say(session=r["session"], done=e["n"], actions=[{"action": "client part", "text": e["event"] + ":" + e.get("text", "")}])`))
	c := wire.Pipe(d, quiet)
	defer c.Bye()
	var got []string
	keep := func(a wire.Answer) {
		for _, x := range a.Actions {
			got = append(got, string(x.Data))
		}
	}
	if err := c.Open(core.Opening{ServerEOFStays: true, Client: core.Stream, Server: core.ServerMessages, Watch: true}, nil, keep); err != nil {
		t.Fatal(err)
	}
	if c.Quiet() != 300*time.Millisecond {
		t.Errorf("it asked for %v", c.Quiet())
	}
	err := c.Batch([]wire.Event{
		{N: 1, Event: core.Event{Kind: core.ServerQuiet}},
		{N: 2, Event: core.Event{Kind: core.ClientPart, Data: []byte("a")}},
		{N: 3, Event: core.Event{Kind: core.ClientRaw, Data: []byte("b")}},
	}, keep)
	if want := "stay stream messages True|server quiet:|client part:a|client raw:b"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("%q, %v; want %q", strings.Join(got, "|"), err, want)
	}
}

// A program that says so is told the seed and the start; no other is.
func TestSeedAndStartCross(t *testing.T) {
	for manifest, want := range map[string]string{
		"":                 "None None",
		`, "seeded": True`: "0000000000000000000000000000000000000000000000000000000000000001 2026-07-01T12:00:00.25Z",
	} {
		d, _ := begin(t, python(t, `say(workbench=1, manifest={"name": "t", "title": "T", "input": "line"`+manifest+`})
for r in requests():
    if "open" in r: say(session=r["session"], done=0, actions=[{"action": "note", "text": " ".join(str(r["open"].get(k)) for k in ("seed", "start"))}])`))
		c := wire.Pipe(d, quiet)
		var got string
		err := c.Open(core.Opening{Seed: core.Seed{31: 1}, Start: time.Date(2026, 7, 1, 12, 0, 0, 250e6, time.UTC)}, nil, func(a wire.Answer) { got = string(a.Actions[0].Data) })
		if err != nil || got != want {
			t.Errorf("the program was told %s, %v; want %s", got, err, want)
		}
		c.Bye()
	}
}

// Silences of another length, or asked for later, end the session.
func TestQuietOutOfPlace(t *testing.T) {
	for reply, want := range map[string]string{
		`quiet="1h"`:   "quiet has to be a time",
		`quiet="soon"`: "quiet has to be a time",
	} {
		d, _ := begin(t, python(t, "hello()\nfor r in requests():\n    if \"open\" in r: say(session=r[\"session\"], done=0, "+reply+")"))
		if _, err := d.Open(core.Opening{}, new(core.Out)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", reply, err)
		}
	}
	if _, err := parseReply([]byte(`{"session":1,"done":1,"quiet":"200ms"}`)); err != nil {
		t.Fatal(err)
	}
	if r, _ := parseReply([]byte(`{"session":1,"done":1,"quiet":"200ms"}`)); r.refused == nil {
		t.Error("quiet is taken with any answer")
	}
}

// A program starts TLS, and is told the outcome in words.
func TestStartTLSCrosses(t *testing.T) {
	d, _ := begin(t, python(t, `hello()
for r in requests():
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        actions = [{"action": "note", "text": e.get("text", "none")}]
        if e["event"] == "server":
            actions = [{"action": "start-tls", "side": "server", "name": "mx.example", "rest": 4}]
        say(session=r["session"], done=e["n"], actions=actions)`))
	c := wire.Pipe(d, quiet)
	defer c.Bye()
	var got []core.Action
	keep := func(a wire.Answer) { got = append(got, core.CloneActions(a.Actions)...) }
	if err := c.Open(core.Opening{}, nil, keep); err != nil {
		t.Fatal(err)
	}
	err := c.Batch([]wire.Event{
		{N: 1, Event: core.Event{Kind: core.ServerBytes, Data: []byte("220\nEVIL")}},
		{N: 2, Event: core.Event{Kind: core.ServerTLS, Data: []byte("tls 1.3")}},
		{N: 3, Event: core.Event{Kind: core.ClientStartTLS}},
	}, keep)
	want := []core.Action{
		{Kind: core.StartTLS, Side: core.Server, Rest: 4, Data: []byte("mx.example")},
		{Kind: core.Note, Data: []byte("tls 1.3")}, {Kind: core.Note, Data: []byte("none")},
	}
	if err != nil || !slices.EqualFunc(got, want, core.Action.Equal) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// Orders that cannot be are refused in words.
func TestStartTLSOutOfPlace(t *testing.T) {
	for line, want := range map[string]string{
		`{"action":"start-tls","side":"world","name":""}`:             "only the connection to the client or to the server",
		`{"action":"start-tls","side":"server","name":"a b"}`:         "server's name",
		`{"action":"start-tls","side":"server","name":"","rest":-1}`:  "left unread",
		`{"action":"start-tls","side":"server"}`:                      "needs a field name",
		`{"action":"note","text":"x","rest":3}`:                       "has no field rest",
		`{"action":"start-tls","side":"server","name":"","text":"x"}`: "has no field text",
	} {
		var a action
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if err := a.appendTo(new(core.Out)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", line, err, want)
		}
	}
}

// A program orders links, and is told of them by name.
func TestLinksCross(t *testing.T) {
	d, _ := begin(t, python(t, `hello()
for r in requests():
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        say(session=r["session"], done=e["n"], actions=[
            {"action": "note", "text": " ".join([e["event"], e["link"], e.get("text", e.get("b64", "none"))])},
            {"action": "connect", "link": "data", "text": "h:1"}, {"action": "accept", "link": "more", "text": ""},
            {"action": "link bytes", "link": "data", "b64": "AP8="}, {"action": "link bytes", "link": "data", "text": "b"},
            {"action": "link eof", "link": "data"}, {"action": "link close", "link": "more"}])`))
	c := wire.Pipe(d, quiet)
	defer c.Bye()
	if err := c.Open(core.Opening{}, nil, func(wire.Answer) {}); err != nil {
		t.Fatal(err)
	}
	var events []wire.Event
	for i, k := range core.LinkEvents() {
		data := []string{"192.0.2.9:4000", "192.0.2.7:20", "refused", "\x00\xff", "", ""}[i]
		events = append(events, wire.Event{N: uint64(i) + 1, Event: core.Event{Kind: k, Link: "data", Data: []byte(data)}})
	}
	told := []string{
		"link listening data 192.0.2.9:4000", "link connected data 192.0.2.7:20", "link failed data refused", "link bytes data AP8=", "link eof data none", "link closed data none",
	}
	err := c.Batch(events, func(a wire.Answer) {
		want := []core.Action{
			{Kind: core.Note, Data: []byte(told[a.N-1])},
			{Kind: core.Connect, Link: "data", Data: []byte("h:1")}, {Kind: core.Accept, Link: "more"},
			{Kind: core.SendLink, Link: "data", Data: []byte{0, 255}}, {Kind: core.SendLink, Link: "data", Data: []byte("b")},
			{Kind: core.FinishLink, Link: "data"}, {Kind: core.CloseLink, Link: "more"},
		}
		if !slices.EqualFunc(a.Actions, want, core.Action.Equal) {
			t.Errorf("event %d was answered with %+v, want %+v", a.N, a.Actions, want)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLinksOutOfPlace(t *testing.T) {
	for line, want := range map[string]string{
		`{"action":"connect","text":"h:1"}`:                       "needs a field link",
		`{"action":"accept","link":"data"}`:                       "needs text",
		`{"action":"link bytes","link":"data"}`:                   "needs text or b64",
		`{"action":"link bytes","link":"server","text":"x"}`:      "a link's name must be",
		`{"action":"link eof","link":"Data"}`:                     "a link's name must be",
		`{"action":"link close","link":"data","text":"x"}`:        "has no field text",
		`{"action":"client text","link":"data","text":"for you"}`: "has no field link",
	} {
		var a action
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if err := a.appendTo(new(core.Out)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", line, err, want)
		}
	}
}
