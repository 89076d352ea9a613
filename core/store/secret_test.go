package store

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

func value(data string) core.Action { return action(core.SecretBytes, data) }

// recorded returns what is written of a session.
func recorded(t testing.TB, h Header, tell func(r *Recorder)) string {
	t.Helper()
	a := Record(folder(t), quiet)
	r := a.Start(h, nil)
	tell(r)
	closeAll(t, a)
	got := text(t, a, r.ID())
	if _, err := transcript.Parse("x", []byte(got)); err != nil {
		t.Errorf("%v:\n%s", err, got)
	}
	return got
}

func TestValuesOfSecretsNeverReachTheDisk(t *testing.T) {
	opening := []core.Action{value("abc"), value("from the start")}
	got := recorded(t, Header{Session: "s1", Mode: "test", Target: "h:1", Opening: opening,
		Options: core.Options{"pin": "abc", "password": "from the start", "eol": "crlf"}}, func(r *Recorder) {
		r.Remark(0, "dialled from the start")
		r.Done(0, wire.Event{}, opening)
		r.Done(0, event(1, core.ClientText, "PASS hunter2"), []core.Action{
			action(core.SendServer, "PASS hunter2\r\n"), value("hunter2"), action(core.Note, "sent hunter2"),
			{Kind: core.SetTimer, After: time.Second, Data: []byte("hunter2")},
		})
		r.Done(0, event(2, core.ServerBytes, "you said hun"), []core.Action{action(core.SendText, "you said hun")})
		r.Remark(0, "not hunter2")
		r.Done(0, event(3, core.ServerBytes, "ter2, abc"), []core.Action{action(core.SendText, "ter2, abc")})
		r.Done(0, event(4, core.TimerFired, "hunter2"), []core.Action{action(core.Close, "hunter2!")})
		r.End(0, "hunter2!")
	})
	_, got, _ = strings.Cut(got, "mode test\n")
	before, rest, _ := strings.Cut(got, "0.000 -- recorded")
	_, rest, _ = strings.Cut(rest, "\n")
	want := `option eol "crlf"
option password "**************"
option pin "***"
target "h:1"

0.000 -- dialled **************
0.000 << secret value 3
0.000 << secret value 14
0.000 >> client text "PASS *******"
0.000 << server "PASS *******\r\n"
0.000 << secret value 7
0.000 << note "sent *******"
0.000 << timer xxxxxxx 1s
0.000 >> server "you said ***"
0.000 << client text "you said ***"
0.000 -- not *******
0.000 >> server "****, abc"
0.000 << client text "****, abc"
0.000 >> timer xxxxxxx
0.000 << close "*******!"
0.000 -- ended: *******!
`
	if got = before + rest; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What may be the beginning of a value waits, and so does what follows, until it
// is decided, the session is over or too much waits.
func TestABeginningOfASecretWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(folder(t), quiet)
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		got := func() string {
			time.Sleep(2 * flushEvery)
			_, entries, _ := strings.Cut(text(t, a, r.ID()), "session s1\n")
			return entries
		}
		r.Done(0, event(1, core.ServerBytes, "one"), []core.Action{value("hunter2")})
		r.Done(0, event(2, core.ServerBytes, "two hun"), nil)
		r.Done(0, event(3, core.ClientText, "three"), nil)
		const one = "0.000 >> server \"one\"\n0.000 << secret value 7\n"
		if got := got(); got != one {
			t.Errorf("got\n%s", got)
		}
		r.Done(0, event(4, core.ServerBytes, "dred"), nil)
		const four = one + "0.000 >> server \"two hun\"\n0.000 >> client text \"three\"\n0.000 >> server \"dred\"\n"
		if got := got(); got != four {
			t.Errorf("got\n%s", got)
		}
		r.Done(0, event(5, core.ServerBytes, "hunt"), nil)
		big := strings.Repeat("x", maxHeld/4)
		for n := range 4 {
			r.Done(0, event(6+n, core.ClientText, big), nil)
		}
		if got := got(); !strings.HasPrefix(got, four+"0.000 >> server \"****\"\n") || strings.Count(got, ">> client text \"xxx") != 4 {
			t.Errorf("%d bytes are held back:\n%.300s", maxHeld, got)
		}
		r.Done(0, event(10, core.ServerBytes, "er2 hun"), nil)
		r.Done(0, event(11, core.ClientText, "hunter"), nil)
		if got := a.waiting.Load(); got != r.waits() || got == 0 {
			t.Errorf("%d bytes wait; the recorder says %d", got, r.waits())
		}
		r.End(0, "over")
		if got := got(); !strings.HasSuffix(got, "0.000 >> server \"*** hun\"\n0.000 >> client text \"******\"\n0.000 -- ended: over\n") {
			t.Errorf("got\n%s", got[max(0, len(got)-300):])
		}
		if got := a.waiting.Load(); got != 0 {
			t.Errorf("%d bytes wait for ever", got)
		}
		closeAll(t, a)
	})
}

