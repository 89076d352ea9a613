package core

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutCopiesAndJoins(t *testing.T) {
	var out Out
	part := []byte("line")
	out.Server(part, []byte("\r\n"))
	copy(part, "XXXX")
	out.Timer("tick", time.Second)
	out.PassThrough(Client)
	want := []Action{
		{Kind: SendServer, Data: []byte("line\r\n")},
		{Kind: SetTimer, After: time.Second, Data: []byte("tick")},
		{Kind: PassThrough, Side: Client},
	}
	if out.Len() != len(want) || out.Err() != nil {
		t.Fatalf("%d actions, %v", out.Len(), out.Err())
	}
	for i, w := range want {
		if a := out.Action(i); a.Kind != w.Kind || string(a.Data) != string(w.Data) || a.After != w.After || a.Side != w.Side {
			t.Errorf("action %d is %+v, want %+v", i, a, w)
		}
	}
	out.Reset()
	if out.Len() != 0 {
		t.Error("Reset left actions")
	}
}

// Past a bound Out takes nothing more, and Err says which bound it was.
func TestOutBounds(t *testing.T) {
	big := make([]byte, MaxActionPayload)
	for name, c := range map[string]struct {
		do   func(*Out)
		want error
	}{
		"an action of the bound":     {func(o *Out) { o.Server(big) }, nil},
		"an action over the bound":   {func(o *Out) { o.Text(big, []byte("x")) }, ErrActionTooBig},
		"an answer over the bound":   {func(o *Out) { repeat(16, func() { o.Binary(big) }) }, ErrAnswerTooBig},
		"a million empty actions":    {func(o *Out) { repeat(1<<20, func() { o.Text() }) }, nil},
		"a million and one":          {func(o *Out) { repeat(1<<20+1, func() { o.Text() }) }, ErrAnswerTooBig},
		"a timer with a space":       {func(o *Out) { o.Timer("a b", time.Second) }, ErrTimerName},
		"a timer without a name":     {func(o *Out) { o.StopTimer("") }, ErrTimerName},
		"a timer of no time":         {func(o *Out) { o.Timer("a", 0) }, ErrTimerBounds},
		"a timer of two days":        {func(o *Out) { o.Timer("a", 48*time.Hour) }, ErrTimerBounds},
		"pass-through of nobody":     {func(o *Out) { o.PassThrough(7) }, ErrSide},
		"the first bound is the one": {func(o *Out) { o.StopTimer("!"); o.PassThrough(7) }, ErrTimerName},
	} {
		var out Out
		c.do(&out)
		if !errors.Is(out.Err(), c.want) {
			t.Errorf("%s: %v, want %v", name, out.Err(), c.want)
		}
		n := out.Len()
		if out.Note("more"); c.want != nil && out.Len() != n {
			t.Errorf("%s: more was taken past the bound", name)
		}
	}
}

func repeat(n int, do func()) {
	for range n {
		do()
	}
}

