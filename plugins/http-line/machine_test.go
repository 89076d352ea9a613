package httpline

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

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
	for _, eol := range d.Manifest.Options[0].Choices {
		if _, ok := lineEnds[eol]; !ok {
			t.Errorf("choice %s of eol has no bytes", eol)
		}
	}
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }

var serverEOF = core.Event{Kind: core.ServerEOF}

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/http-line") }

func TestConformance(t *testing.T) {
	plugintest.Conformance(t, Discipline(), "../../testdata/http-line")
}

func TestMachine(t *testing.T) {
	for name, script := range map[string]string{
		"CR LF goes in the same write": `
			>> client text "GET / HTTP/1.0"
			<< server "GET / HTTP/1.0\r\n"
			>> client text ""
			<< server "\r\n"
		`,
		"a message's own line ends stay": `
			>> client text "a\n"
			               "b\r\n"
			<< server "a\n"
			          "b\r\n"
			          "\r\n"
		`,
		"eol lf": `
			option eol "lf"

			>> client text "a"
			<< server "a\n"
			>> client binary "b"
			<< server "b\n"
		`,
		"eol cr": `
			option eol "cr"

			>> client text "a"
			<< server "a\r"
		`,
		"eol none": `
			option eol "none"

			>> client text "a"
			<< server "a"
		`,
		"binary goes as it is": `
			>> client binary "\x00\xff"
			<< server "\x00\xff\r\n"
		`,
		"lines": `
			>> server "a\r\n"
			          "b\n"
			          "\r\n"
			          "\n"
			          "c"
			<< client text "a"
			<< client text "b"
			<< client text ""
			<< client text ""
		`,
		"one CR is dropped": `
			>> server "a\r\r\n"
			          "b\rc\n"
			          "\r\r\n"
			<< client text "a\r"
			<< client text "b\rc"
			<< client text "\r"
		`,
		"CR LF cut in two": `
			>> server "a\r"
			>> server "\n"
			          "b\r\n"
			<< client text "a"
			<< client text "b"
		`,
		"end of stream": `
			>> server "a\n"
			          "b"
			<< client text "a"
			>> server eof
			<< client text "b"
		`,
		"nothing at end of stream": `
			>> server "a\n"
			<< client text "a"
			>> server eof
		`,
		"a lone CR stays at the end": `
			>> server "a\r"
			>> server eof
			<< client text "a\r"
		`,
		"and alone": `
			>> server "\r"
			>> server eof
			<< client text "\r"
		`,
		"a broken connection": `
			>> server "a"
			>> server failed "connection reset"
			<< client text "a"
		`,
		"the client's ends are the core's": `
			>> server "a"
			>> client eof
			>> server "b\n"
			<< client text "ab"
			>> client closed
		`,
		"invalid UTF-8": `
			>> server "\xff\xfe\xe2\x82 é\n"
			<< client text "���� é"
		`,
		"latin-1 in": `
			option charset "latin-1"

			>> server "caf\xe9\x80\n"
			<< client text "café\u0080"
		`,
		"latin-1 out": `
			option charset "latin-1"

			>> client text "café"
			<< server "caf\xe9\r\n"
			>> client binary "é"
			<< server "é\r\n"
		`,
		"latin-1 lacks": `
			option charset "latin-1"

			>> client text "5 € or 6 €"
			<< server "5 ? or 6 ?\r\n"
			<< note "the message has characters that latin-1 lacks; they were sent as '?'"
		`,
		"latin-1, the last it has": `
			option charset "latin-1"

			>> client text "ÿĀ"
			<< server "\xff?\r\n"
			<< note "the message has characters that latin-1 lacks; they were sent as '?'"
		`,
	} {
		t.Run(name, func(t *testing.T) { plugintest.Script(t, Discipline(), script) })
	}
}

