package echoquit

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestManifest(t *testing.T) {
	d := Discipline()
	if err := d.Manifest.Validate(); err != nil {
		t.Error(err)
	}
	if !d.Manifest.Boundaries || d.Manifest.Input != core.InputLine {
		t.Errorf("boundaries %v, input %q", d.Manifest.Boundaries, d.Manifest.Input)
	}
}

func text(s string) core.Event   { return core.Event{Kind: core.ClientText, Data: []byte(s)} }
func bin(s string) core.Event    { return core.Event{Kind: core.ClientBinary, Data: []byte(s)} }
func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func timer(s string) core.Event  { return core.Event{Kind: core.TimerFired, Data: []byte(s)} }

var (
	clientEOF    = core.Event{Kind: core.ClientEOF}
	clientClosed = core.Event{Kind: core.ClientClosed}
	serverEOF    = core.Event{Kind: core.ServerEOF}
	serverFailed = core.Event{Kind: core.ServerFailed, Data: []byte("connection reset")}
)

const (
	armed   = "timer mismatch 100ms"
	off     = "timer mismatch off"
	differs = "note the reply differs"
	unasked = "note the server sent"
)

// A test's want is the actions of all events, in order.
func TestMachine(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []core.Event
		want   []string
	}{
		{"an echo", []core.Event{text("hi"), server("hi")}, []string{`server "hi"`, `text "hi"`}},
		{"held until it is whole", []core.Event{text("hi"), server("h")}, []string{`server "hi"`}},
		{"in two reads", []core.Event{text("hi"), server("h"), server("i")}, []string{`server "hi"`, `text "hi"`}},
		{"the same kind", []core.Event{bin("hi"), server("hi"), bin("\xff"), server("\xff")}, []string{`server "hi"`, `binary "hi"`, `server "\xff"`, `binary "\xff"`}},
		{"several outstanding", []core.Event{text("a"), bin("bb"), text("c"), server("abbc")}, []string{`server "a"`, `server "bb"`, `server "c"`, `text "a"`, `binary "bb"`, `text "c"`}},
		{"an empty message", []core.Event{text(""), bin("")}, []string{"note not sent: the", "note not sent: the"}},

		{"a mismatch and its timer", []core.Event{text("hello"), server("help"), server("me"), timer("mismatch"), text("x"), server("x")},
			[]string{`server "hello"`, armed, `text "hel"`, `text "pme"`, differs, `server "x"`, `text "x"`}},
		{"from the first byte", []core.Event{text("a"), server("b"), timer("mismatch")}, []string{`server "a"`, armed, `text "b"`, differs}},
		{"later replies are forgotten", []core.Event{text("a"), text("b"), server("x"), timer("mismatch"), server("ab"), timer("mismatch")},
			[]string{`server "a"`, `server "b"`, armed, `text "x"`, differs, armed, `text "ab"`, unasked}},
		{"after a whole reply", []core.Event{text("a"), server("ab"), timer("mismatch")}, []string{`server "a"`, `text "a"`, armed, `text "b"`, unasked}},
		{"a greeting", []core.Event{server("220 hi\r\n"), timer("mismatch")}, []string{armed, `text "220 hi\r\n"`, unasked}},
		{"the client speaks first", []core.Event{server("hi"), text("a"), server("a")}, []string{armed, `text "hi"`, unasked, off, `server "a"`, `text "a"`}},
		{"even an empty message", []core.Event{server("hi"), text("")}, []string{armed, `text "hi"`, unasked, off, "note not sent: the"}},
		{"the client's half-close", []core.Event{server("hi"), clientEOF}, []string{armed, `text "hi"`, unasked, off}},
		{"the client's close", []core.Event{server("hi"), clientClosed}, []string{armed, `text "hi"`, unasked, off}},
		{"echoes go on after half-close", []core.Event{text("a"), clientEOF, server("a")}, []string{`server "a"`, `text "a"`}},
		{"end of stream", []core.Event{text("hello"), server("hexx"), serverEOF}, []string{`server "hello"`, armed, `text "he"`, `text "xx"`, differs}},
		{"a reset", []core.Event{server("hi"), serverFailed}, []string{armed, `text "hi"`, unasked}},
		{"part of a reply at the end is no mismatch", []core.Event{text("hello"), server("he"), serverEOF}, []string{`server "hello"`, `text "he"`}},
		{"nothing at the end", []core.Event{text("hello"), serverEOF}, []string{`server "hello"`}},

		{"kind of the last message sent", []core.Event{bin("a"), server("b"), text("c"), server("d"), serverEOF},
			[]string{`server "a"`, armed, `binary "b"`, differs, off, `server "c"`, armed, `text "d"`, differs}},
		{"an empty message is not sent", []core.Event{bin("a"), server("a"), text(""), server("d"), serverEOF},
			[]string{`server "a"`, `binary "a"`, "note not sent: the", armed, `binary "d"`, unasked}},
		{"what is not UTF-8 is binary", []core.Event{text("a"), server("\xff"), timer("mismatch")}, []string{`server "a"`, armed, `binary "\xff"`, differs}},
		{"a rune broken off is binary", []core.Event{text("é"), server("\xc3x"), timer("mismatch")}, []string{`server "é"`, armed, `binary "\xc3"`, `text "x"`, differs}},

		{"quit", []core.Event{text("quit"), serverEOF}, []string{`server "quit"`, "timer quit 2s"}},
		{"quit is echoed too", []core.Event{text("quit now"), server("quit "), server("now"), timer("quit")},
			[]string{`server "quit now"`, "timer quit 2s", `text "quit now"`, "close"}},
		{"part of quit", []core.Event{bin("quit"), server("qu"), timer("quit")}, []string{`server "quit"`, "timer quit 2s", `binary "qu"`, "close"}},
		{"replies before it still count", []core.Event{text("a"), text("quit"), server("a"), serverEOF},
			[]string{`server "a"`, `server "quit"`, "timer quit 2s", `text "a"`}},
		{"a farewell is a mismatch", []core.Event{text("quit"), server("bye"), serverEOF}, []string{`server "quit"`, "timer quit 2s", armed, `text "bye"`, differs}},
		{"held when the time is over", []core.Event{text("quit"), server("bye"), timer("quit")}, []string{`server "quit"`, "timer quit 2s", armed, `text "bye"`, differs, "close"}},
		{"nothing after quit", []core.Event{text("quit"), text("a"), text("quit"), text(""), server("q")},
			[]string{`server "quit"`, "timer quit 2s", "note not sent: quit", "note not sent: quit", "note not sent: quit"}},
		{"not at the start", []core.Event{text(" quit"), text("QUIT"), text("qui")}, []string{`server " quit"`, `server "QUIT"`, `server "qui"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t)
			var got []string
			for _, ev := range tt.events {
				got = append(got, answer(t, m, ev)...)
			}
			if diff := cmp.Diff(tt.want, quoted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkScript(t, rand.New(rand.NewPCG(1, 2)), tt.events)
		})
	}
}

// short shows an action by the length of its payload when that is long.
func short(actions []string) []string {
	for i, a := range actions {
		if kind, payload, _ := strings.Cut(a, " "); len(payload) > 60 {
			actions[i] = kind + " " + strings.Trim(payload, `"`)[:1] + "…"
		}
	}
	return actions
}

