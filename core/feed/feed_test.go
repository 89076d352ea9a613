package feed_test

import (
	"fmt"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

func act(kind core.ActionKind, data string) core.Action {
	return core.Action{Kind: kind, Data: []byte(data)}
}

func event(kind core.EventKind, data string) core.Event {
	return core.Event{Kind: kind, Data: []byte(data)}
}

func TestEnds(t *testing.T) {
	finish := func(f *feed.Feeder) { f.Answer(core.Event{}, []core.Action{{Kind: core.FinishServer}}) }
	for name, c := range map[string]struct {
		stays   bool
		before  func(*feed.Feeder)
		event   core.Event
		actions []core.Action
		want    feed.End
	}{
		"nothing":                        {event: event(core.ClientText, "a")},
		"the machine closes":             {event: event(core.ClientText, "a"), actions: []core.Action{act(core.Close, "bye"), act(core.SendText, "x")}, want: feed.End{Why: feed.MachineClosed, Words: "bye"}},
		"it closes at the server's end":  {event: event(core.ServerEOF, ""), actions: []core.Action{act(core.Close, "bye")}, want: feed.End{Why: feed.MachineClosed, Words: "bye"}},
		"it fails":                       {event: event(core.ClientText, "a"), actions: []core.Action{act(core.Close, "bye"), act(core.Failed, "no")}, want: feed.End{Why: feed.MachineFailed, Words: "no"}},
		"the server ends":                {event: event(core.ServerEOF, ""), want: feed.End{Why: feed.ServerEnded}},
		"the server ends, client stays":  {stays: true, event: event(core.ServerEOF, "")},
		"the server ends after finish":   {stays: true, before: finish, event: event(core.ServerEOF, ""), want: feed.End{Why: feed.ServerEnded}},
		"the connection breaks":          {stays: true, event: event(core.ServerFailed, "reset"), want: feed.End{Why: feed.ServerFailed, Words: "reset"}},
		"the client ends":                {event: event(core.ClientEOF, "")},
		"the client leaves":              {event: event(core.ClientClosed, ""), want: feed.End{Why: feed.ClientClosed}},
		"both end, the client last":      {stays: true, before: func(f *feed.Feeder) { f.Answer(event(core.ServerEOF, ""), nil) }, event: event(core.ClientEOF, ""), want: feed.End{Why: feed.BothEnded}},
		"both end, the machine finishes": {stays: true, before: func(f *feed.Feeder) { f.Answer(event(core.ServerEOF, ""), nil) }, event: event(core.ClientText, ""), actions: []core.Action{{Kind: core.FinishServer}}, want: feed.End{Why: feed.BothEnded}},
	} {
		f := feed.Feeder{ServerEOFStays: c.stays}
		if c.before != nil {
			c.before(&f)
		}
		if _, end := f.Answer(c.event, c.actions); end != c.want {
			t.Errorf("%s: ends as %v, want %v", name, end, c.want)
		}
	}
}

func TestWhatComesBeforeAFailureIsVoid(t *testing.T) {
	var f feed.Feeder
	got, _ := f.Answer(event(core.ClientText, "a"), []core.Action{act(core.SetTimer, "t"), act(core.PassThrough, ""), act(core.Failed, "no")})
	if len(got) != 1 || got[0].Kind != core.Failed || len(f.Armed()) != 0 || f.Passes(core.Server) {
		t.Errorf("what counts is %v, timers %v", got, f.Armed())
	}
}

func TestTimers(t *testing.T) {
	var f feed.Feeder
	fires := func() feed.Fate { return f.Take(event(core.TimerFired, "t")) }
	if fires() != feed.Unarmed {
		t.Error("a timer that nobody set fires")
	}
	f.Answer(core.Event{}, []core.Action{act(core.SetTimer, "t"), act(core.SetTimer, "t")})
	if fires() != feed.Fed || fires() != feed.Unarmed {
		t.Error("a timer does not fire once")
	}
	f.Answer(core.Event{}, []core.Action{act(core.SetTimer, "t"), act(core.StopTimer, "t")})
	if fires() != feed.Unarmed {
		t.Error("a timer that was stopped fires")
	}
	f.AnyTimer = true
	if fires() != feed.Fed {
		t.Error("a timer of a machine that began from a state does not fire")
	}
}

func TestTooManyTimers(t *testing.T) {
	var f feed.Feeder
	var all []core.Action
	for i := range feed.MaxTimers {
		all = append(all, act(core.SetTimer, fmt.Sprintf("t%d", i)))
	}
	if _, end := f.Answer(core.Event{}, all); end.Why != feed.GoesOn {
		t.Errorf("64 timers end the session: %v", end)
	}
	if _, end := f.Answer(core.Event{}, []core.Action{act(core.SetTimer, "t0")}); end.Why != feed.GoesOn {
		t.Errorf("one of 64 timers set again ends the session: %v", end)
	}
	if _, end := f.Answer(core.Event{}, []core.Action{act(core.SetTimer, "more")}); end.Why != feed.MachineFailed {
		t.Errorf("65 timers do not end the session: %v", end)
	}
}

func TestLaterKinds(t *testing.T) {
	f := feed.Feeder{}
	if f.Take(event(core.ClientPart, "a")) != feed.Unknown || f.Take(event(core.ClientText, "a")) != feed.Fed {
		t.Error("an old machine is fed a later kind, or not fed an old one")
	}
	f.Knows = func(k core.EventKind) bool { return k == core.ClientPart }
	if f.Take(event(core.ClientPart, "a")) != feed.Fed || f.Take(event(core.ClientRaw, "a")) != feed.Unknown {
		t.Error("a machine is not fed what it knows, or fed what it does not")
	}
}

func TestIsCopy(t *testing.T) {
	server, client := event(core.ServerBytes, "abc"), event(core.ClientBinary, "abc")
	for name, c := range map[string]struct {
		event   core.Event
		actions []core.Action
		want    bool
	}{
		"whole":           {server, []core.Action{act(core.SendBinary, "abc")}, true},
		"in pieces":       {client, []core.Action{act(core.SendServer, "a"), act(core.SendServer, "bc")}, true},
		"the other way":   {client, []core.Action{act(core.SendBinary, "abc")}, false},
		"other bytes":     {server, []core.Action{act(core.SendBinary, "abd")}, false},
		"too few":         {server, []core.Action{act(core.SendBinary, "ab")}, false},
		"too many":        {server, []core.Action{act(core.SendBinary, "abcd")}, false},
		"with something":  {server, []core.Action{act(core.SendBinary, "abc"), act(core.Note, "")}, false},
		"nothing":         {server, nil, false},
		"nothing of none": {event(core.ServerBytes, ""), nil, true},
	} {
		if got := feed.IsCopy(c.event, c.actions); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := feed.Copy(server); got.Kind != core.SendBinary || string(got.Data) != "abc" {
		t.Errorf("the copy of a server's bytes is %v", got)
	}
}

var startTLS = core.Action{Kind: core.StartTLS, Side: core.Server}

func TestUpgrade(t *testing.T) {
	knows := func(k core.EventKind) bool { return k == core.ServerTLS }
	ready := event(core.ServerBytes, "220 ready\r\nEVIL")
	f := feed.Feeder{Knows: knows}
	if !f.OneByOne() || f.Upgrading(core.Server) || f.IsEarly(core.ServerBytes) {
		t.Error("an upgrade is under way before it was ordered")
	}
	rest := startTLS
	rest.Rest = len("EVIL")
	if _, end := f.Answer(ready, []core.Action{rest}); end.Why != feed.GoesOn || !f.Upgrading(core.Server) {
		t.Fatalf("the order ends the session: %v", end)
	}
	if f.Take(event(core.ServerBytes, "x")) != feed.Early || f.Take(event(core.ClientText, "x")) != feed.Fed {
		t.Error("the server's bytes are fed meanwhile, or the client's are not")
	}
	if f.Take(event(core.ServerTLS, "")) != feed.Fed {
		t.Error("the outcome is not fed")
	}
	f.Answer(event(core.ServerTLS, ""), nil)
	if f.Upgrading(core.Server) || f.OneByOne() || f.Take(event(core.ServerBytes, "x")) != feed.Fed {
		t.Error("the upgrade does not end with its outcome")
	}
}

// The two ends are upgraded each for itself, and may be at once.
func TestUpgradeOfTheClient(t *testing.T) {
	f := feed.Feeder{Knows: func(k core.EventKind) bool {
		return k == core.ServerTLS || k == core.ClientTLS || k == core.ClientBytes
	}}
	client := core.Action{Kind: core.StartTLS, Side: core.Client}
	if _, end := f.Answer(event(core.ServerBytes, "220"), []core.Action{client, startTLS}); end.Why != feed.GoesOn {
		t.Fatalf("the orders end the session: %v", end)
	}
	early := func() [2]bool { return [2]bool{f.IsEarly(core.ClientBytes), f.IsEarly(core.ServerBytes)} }
	if early() != [2]bool{true, true} {
		t.Errorf("early are %v", early())
	}
	f.Answer(event(core.ClientTLS, ""), nil)
	if early() != [2]bool{false, true} || !f.OneByOne() {
		t.Errorf("with the client's TLS, early are %v", early())
	}
	f.Answer(event(core.ServerTLS, ""), nil)
	if early() != [2]bool{false, false} || f.OneByOne() {
		t.Errorf("with both, early are %v", early())
	}
	if _, end := f.Answer(event(core.ClientTLSFailed, "it left"), nil); end != (feed.End{Why: feed.ClientFailed, Words: "it left"}) || !f.Finished() {
		t.Errorf("without the client the session ends %v", end)
	}
}

func TestUpgradeThatCannotBe(t *testing.T) {
	client := core.Action{Kind: core.StartTLS, Side: core.Client}
	tooMuchOfClient := client
	tooMuchOfClient.Rest = 1
	knowsClient := func(k core.EventKind) bool { return k == core.ClientTLS || k == core.ClientBytes }
	knows := func(k core.EventKind) bool { return k == core.ServerTLS }
	tooMuch := startTLS
	tooMuch.Rest = 4
	for name, c := range map[string]struct {
		knows   func(core.EventKind) bool
		event   core.Event
		actions []core.Action
	}{
		"without the outcome":                {nil, event(core.ServerBytes, "220"), []core.Action{startTLS}},
		"twice at once":                      {knows, event(core.ServerBytes, "220"), []core.Action{startTLS, startTLS}},
		"twice":                              {knows, event(core.ServerTLS, ""), []core.Action{startTLS}},
		"more unread":                        {knows, event(core.ServerBytes, "220"), []core.Action{tooMuch}},
		"of the client, without the outcome": {knows, event(core.ServerBytes, "220"), []core.Action{client}},
		"of the client, twice":               {knowsClient, event(core.ClientTLS, ""), []core.Action{client}},
		"unread of the server":               {knowsClient, event(core.ServerBytes, "220"), []core.Action{tooMuchOfClient}},
		"unread of another":                  {knows, event(core.ClientText, "12345"), []core.Action{tooMuch}},
	} {
		f := feed.Feeder{Knows: c.knows}
		if _, end := f.Answer(c.event, c.actions); end.Why != feed.MachineFailed {
			t.Errorf("%s: %v", name, end)
		}
	}
}

// The person's order is obeyed for a machine that does not know it, and left to one that
// does.
func TestUpgradeByThePerson(t *testing.T) {
	for _, known := range []bool{false, true} {
		f := feed.Feeder{Knows: func(core.EventKind) bool { return known }}
		f.Answer(event(core.ClientStartTLS, ""), nil)
		if f.Upgrading(core.Server) == known {
			t.Errorf("known %v: upgrading is %v", known, f.Upgrading(core.Server))
		}
	}
}

// A link's events are fed while it is there, and no others.
func TestLinks(t *testing.T) {
	f := feed.Feeder{Knows: func(k core.EventKind) bool { return k.IsLink() }}
	link := func(kind core.EventKind) core.Event { return core.Event{Kind: kind, Link: "data"} }
	order := func(kind core.ActionKind) core.Action { return core.Action{Kind: kind, Link: "data"} }
	if f.Take(link(core.LinkBytes)) != feed.Unlinked || f.HasLinks() {
		t.Error("a link is there before it was ordered")
	}
	f.Answer(core.Event{}, []core.Action{order(core.Connect)})
	before := f
	f.Answer(link(core.LinkConnected), nil)
	if f.Take(link(core.LinkBytes)) != feed.Fed || !f.OneByOne() {
		t.Error("a link that is there is not fed")
	}
	f.Answer(link(core.LinkBytes), []core.Action{order(core.CloseLink)})
	if f.Take(link(core.LinkBytes)) != feed.Early || f.Take(link(core.LinkClosed)) != feed.Fed || before.Take(link(core.LinkBytes)) != feed.Fed {
		t.Error("a link that was closed is fed more than its end, or a copy was changed")
	}
	if _, end := f.Answer(link(core.LinkClosed), []core.Action{order(core.Accept)}); end.Why != feed.GoesOn || !f.HasLinks() {
		t.Errorf("its name is not free after its end: %v", end)
	}
	for name, actions := range map[string][]core.Action{
		"twice": {order(core.Connect), order(core.Connect)}, "not there": {order(core.SendLink)}, "many": {},
	} {
		f := feed.Feeder{Knows: func(k core.EventKind) bool { return k.IsLink() }}
		for i := range 9 {
			if name == "many" {
				actions = append(actions, core.Action{Kind: core.Connect, Link: fmt.Sprintf("l%d", i)})
			}
		}
		if _, end := f.Answer(core.Event{}, actions); end.Why != feed.MachineFailed {
			t.Errorf("%s: %v", name, end)
		}
	}
	var old feed.Feeder
	if _, end := old.Answer(core.Event{}, []core.Action{order(core.Connect)}); end.Why != feed.MachineFailed {
		t.Errorf("of a machine that does not know the outcome: %v", end)
	}
}