func TestOutDoesNotAllocate(t *testing.T) {
	var out Out
	line, eol := []byte("a line"), []byte("\r\n")
	fill := func() {
		out.Reset()
		repeat(1000, func() { out.Server(line, eol) })
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "a\xffb": "a\ufffdb", "äöü": "äö", "aäöü": "aäö"} {
		if got := CutWords(in, 5); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Words(strings.Repeat("€", MaxWords)); len(got) > MaxWords || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "http-line": true, "B_2": true, strings.Repeat("x", MaxName): true,
		"": false, "2a": false, "-a": false, "a b": false, "ä": false, strings.Repeat("x", MaxName+1): false,
	} {
		if ValidName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

var manifest = Manifest{
	Name: "m", Title: "M", Input: InputLine,
	Options: []Option{
		{Name: "eol", Type: OptionChoice, Default: "lf", Choices: []string{"lf", "cr"}},
		{Name: "who", Type: OptionText, Default: "me"},
		{Name: "count", Type: OptionInt, Default: "3"},
		{Name: "loud", Type: OptionBool, Default: "false"},
	},
}

func TestParseOptions(t *testing.T) {
	if err := manifest.Validate(); err != nil {
		t.Fatal(err)
	}
	o, err := manifest.ParseOptions(map[string]string{"count": "7", "loud": "true"})
	if err != nil || o["eol"] != "lf" || o.Int("count") != 7 || !o.Bool("loud") || o["who"] != "me" {
		t.Errorf("got %v, %v", o, err)
	}
	for name, c := range map[string]struct{ option, value, want string }{
		"unknown":   {"nope", "1", `has no option "nope"; its options are eol, who, count, loud`},
		"no choice": {"eol", "crlf", `"crlf" is not a choice; the choices are lf, cr`},
		"no number": {"count", "x", "not a whole number"},
		"no bool":   {"loud", "yes", "neither true nor false"},
		"too long":  {"who", strings.Repeat("x", MaxOptionValue+1), "at most 1024"},
	} {
		if _, err := manifest.ParseOptions(map[string]string{c.option: c.value}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*Manifest){
		"its name":      func(m *Manifest) { m.Name = "a b" },
		"its title":     func(m *Manifest) { m.Title = "" },
		"its summary":   func(m *Manifest) { m.Summary = strings.Repeat("x", MaxSummary+1) },
		"its input":     func(m *Manifest) { m.Input = "song" },
		"an option":     func(m *Manifest) { m.Options[0].Name = "" },
		"two options":   func(m *Manifest) { m.Options[1].Name = "eol" },
		"a default":     func(m *Manifest) { m.Options[2].Default = "many" },
		"a type":        func(m *Manifest) { m.Options[3].Type = "thing" },
		"no messages":   func(m *Manifest) { m.Clients, m.Events = []string{"stream"}, []string{"client bytes"} },
		"a stream":      func(m *Manifest) { m.Clients = []string{"messages", "stream"} },
		"many of these": func(m *Manifest) { m.Options = make([]Option, MaxOptions+1) },
	} {
		m := manifest
		m.Options = append([]Option{}, manifest.Options...)
		change(&m)
		if m.Validate() == nil {
			t.Errorf("%s is wrong, but Validate accepted it", name)
		}
	}
}

// Every kind of event has one side, one ending, and a place in the switch.
func TestEvents(t *testing.T) {
	for _, c := range []struct {
		kind  EventKind
		side  Side
		end   Ending
		bytes bool
	}{
		{ClientText, Client, EndNothing, true},
		{ClientBinary, Client, EndNothing, true},
		{ClientEOF, Client, EndServer, false},
		{ClientClosed, Client, EndServer, false},
		{ServerBytes, Server, EndNothing, true},
		{ServerEOF, Server, EndClient, false},
		{ServerFailed, Server, EndClient, false},
		{TimerFired, 0, EndNothing, false},
		{ClientPart, Client, EndNothing, true},
		{ClientRaw, Client, EndNothing, true},
		{ServerQuiet, Server, EndNothing, false},
		{ClientBytes, Client, EndNothing, true},
		{WorldSaid, 0, EndNothing, false},
		{ServerTLS, Server, EndNothing, false},
		{ClientStartTLS, Client, EndNothing, false},
		{ClientTLS, Client, EndNothing, false},
		{ClientTLSFailed, Client, EndServer, false},
		{ClientUnseen, Client, EndNothing, false},
		{ServerUnseen, Server, EndNothing, false},
		{ClientCommand, Client, EndNothing, false},
		{LinkListening, 0, EndNothing, false},
		{LinkConnected, 0, EndNothing, false},
		{LinkFailed, 0, EndNothing, false},
		{LinkBytes, 0, EndNothing, true},
		{LinkEOF, 0, EndNothing, false},
		{LinkClosed, 0, EndNothing, false},
	} {
		if c.kind.Side() != c.side || c.kind.DefaultEnding() != c.end || c.kind.IsBytes() != c.bytes || !c.kind.Valid() {
			t.Errorf("event %d: side %v, ending %d, bytes %v", c.kind, c.kind.Side(), c.kind.DefaultEnding(), c.kind.IsBytes())
		}
	}
	for k := EventKind(1); k <= LinkClosed; k++ {
		if !k.Valid() {
			continue
		}
		if k.String() == "" || k.IsText() && !k.IsBytes() && k != ClientCommand || k.IsStream() != (k == ServerBytes || k == ClientBytes || k == LinkBytes) || k.IsLater() != (k > TimerFired) {
			t.Errorf("event %d is called %q", k, k)
		}
	}
	m := Manifest{Events: []string{"client part", "of a later version"}}
	if !m.Knows(ServerBytes) || !m.Knows(ClientPart) || m.Knows(ClientRaw) {
		t.Error("Manifest.Knows is wrong")
	}
	if EventKind(0).Valid() || (LinkClosed + 1).Valid() || ActionKind(0).Valid() || (CloseLink + 1).Valid() {
		t.Error("an unknown kind is valid")
	}
	if Client.String() != "client" || Server.String() != "server" {
		t.Error("a side has the wrong name")
	}
}
