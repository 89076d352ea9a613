package echoquit

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
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
	clientEOF = core.Event{Kind: core.ClientEOF}
	serverEOF = core.Event{Kind: core.ServerEOF}
)

const (
	armed   = "timer mismatch 100ms"
	off     = "timer mismatch off"
	differs = "note the reply differs"
	unasked = "note the server sent"
)

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/echo-quit") }

func TestConformance(t *testing.T) {
	plugintest.Conformance(t, Discipline(), "../../testdata/echo-quit")
}

func TestMachine(t *testing.T) {
	for name, script := range map[string]string{
		"an echo": `
			>> client text "hi"
			<< server "hi"
			>> server "hi"
			<< client text "hi"
		`,
		"held until it is whole": `
			>> client text "hi"
			<< server "hi"
			>> server "h"
		`,
		"in two reads": `
			>> client text "hi"
			<< server "hi"
			>> server "h"
			>> server "i"
			<< client text "hi"
		`,
		"the same kind": `
			>> client binary "hi"
			<< server "hi"
			>> server "hi"
			<< client binary "hi"
			>> client binary "\xff"
			<< server "\xff"
			>> server "\xff"
			<< client binary "\xff"
		`,
		"several outstanding": `
			>> client text "a"
			<< server "a"
			>> client binary "bb"
			<< server "bb"
			>> client text "c"
			<< server "c"
			>> server "abbc"
			<< client text "a"
			<< client binary "bb"
			<< client text "c"
		`,
		"an empty message": `
			>> client text ""
			<< note "not sent: the message is empty, there is nothing to echo"
			>> client binary ""
			<< note "not sent: the message is empty, there is nothing to echo"
		`,
		"a mismatch and its timer": `
			>> client text "hello"
			<< server "hello"
			>> server "help"
			<< timer mismatch 100ms
			>> server "me"
			>> timer mismatch
			<< client text "hel"
			<< client text "pme"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
			>> client text "x"
			<< server "x"
			>> server "x"
			<< client text "x"
		`,
		"from the first byte": `
			>> client text "a"
			<< server "a"
			>> server "b"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client text "b"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"later replies are forgotten": `
			>> client text "a"
			<< server "a"
			>> client text "b"
			<< server "b"
			>> server "x"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client text "x"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
			>> server "ab"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client text "ab"
			<< note "the server sent this unasked: nothing was outstanding"
		`,
		"after a whole reply": `
			>> client text "a"
			<< server "a"
			>> server "ab"
			<< client text "a"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client text "b"
			<< note "the server sent this unasked: nothing was outstanding"
		`,
		"a greeting": `
			>> server "220 hi\r\n"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client text "220 hi\r\n"
			<< note "the server sent this unasked: nothing was outstanding"
		`,
		"the client speaks first": `
			>> server "hi"
			<< timer mismatch 100ms
			>> client text "a"
			<< client text "hi"
			<< note "the server sent this unasked: nothing was outstanding"
			<< timer mismatch off
			<< server "a"
			>> server "a"
			<< client text "a"
		`,
		"even an empty message": `
			>> server "hi"
			<< timer mismatch 100ms
			>> client text ""
			<< client text "hi"
			<< note "the server sent this unasked: nothing was outstanding"
			<< timer mismatch off
			<< note "not sent: the message is empty, there is nothing to echo"
		`,
		"the client's half-close": `
			>> server "hi"
			<< timer mismatch 100ms
			>> client eof
			<< client text "hi"
			<< note "the server sent this unasked: nothing was outstanding"
			<< timer mismatch off
		`,
		"the client's close": `
			>> server "hi"
			<< timer mismatch 100ms
			>> client closed
			<< client text "hi"
			<< note "the server sent this unasked: nothing was outstanding"
			<< timer mismatch off
		`,
		"echoes go on after half-close": `
			>> client text "a"
			<< server "a"
			>> client eof
			>> server "a"
			<< client text "a"
		`,
		"end of stream": `
			>> client text "hello"
			<< server "hello"
			>> server "hexx"
			<< timer mismatch 100ms
			>> server eof
			<< client text "he"
			<< client text "xx"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"a reset": `
			>> server "hi"
			<< timer mismatch 100ms
			>> server failed "connection reset"
			<< client text "hi"
			<< note "the server sent this unasked: nothing was outstanding"
		`,
		"part of a reply at the end is not a mismatch": `
			>> client text "hello"
			<< server "hello"
			>> server "he"
			>> server eof
			<< client text "he"
		`,
		"nothing at the end": `
			>> client text "hello"
			<< server "hello"
			>> server eof
		`,
		"kind of the last message sent": `
			>> client binary "a"
			<< server "a"
			>> server "b"
			<< timer mismatch 100ms
			>> client text "c"
			<< client binary "b"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
			<< timer mismatch off
			<< server "c"
			>> server "d"
			<< timer mismatch 100ms
			>> server eof
			<< client text "d"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"an empty message is not sent": `
			>> client binary "a"
			<< server "a"
			>> server "a"
			<< client binary "a"
			>> client text ""
			<< note "not sent: the message is empty, there is nothing to echo"
			>> server "d"
			<< timer mismatch 100ms
			>> server eof
			<< client binary "d"
			<< note "the server sent this unasked: nothing was outstanding"
		`,
		"what is not UTF-8 is binary": `
			>> client text "a"
			<< server "a"
			>> server "\xff"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client binary "\xff"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"a rune broken off is binary": `
			>> client text "é"
			<< server "é"
			>> server "\xc3x"
			<< timer mismatch 100ms
			>> timer mismatch
			<< client binary "\xc3"
			<< client text "x"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"quit": `
			>> client text "quit"
			<< server "quit"
			<< timer quit 2s
			>> server eof
		`,
		"quit is echoed too": `
			>> client text "quit now"
			<< server "quit now"
			<< timer quit 2s
			>> server "quit "
			>> server "now"
			<< client text "quit now"
			>> timer quit
			<< close "the server did not close within 2 s of quit"
		`,
		"part of quit": `
			>> client binary "quit"
			<< server "quit"
			<< timer quit 2s
			>> server "qu"
			>> timer quit
			<< client binary "qu"
			<< close "the server did not close within 2 s of quit"
		`,
		"replies before it still count": `
			>> client text "a"
			<< server "a"
			>> client text "quit"
			<< server "quit"
			<< timer quit 2s
			>> server "a"
			<< client text "a"
			>> server eof
		`,
		"a farewell is a mismatch": `
			>> client text "quit"
			<< server "quit"
			<< timer quit 2s
			>> server "bye"
			<< timer mismatch 100ms
			>> server eof
			<< client text "bye"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
		`,
		"held when the time is over": `
			>> client text "quit"
			<< server "quit"
			<< timer quit 2s
			>> server "bye"
			<< timer mismatch 100ms
			>> timer quit
			<< client text "bye"
			<< note "the reply differs from what was sent; what was outstanding is forgotten"
			<< close "the server did not close within 2 s of quit"
		`,
		"nothing after quit": `
			>> client text "quit"
			<< server "quit"
			<< timer quit 2s
			>> client text "a"
			<< note "not sent: quit was sent before, the session is ending"
			>> client text "quit"
			<< note "not sent: quit was sent before, the session is ending"
			>> client text ""
			<< note "not sent: quit was sent before, the session is ending"
			>> server "q"
		`,
		"not at the start": `
			>> client text " quit"
			<< server " quit"
			>> client text "QUIT"
			<< server "QUIT"
			>> client text "qui"
			<< server "qui"
		`,
	} {
		t.Run(name, func(t *testing.T) { plugintest.Script(t, Discipline(), script) })
	}
}

// short shows an action by the length of its payload if that is long.
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
		{"and the rest begins again", []core.Event{server(a + a + "b"), timer("mismatch")},
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
			check(t, tt.events)
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

// script turns fuzz input into events: a kind, a length, a number of repetitions, and
// that many bytes of payload. Echoed messages are common, so that a script gets past
// the first mismatch.
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
	f.Add([]byte("\x00\x05\x00hello\x03\x02\x00ab\x04\x00\x06\x04\x00\x20\x08\x01\x00x\x09\x00\x00"))
	f.Add([]byte("\x00\x01\xffa\x08\x10\xff0123456789abcdef\x08\x10\xff0123456789abcdef\x08\x80\xffxxxx\x0b\x00\x00"))
	f.Add([]byte("\x08\x03\x00hi!\x00\x04\x00quit\x04\x00\x01\x0a\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		check(t, script(in))
	})
}

func TestRandomScripts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	scripts := 300
	if testing.Short() {
		scripts = 50
	}
	for range scripts {
		var in []byte
		for range 1 + rng.IntN(40) {
			payload := make([]byte, rng.IntN(6))
			for i := range payload {
				payload[i] = "aquité\xff"[rng.IntN(8)]
			}
			in = append(in, byte(rng.IntN(12)), byte(len(payload)), byte(rng.IntN(3)))
			in = append(in, payload...)
		}
		check(t, script(in))
	}
}