// A workbench that stops tells what waits, as far as it may.
func TestABeginningOfASecretIsTheLast(t *testing.T) {
	for _, stop := range []string{"closed", "closed with text made", "stopped"} {
		synctest.Test(t, func(t *testing.T) {
			a := Record(folder(t), quiet)
			r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
			r.Done(0, event(1, core.ServerBytes, "one"), []core.Action{value("hunter2")})
			r.Done(0, event(2, core.ServerBytes, "two hunt"), nil)
			switch stop {
			case "closed with text made":
				r.mu.Lock()
				r.made = append(r.made, r.makeText(nil, r.most.Load()))
				r.mu.Unlock()
			case "stopped":
				time.Sleep(2 * flushEvery)
				r.stop(errTooSlow)
			default:
				time.Sleep(2 * flushEvery)
			}
			closeAll(t, a)
			got := text(t, a, r.ID())
			if strings.Contains(got, "hunt") || strings.Contains(got, "two ****") != (stop != "stopped") {
				t.Errorf("%s: got\n%s", stop, got)
			}
			if got := a.waiting.Load(); got != 0 {
				t.Errorf("%s: %d bytes wait for ever", stop, got)
			}
		})
	}
}

func TestTooManySecretsAreToldOf(t *testing.T) {
	a := Record(folder(t), quiet)
	var remarks remarkList
	r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
	for n := range secret.MaxValues + 1 {
		r.Done(0, event(n+1, core.ServerBytes, "x"), []core.Action{value(fmt.Sprintf("secret %d", n))})
	}
	r.Done(0, event(9, core.ServerBytes, "all of it"), nil)
	r.End(0, "over")
	closeAll(t, a)
	if got := text(t, a, r.ID()); !strings.Contains(got, `>> server "*********"`) || strings.Count(remarks.all(), "more secrets were marked than the 256") != 1 {
		t.Errorf("the session was told %q, and this is recorded:\n%s", remarks.all(), got[max(0, len(got)-500):])
	}
}

// Past its bound a recording goes on to cover what it says.
func TestSecretsOfAFullRecording(t *testing.T) {
	got := recorded(t, Header{Session: "s1", Mode: "raw"}, func(r *Recorder) {
		r.most.Store(4 << 10)
		r.Done(0, event(1, core.ServerBytes, "hunter2"), []core.Action{value("hunter2")})
		for n := range 10 {
			r.Done(0, event(2+n, core.ServerBytes, strings.Repeat("hunter2 ", 100)), nil)
		}
		r.Done(0, event(20, core.ServerBytes, "other"), []core.Action{value("other")})
		r.Remark(0, "hunter2 and other")
		r.End(0, "hunter2")
	})
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "-- the recording has reached") || !strings.Contains(got, "-- *******") ||
		!strings.Contains(got, "-- not kept: 0 bytes from the client, ") {
		t.Errorf("got\n%s", got)
	}
	got = recorded(t, Header{Session: "s1", Mode: "raw"}, func(r *Recorder) {
		r.most.Store(1 << 10)
		r.Done(0, event(1, core.ServerBytes, strings.Repeat("x", 2<<10)), nil)
		r.Done(0, event(2, core.ClientText, "PASS hunter2"), []core.Action{value("hunter2")}) // is not looked at
		r.End(0, "")
	})
	if !strings.Contains(got, "-- not kept: 12 bytes from the client, 2048 bytes from the server") {
		t.Errorf("got\n%s", got)
	}
}

// However a session's streams are cut, no value is in the file, and nothing else
// is covered.
func TestSecretsAreCoveredHoweverTheyAreCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		secrets := rapid.SliceOfN(rapid.StringMatching(`[a-c]{4,8}`), 1, 3).Draw(rt, "secrets")
		said := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching(`[a-c ]{0,5}`), rapid.SampledFrom(secrets)), 1, 30).Draw(rt, "said")
		a := Record(folder(t), quiet)
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		var marks []core.Action
		for _, s := range secrets {
			marks = append(marks, value(s))
		}
		r.Done(0, wire.Event{}, marks)
		stream := strings.Join(said, "") + " "
		n := 0
		for left := stream; left != ""; {
			cut := rapid.IntRange(1, len(left)).Draw(rt, "cut")
			n++
			r.Done(0, event(n, core.ServerBytes, left[:cut]), []core.Action{action(core.SendBinary, left[:cut])})
			if left = left[cut:]; rapid.Bool().Draw(rt, "written") {
				r.mu.Lock()
				r.made = append(r.made, r.makeText(nil, r.most.Load()))
				r.mu.Unlock()
			}
		}
		r.End(0, "over")
		closeAll(t, a)
		want := []byte(stream)
		for _, s := range secrets {
			for at := range stream {
				if strings.HasPrefix(stream[at:], s) {
					copy(want[at:], bytes.Repeat([]byte("*"), len(s)))
				}
			}
		}
		parsed, err := transcript.Parse("x", []byte(text(t, a, r.ID())))
		if err != nil {
			rt.Fatal(err)
		}
		var from, to []byte
		for _, e := range parsed.Entries {
			from = append(from, e.Event.Data...)
			if e.Action.Kind == core.SendBinary {
				to = append(to, e.Action.Data...)
			}
		}
		if string(from) != string(want) || string(to) != string(want) {
			rt.Fatalf("of %q with %q\nfrom the server %q\n to the client  %q\nwant            %q", stream, secrets, from, to, want)
		}
	})
}