// Each want is a message's length in bytes as the client sees it; -1 is the note.
func TestLongLines(t *testing.T) {
	const k = maxLine
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, tt := range []struct {
		name    string
		charset string
		stream  string
		end     bool
		want    []int
	}{
		{"the bound and CR LF", "utf-8", a(k) + "\r\n", false, []int{k}},
		{"the bound and LF", "utf-8", a(k) + "\n", false, []int{k}},
		{"the bound, not finished", "utf-8", a(k), true, []int{k}},
		{"one more and CR LF", "utf-8", a(k+1) + "\r\n", false, []int{k, -1, 1}},
		{"one more and LF", "utf-8", a(k+1) + "\n", false, []int{k, -1, 1}},
		{"one more, not finished", "utf-8", a(k + 1), true, []int{k, -1, 1}},
		{"a CR at the end counts", "utf-8", a(k) + "\r", true, []int{k, -1, 1}},
		{"the bound, CR, CR LF", "utf-8", a(k) + "\r\r\n", false, []int{k, -1, 1}},
		{"one less than leaves", "utf-8", a(k + 1), false, nil},
		{"a part leaves", "utf-8", a(k + 2), false, []int{k, -1}},
		{"one note a line", "utf-8", a(3*k) + "\n" + a(2*k+2) + "\nb\n", false, []int{k, -1, k, k, k, -1, k, 2, 1}},
		{"two parts and nothing more", "utf-8", a(2*k) + "\r\n", false, []int{k, -1, k}},
		{"back to a whole rune of two", "utf-8", a(k-1) + "éb\n", false, []int{k - 1, -1, 3}},
		{"of three", "utf-8", a(k-2) + "€b\n", false, []int{k - 2, -1, 4}},
		{"of three, first byte", "utf-8", a(k-1) + "€b\n", false, []int{k - 1, -1, 4}},
		{"of four", "utf-8", a(k-3) + "😀b\n", false, []int{k - 3, -1, 5}},
		{"of four, first byte", "utf-8", a(k-1) + "😀b\n", false, []int{k - 1, -1, 5}},
		{"a rune that fits", "utf-8", a(k-4) + "😀bc\n", false, []int{k, -1, 2}},
		{"counted from the part before", "utf-8", a(k-1) + "é" + a(k-2) + "b\n", false, []int{k - 1, -1, k, 1}},
		{"invalid bytes are cut anywhere", "utf-8", strings.Repeat("\x80", k+2), false, []int{3 * k, -1}},
		{"a rune that never ends", "utf-8", a(k-1) + "\xe2\x82", true, []int{k - 1, -1, 6}},
		{"no rune at all", "utf-8", a(k-1) + "\xe2ab\n", false, []int{k - 1 + 3, -1, 2}},
		{"latin-1 counts the server's bytes", "latin-1", strings.Repeat("\xe9", k) + "\r\n", false, []int{2 * k}},
		{"latin-1 knows no runes", "latin-1", a(k-1) + "\xc3\xa9b\n", false, []int{k + 1, -1, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			events := []core.Event{server(tt.stream)}
			if tt.end {
				events = append(events, serverEOF)
			}
			m := open(t, "charset", tt.charset)
			var got []int
			for _, ev := range events {
				for _, a := range answer(t, m, ev) {
					if a == "note" {
						got = append(got, -1)
						continue
					}
					s, ok := strings.CutPrefix(a, "text ")
					if !ok || !utf8.ValidString(s) {
						t.Fatalf("%.80q", a)
					}
					got = append(got, len(s))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			check(t, events, "charset", tt.charset)
		})
	}
}

// The parts of a line, joined, are the line.
func TestPartsJoinToTheLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	alphabet := []string{"a", "é", "€", "😀", "\x80", "\xe2\x82", "\xf0\x9f", "\r", "\xff"}
	for range 20 {
		var line strings.Builder
		for line.Len() < 2*maxLine+rng.IntN(maxLine) {
			for s := alphabet[rng.IntN(len(alphabet))]; rng.IntN(50) > 0; {
				line.WriteString(s)
			}
		}
		m := open(t)
		var got strings.Builder
		for _, a := range append(answer(t, m, server(line.String())), answer(t, m, serverEOF)...) {
			if s, ok := strings.CutPrefix(a, "text "); ok {
				got.WriteString(s)
			}
		}
		if want := string([]rune(line.String())); got.String() != want {
			t.Fatalf("the parts are not the line")
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	for name, state := range map[string]string{
		"nothing":              "",
		"a flag that is not":   "\x02a",
		"an LF":                "\x00a\nb",
		"too much":             "\x00" + strings.Repeat("a", maxLine+2),
		"parts without a rest": "\x01a",
	} {
		m := open(t)
		answer(t, m, server("kept"))
		if m.Restore([]byte(state)) == nil {
			t.Errorf("%s was restored", name)
		}
		if string(m.held) != "kept" {
			t.Errorf("%s changed the machine", name)
		}
	}
}

// script turns fuzz input into events: a kind, a length, a number of repetitions, and
// that many bytes of payload.
func script(in []byte) []core.Event {
	kinds := []core.EventKind{
		core.ServerBytes, core.ServerBytes, core.ServerBytes, core.ServerBytes,
		core.ClientText, core.ClientBinary, core.ClientEOF, core.ServerBytes,
	}
	var events []core.Event
	total := 0
	for len(in) >= 4 && total < 2*maxLine {
		kind := kinds[in[0]%8]
		n := min(int(in[1]), len(in)-4)
		times := 1 + int(binary.BigEndian.Uint16(in[2:])%(maxLine/4))
		data := in[4 : 4+n]
		in = in[4+n:]
		if n > 0 {
			data = bytes.Repeat(data, min(times, 1+(maxLine+4)/n))
		}
		if kind == core.ClientText {
			data = bytes.ToValidUTF8(data, []byte("?"))
		}
		switch {
		case !kind.IsBytes():
			data = nil
		case kind == core.ServerBytes && n == 0:
			continue // a read that returned nothing is not an event
		}
		total += len(data)
		events = append(events, core.Event{Kind: kind, Data: data})
	}
	return append(events, serverEOF)
}

func TestRandomScripts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	scripts := 300
	if testing.Short() {
		scripts = 50
	}
	for i := range scripts {
		var in []byte
		for range 1 + rng.IntN(30) {
			payload := make([]byte, rng.IntN(6))
			for i := range payload {
				payload[i] = "a\r\n\r\né\xff"[rng.IntN(8)]
			}
			in = append(in, byte(rng.IntN(8)), byte(len(payload)), 0, byte(rng.IntN(3)))
			in = append(in, payload...)
		}
		check(t, script(in), "charset", []string{"utf-8", latin1}[i%2])
	}
}

func FuzzMachine(f *testing.F) {
	f.Add(uint64(1), []byte("\x04\x05\x00\x00hello\x00\x08\x00\x00a\r\n\r\nbc\r\x00\x02\x00\x00\nx"))
	f.Add(uint64(2), []byte("\x00\x03\x3f\xffa\xff\xc3\x00\x04\x3f\xff\xf0\x9f\x98\x80\x00\x02\x00\x00\r\n"))
	f.Add(uint64(3), []byte("\x00\x01\x3f\xffa\x00\x01\x3f\xffa\x00\x01\x3f\xffa\x00\x01\x3f\xffa\x00\x03\x00\x00a\r\n"))
	f.Fuzz(func(t *testing.T, seed uint64, in []byte) {
		options := []string{"charset", []string{"utf-8", "latin-1"}[seed%2]}
		check(t, script(in), options...)
	})
}

// lines is an event of 256 KiB of 80-byte lines.
func lines() core.Event {
	return core.Event{Kind: core.ServerBytes, Data: bytes.Repeat([]byte(strings.Repeat("x", 78)+"\r\n"), 256<<10/80)}
}

func TestNoAllocationPerLine(t *testing.T) {
	for _, charset := range []string{"utf-8", "latin-1"} {
		m, out, ev := open(t, "charset", charset), core.Out{}, lines()
		allocs := testing.AllocsPerRun(20, func() {
			out.Reset()
			if err := m.Handle(ev, &out); err != nil || out.Len() != 256<<10/80 {
				t.Fatal(err, out.Len())
			}
		})
		if allocs != 0 {
			t.Errorf("charset %s: %v allocations for an event of %d lines", charset, allocs, out.Len())
		}
	}
}

func BenchmarkLines(b *testing.B) {
	for _, charset := range []string{"utf-8", "latin-1"} {
		b.Run(charset, func(b *testing.B) {
			m, out, ev := open(b, "charset", charset), core.Out{}, lines()
			b.SetBytes(int64(len(ev.Data)))
			for b.Loop() {
				out.Reset()
				_ = m.Handle(ev, &out)
			}
			b.ReportMetric(float64(b.N)*float64(out.Len())/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