func TestMismatchLeavesAt64KiB(t *testing.T) {
	a := strings.Repeat("a", maxHeld)
	for _, tt := range []struct {
		name   string
		events []core.Event
		want   []string
	}{
		{"one byte less is held", []core.Event{server(a[1:])}, []string{armed}},
		{"exactly", []core.Event{server(a)}, []string{armed, "text a…", unasked, off}},
		{"and the rest begins anew", []core.Event{server(a + a + "b"), timer("mismatch")},
			[]string{armed, "text a…", unasked, off, armed, "text a…", unasked, off, armed, `text "b"`, unasked}},
		{"what had matched does not count", []core.Event{text("xy"), server("x" + a + "y"), timer("mismatch")},
			[]string{`server "xy"`, armed, `text "x"`, "text a…", differs, off, armed, `text "y"`, unasked}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t)
			var got []string
			for _, ev := range tt.events {
				got = append(got, answer(t, m, ev)...)
			}
			if diff := cmp.Diff(tt.want, short(quoted(got))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkScript(t, rand.New(rand.NewPCG(1, 2)), tt.events)
		})
	}
}

func TestOver1MiBOutstanding(t *testing.T) {
	m, mib := open(t), strings.Repeat("a", maxOutstanding)
	step := func(ev core.Event, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, short(quoted(answer(t, m, ev))), cmp.Transformer("len", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	step(text("x"), `server "x"`)
	step(text(mib[1:]), "server a…")
	step(server("x"), `text "x"`)
	step(text("a"), `server "a"`)                                   // as much as may be
	step(server("aaa"))                                             // makes room for three
	step(text("bbb"), `server "bbb"`)                               // and again as much as may be
	step(text("c"), `server "c"`, `text "aaa"`, "note more than 1") // over
	if got := cap(m.outstanding.buf); got > keep {
		t.Errorf("%d bytes are kept for messages that are forgotten", got)
	}
	state, err := m.Checkpoint(nil)
	if m = open(t); err != nil || m.Restore(state) != nil {
		t.Fatalf("the checkpoint %q, %v was not restored", state, err)
	}
	step(text("d"), `server "d"`) // no more notes, and nothing is outstanding
	step(server("d"), armed)
	step(timer("mismatch"), `text "d"`)
	step(server("x"), armed)
	step(bin("quit"), `text "x"`, off, `server "quit"`, "timer quit 2s")
	step(server("quit"), armed)
	step(serverEOF, `binary "quit"`)
}

func TestCheckpointTooLarge(t *testing.T) {
	m := open(t)
	answer(t, m, text(strings.Repeat("a", maxOutstanding)))
	if _, err := m.Checkpoint(nil); err != core.ErrNoCheckpoint {
		t.Errorf("got %v", err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	for name, state := range map[string]string{
		"nothing":               "",
		"a flag that is not":    "\x08\x00\x00",
		"cut short":             "\x00\x00",
		"more held than there":  "\x00\x00\x02a",
		"too much held":         "\x00\x00\x80\x80\x04" + strings.Repeat("a", maxHeld),
		"an empty message":      "\x00\x00\x00\x00",
		"a message cut short":   "\x00\x00\x00\x04a",
		"matched whole":         "\x00\x01\x00\x02a",
		"matched of nothing":    "\x00\x01\x00",
		"a varint too long":     "\x00\x80\x00\x00",
		"compared after all":    "\x02\x00\x00\x02a",
		"a length past any int": "\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
		"huge matched":          "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02a",
	} {
		m := open(t)
		answer(t, m, text("kept"))
		if m.Restore([]byte(state)) == nil {
			t.Errorf("%s was restored", name)
		}
		if got := answer(t, m, server("kept")); len(got) != 1 || got[0] != "text kept" {
			t.Errorf("%s changed the machine: %q", name, got)
		}
	}
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte("\x01\x02\x03abc\x08mess\x03b"))
	f.Fuzz(func(t *testing.T, state []byte) {
		m := open(t)
		if m.Restore(state) != nil {
			return
		}
		again, err := m.Checkpoint(nil)
		if err != nil || !bytes.Equal(again, state) {
			t.Fatalf("%q was restored and written as %q, %v", state, again, err)
		}
		answer(t, m, server("mess"))
		answer(t, m, serverEOF)
	})
}

// script turns fuzz input into events: a kind, a length, a number of
// repetitions, and so many bytes of payload. Echoed messages are common, so
// that a script gets past the first mismatch.
func script(in []byte) []core.Event {
	var events []core.Event
	var echo []byte // what the server has not echoed
	for total := 0; len(in) >= 3 && total < 5*maxHeld; {
		op, n, times := in[0]%12, min(int(in[1]), len(in)-3), 1+int(in[2])
		data := bytes.Repeat(in[3:3+n], times)
		in = in[3+n:]
		total += len(data)
		switch op {
		case 0, 1, 2:
			data = bytes.ToValidUTF8(data, []byte("?"))
			events, echo = append(events, core.Event{Kind: core.ClientText, Data: data}), append(echo, data...)
		case 3:
			events, echo = append(events, core.Event{Kind: core.ClientBinary, Data: data}), append(echo, data...)
		case 4, 5, 6, 7:
			n := min(len(echo), times)
			data, echo = echo[:n], echo[n:]
			if n > 0 {
				events = append(events, core.Event{Kind: core.ServerBytes, Data: data})
			}
		case 8:
			if len(data) > 0 {
				events = append(events, core.Event{Kind: core.ServerBytes, Data: data})
			}
		case 9:
			events = append(events, timer(mismatchTimer))
		case 10:
			events = append(events, timer(quitTimer))
		case 11:
			events = append(events, clientEOF)
		}
	}
	return append(events, serverEOF)
}

func FuzzMachine(f *testing.F) {
	f.Add(uint64(1), []byte("\x00\x05\x00hello\x03\x02\x00ab\x04\x00\x06\x04\x00\x20\x08\x01\x00x\x09\x00\x00"))
	f.Add(uint64(2), []byte("\x00\x01\xffa\x08\x10\xff0123456789abcdef\x08\x10\xff0123456789abcdef\x08\x80\xffxxxx\x0b\x00\x00"))
	f.Add(uint64(3), []byte("\x08\x03\x00hi!\x00\x04\x00quit\x04\x00\x01\x0a\x00\x00"))
	f.Fuzz(func(t *testing.T, seed uint64, in []byte) {
		checkScript(t, rand.New(rand.NewPCG(seed, 0)), script(in))
	})
}

func TestRandomScripts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var in []byte
		for range 1 + rng.IntN(40) {
			payload := make([]byte, rng.IntN(6))
			for i := range payload {
				payload[i] = "aquité\xff"[rng.IntN(8)]
			}
			in = append(in, byte(rng.IntN(12)), byte(len(payload)), byte(rng.IntN(3)))
			in = append(in, payload...)
		}
		checkScript(t, rng, script(in))
	}
}
