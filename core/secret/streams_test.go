package secret

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func event(kind core.EventKind, data string) core.Event {
	return core.Event{Kind: kind, Data: []byte(data)}
}

func action(kind core.ActionKind, data string) core.Action {
	return core.Action{Kind: kind, Data: []byte(data)}
}

func value(data string) core.Action { return action(core.SecretBytes, data) }

// told writes an event and its actions, one payload after the other.
func told(e core.Event, actions []core.Action) string {
	parts := []string{string(e.Data)}
	for _, a := range actions {
		parts = append(parts, string(a.Data))
	}
	return strings.Join(parts, "|")
}

func TestOneAnswer(t *testing.T) {
	for _, tt := range []struct {
		name    string
		before  []core.Action
		event   core.Event
		actions []core.Action
		want    string
	}{
		{"wherever it occurs", nil, event(core.ClientText, "PASS hunter2 hunter2"),
			[]core.Action{action(core.SendServer, "PASS hunter2\r\n"), value("hunter2"), action(core.Note, "hunter2 was sent"), action(core.Close, "hunter2?")},
			"PASS ******* *******|PASS *******\r\n|*******|******* was sent|*******?"},
		{"a short one too, in this answer", nil, event(core.ClientText, "PIN abc"),
			[]core.Action{action(core.SendServer, "a"), action(core.SendServer, "bcb"), value("abc")},
			"PIN ***|*|**b|***"},
		{"a short one of before no more", []core.Action{value("abc")}, event(core.ClientText, "abc"), nil, "abc"},
		{"one of four bytes of before", []core.Action{value("abcd")}, event(core.ClientText, "abcd"), nil, "****"},
		{"values that overlap", nil, event(core.ServerBytes, "xabcdefx"), []core.Action{value("abcd"), value("cdef")}, "x******x|****|****"},
		{"values that overlap themselves", nil, event(core.ServerBytes, "xababababx"), []core.Action{value("ababab")}, "x********x|******"},
		{"spans", nil, event(core.ClientText, "PASS é1"),
			[]core.Action{action(core.SendServer, "PASS é1\r\n"), action(core.Secret, "action 5 8"), action(core.Secret, "event 6 7")},
			"PASS **1|PASS ***\r\n|action 5 8|event 6 7"},
		{"a span after a value", nil, event(core.ClientText, "a"),
			[]core.Action{action(core.SendServer, "abc"), value("zz"), action(core.Secret, "action 0 1")}, "a|*bc|**|action 0 1"},
		{"whole runes of text", nil, event(core.ClientText, "aéb"), []core.Action{value("\xa9b")}, "a***|**"},
		{"timers keep names", nil, event(core.TimerFired, "wait-hunter2"),
			[]core.Action{action(core.SetTimer, "hunter2"), action(core.StopTimer, "idle"), value("hunter2")}, "wait-hunter2|xxxxxxx|idle|*******"},
		{"the rest of one that came before", nil, event(core.ClientBinary, "ter2\r\n"),
			[]core.Action{action(core.SendServer, "ter2\r\n"), action(core.SendText, "ok2"), value("hunter2")}, "****\r\n|****\r\n|ok2|*******"},
		{"the words of a broken connection", []core.Action{value("hunter2")}, event(core.ServerFailed, "no hunter2"), nil, "no *******"},
		{"a part of text that is replaced", nil, event(core.ServerBytes, "x"),
			[]core.Action{action(core.ShowPart, "login: me"), action(core.SendText, "hunter2 logs in"), value("hunter2")}, "x|login: me|******* logs in|*******"},
	} {
		var v Values
		v.Add(tt.before)
		e, actions := v.Answer(tt.event, tt.actions)
		if got := told(e, actions); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

// feed feeds a copy, and returns a function that writes it as it is then.
func feed(s *Streams, e core.Event, actions ...core.Action) (func() string, *Pending) {
	e, actions = e.Clone(), core.CloneActions(actions)
	p := s.Feed(e, actions)
	return func() string { return told(e, actions) }, p
}

func TestAcrossCuts(t *testing.T) {
	var s Streams
	feed(&s, core.Event{}, value("hunter2"))
	first, pending := feed(&s, event(core.ClientPart, "say hun"), action(core.SendServer, "hun"))
	other, free := feed(&s, event(core.ServerBytes, "a question"))
	if pending.Done() || !free.Done() {
		t.Fatal("shows a possible beginning of a value, or hides something else")
	}
	second, pendingToo := feed(&s, event(core.ClientRaw, "ter2!"))
	if !pending.Done() || !pendingToo.Done() {
		t.Error("hides what is decided")
	}
	for _, got := range []struct{ got, want string }{{first(), "say ***|***"}, {other(), "a question"}, {second(), "****!"}} {
		if got.got != got.want {
			t.Errorf("got %q, want %q", got.got, got.want)
		}
	}
}

func TestPassedThrough(t *testing.T) {
	var s Streams
	feed(&s, core.Event{}, value("hunter2"), core.Action{Kind: core.PassThrough, Side: core.Client}, core.Action{Kind: core.PassThrough, Side: core.Server})
	first, _ := feed(&s, event(core.TimerFired, "t"), action(core.SendServer, "hun"), action(core.SendBinary, "hunt"))
	client, _ := feed(&s, event(core.ClientBinary, "ter2 ter"))
	server, p := feed(&s, event(core.ServerBytes, "er2"))
	if got := first() + "," + client() + "," + server(); got != "t|***|****,**** ter,***" || !p.Done() {
		t.Errorf("got %q", got)
	}
}

func TestPartsAreReplaced(t *testing.T) {
	var s Streams
	feed(&s, core.Event{}, value("hunter2"))
	first, p := feed(&s, event(core.ServerBytes, "-"), action(core.ShowPart, "is it hun"))
	second, _ := feed(&s, event(core.ServerBytes, "-"), action(core.ShowPart, "is it hunter"))
	if p.Done() {
		t.Error("shows a part that may become a value")
	}
	third, last := feed(&s, event(core.ServerBytes, "-"), action(core.SendText, "is it hunter2?"))
	if got := first() + "," + second() + "," + third(); got != "-|is it ***,-|is it ******,-|is it *******?" || !p.Done() || !last.Done() {
		t.Errorf("got %q", got)
	}
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		end  func(*Streams)
		last string
		want string
	}{
		{(*Streams).End, "the hunt", "the ****"},
		{(*Streams).End, "the hun", "the hun"},
		{(*Streams).Decide, "the hun", "the ***"},
		{func(s *Streams) { s.Feed(event(core.ServerEOF, ""), nil) }, "the hunt", "the ****"},
		{func(s *Streams) { s.Feed(event(core.ServerEOF, ""), nil) }, "the hun", "the hun"},
	} {
		var s Streams
		feed(&s, core.Event{}, value("hunter2"))
		got, p := feed(&s, event(core.ServerBytes, tt.last))
		if p.Done() {
			t.Error("shown before it is decided")
		}
		tt.end(&s)
		if !p.Done() || got() != tt.want {
			t.Errorf("%q became %q, want %q", tt.last, got(), tt.want)
		}
	}
	// After Decide the rest of a value is still recognized.
	var s Streams
	feed(&s, core.Event{}, value("hunter2"))
	feed(&s, event(core.ServerBytes, "hun"))
	s.Decide()
	if got, _ := feed(&s, event(core.ServerBytes, "ter2 ")); got() != "**** " {
		t.Errorf("got %q", got())
	}
}

func TestTimersFireAsTheyWereSet(t *testing.T) {
	var s Streams
	feed(&s, core.Event{}, action(core.SetTimer, "hunter2"), action(core.SetTimer, "abcd-hunter3"))
	feed(&s, event(core.ServerBytes, ""), value("hunter2"), value("hunter3"))
	set, _ := feed(&s, event(core.TimerFired, "hunter2"), action(core.SetTimer, "abcd-hunter3"))
	feed(&s, event(core.ServerBytes, ""), value("abcd"))
	fired, _ := feed(&s, event(core.TimerFired, "abcd-hunter3"))
	if got := set() + "," + fired(); got != "hunter2|abcd-xxxxxxx,abcd-xxxxxxx" {
		t.Errorf("got %q", got)
	}
}

func TestTooManyValuesCoverAll(t *testing.T) {
	var s Streams
	for n := range MaxValues {
		feed(&s, event(core.ServerBytes, "x"), value(fmt.Sprintf("secret %d", n)))
	}
	held, p := feed(&s, event(core.ServerBytes, "secre"))
	if s.Over() || p.Done() {
		t.Fatal("values up to the bound are not kept")
	}
	got, _ := feed(&s, event(core.ServerBytes, "hello"), value("one more"), action(core.SendText, "hello"), action(core.Note, "hello"), action(core.SetTimer, "hello"))
	if !s.Over() || !p.Done() || held() != "*****" || got() != "*****|********|*****|*****|hello" {
		t.Errorf("got %q and %q, %v", held(), got(), s.Over())
	}
	if got := s.Words("hello"); got != "*****" {
		t.Errorf("got %q", got)
	}
	var v Values
	for n := range MaxBytes / core.MaxSecret {
		v.Add([]core.Action{value(strings.Repeat("x", core.MaxSecret-1) + string(rune('a'+n)))})
	}
	if v.Over() {
		t.Error("the bytes up to the bound are too many")
	}
}

func TestWords(t *testing.T) {
	var v Values
	if v.Marked() || v.Words("hunter2") != "hunter2" {
		t.Error("Marked without a mark")
	}
	v.Add([]core.Action{action(core.Secret, "event 0 1")})
	if !v.Marked() {
		t.Error("a span does not count as a mark")
	}
	v.Add([]core.Action{value("hunter2"), value("abc")})
	if got := v.Words("hunter2 abc"); got != "******* abc" {
		t.Errorf("got %q", got)
	}
	if got := v.WordsOf([]core.Action{value("abc"), value("other")}, "hunter2 abc other"); got != "******* *** *****" {
		t.Errorf("got %q", got)
	}
	if v.Words("other") != "other" {
		t.Error("a look left a trace")
	}
}

// Whatever the values and however the streams are cut, exactly the bytes of values are
// masked, and what was shown once does not change any more.
func TestStreamsAreCoveredAsIfWhole(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		letters := func(n int) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = "abc"[rng.IntN(2+int(seed%2))]
			}
			return string(b)
		}
		var s Streams
		var values []string
		var marks []core.Action
		for range 1 + rng.IntN(3) {
			values = append(values, letters(core.LastingSecret+rng.IntN(5)))
			marks = append(marks, value(values[len(values)-1]))
		}
		feed(&s, core.Event{}, marks...)
		var plain [4]string
		var now [4][]func() string
		type snapshot struct {
			p    *Pending
			get  func() string
			then string
		}
		var snapshots []*snapshot
		for range 30 {
			e := core.Event{Kind: []core.EventKind{core.ClientBinary, core.ClientPart, core.ServerBytes}[rng.IntN(3)], Data: []byte(letters(rng.IntN(6)))}
			var actions []core.Action
			for range rng.IntN(3) {
				actions = append(actions, action([]core.ActionKind{core.SendServer, core.SendText}[rng.IntN(2)], letters(rng.IntN(6))))
			}
			from := fromClient
			if e.Kind == core.ServerBytes {
				from = fromServer
			}
			plain[from] += string(e.Data)
			for _, a := range actions {
				plain[indexOf(a.Kind)] += string(a.Data)
			}
			e, actions = e.Clone(), core.CloneActions(actions)
			p := s.Feed(e, actions)
			now[from] = append(now[from], func() string { return string(e.Data) })
			for _, a := range actions {
				now[indexOf(a.Kind)] = append(now[indexOf(a.Kind)], func() string { return string(a.Data) })
			}
			snapshots = append(snapshots, &snapshot{p: p, get: func() string { return told(e, actions) }})
			for _, shot := range snapshots {
				if shot.then == "" && shot.p.Done() {
					shot.then = shot.get()
				}
			}
		}
		s.End()
		for _, shot := range snapshots {
			if !shot.p.Done() || shot.then != "" && shot.then != shot.get() {
				t.Fatalf("seed %d: %q became %q after it was decided", seed, shot.then, shot.get())
			}
		}
		for i, stream := range plain {
			want := []byte(stream)
			begun := 0
			for _, v := range values {
				for at := range stream {
					if strings.HasPrefix(stream[at:], v) {
						copy(want[at:], bytes.Repeat([]byte("*"), len(v)))
					}
				}
				for n := 1; n < len(v); n++ {
					if strings.HasSuffix(stream, v[:n]) {
						begun = max(begun, n)
					}
				}
			}
			if begun >= core.LastingSecret {
				copy(want[len(want)-begun:], bytes.Repeat([]byte("*"), begun))
			}
			var got string
			for _, piece := range now[i] {
				got += piece()
			}
			if got != string(want) {
				t.Fatalf("seed %d, values %q, stream %d\n    %s\ngot %s\nwant %s", seed, values, i, stream, got, want)
			}
		}
	}
}

func indexOf(k core.ActionKind) int {
	if k == core.SendServer {
		return toServer
	}
	return toClient
}

// A value is found on a link across the cuts of what it carries, each way for itself.
func TestLinks(t *testing.T) {
	s := Streams{}
	link := func(e core.Event) core.Event { e.Link = "data"; return e }
	s.Feed(core.Event{Kind: core.ClientText}, []core.Action{action(core.SecretBytes, "passw0rd")})
	first := link(core.Event{Kind: core.LinkBytes, Data: []byte("a passw")})
	between := core.Event{Kind: core.ServerBytes, Data: []byte("0rd of the server")}
	second := link(core.Event{Kind: core.LinkBytes, Data: []byte("0rd b")})
	sent := []core.Action{{Kind: core.SendLink, Link: "data", Data: []byte("x passw0rd")}}
	s.Feed(first, nil)
	s.Feed(between, nil)
	s.Feed(second, sent)
	s.End()
	if got := string(first.Data) + "|" + string(second.Data) + "|" + string(sent[0].Data) + "|" + string(between.Data); got != "a *****|*** b|x ********|0rd of the server" {
		t.Error(got)
	}
}
