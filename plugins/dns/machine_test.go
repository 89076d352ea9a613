package dns

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/dns") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/dns") }

// open makes a machine of a client end, which is watched if it is a stream or datagrams.
func open(t testing.TB, client core.ClientEnd, server core.ServerEnd) *machine {
	t.Helper()
	o := core.Opening{Client: client, Server: server, Watch: client != core.Messages, Options: core.Options{"edns": "off", "recurse": "true"}}
	m, err := Discipline().Open(o, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func watching(t testing.TB) *machine { return open(t, core.Stream, core.ServerStream) }
func byHand(t testing.TB) *machine   { return open(t, core.Messages, core.ServerStream) }

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var (
	serverEOF = core.Event{Kind: core.ServerEOF}
	clientEOF = core.Event{Kind: core.ClientEOF}
)

// framed returns messages, written in hex, as a stream has them.
func framed(messages ...string) string {
	var all []byte
	for _, m := range messages {
		data, err := hex.DecodeString(strings.ReplaceAll(m, " ", ""))
		if err != nil {
			panic(err)
		}
		all = append(binary.BigEndian.AppendUint16(all, uint16(len(data))), data...)
	}
	return string(all)
}

// A query for www.example.com and its response, both without the ID, in hex.
const (
	asksA = "0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001"
	saysA = "8180 0001 0001 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001 c00c 0001 0001 0000003c 0004 c0000201"
)

// What is shown and said of large messages is bounded, whatever their names lead to.
func TestLargeMessages(t *testing.T) {
	longest := strings.Repeat("3f"+strings.Repeat("00", 63), 3) + "3d" + strings.Repeat("00", 61) + "00"
	record := func(of string, many int) string {
		return fmt.Sprintf("0001 8180 0001 %04x 0000 0000 %s 0001 0001", many, longest) + strings.Repeat(of, many)
	}
	for name, message := range map[string]string{
		"many names":         record("c00c 0005 0001 00000000 0002 c00c", 4600),
		"several names each": record("c00c 0011 0001 00000000 0004 c00c c00c", 4000),
		"names in one":       record("c00c 0037 0001 00000000 0ff4 00 00 0000"+strings.Repeat("c00c", 2040), 15),
		"a bitmap":           record("c00c 002f 0001 00000000 0fff 00"+strings.Repeat("ff", 4094), 15),
		"small records":      "0001 8180 0000 1700 0000 0000" + strings.Repeat("00 0001 0001 00000000 0000", 5888),
		"options":            "0001 8180 0000 0000 0000 0001 00 0029 0400 00000000 ffe0" + strings.Repeat("0003 0000", 16376),
		"one large option":   "0001 8180 0000 0000 0000 0001 00 0029 0400 00000000 ffe0 0003 ffdc" + strings.Repeat("41", 65500),
		"a text":             "0001 8180 0000 0001 0000 0000 00 0010 0001 00000000 ff00" + strings.Repeat("ff"+strings.Repeat("00", 255), 255),
	} {
		t.Run(name, func(t *testing.T) {
			data := framed(message)
			n := min(len(data), core.MaxDecodedEvent)
			got := plugintest.Answers(t, byHand(t), server(data[:n]), server(data[n:]))
			if len(got) != 2 || len(got[0]) > maxShown+4*maxName+maxData+1000 || strings.Contains(got[1], "dns.rest") {
				t.Fatalf("%d answers, %d bytes: %.300q", len(got), len(got[0]), got[1:])
			}
		})
	}
}

// As many messages as an event may hold fit into its answer.
func TestManyMessages(t *testing.T) {
	for name, s := range map[string]string{
		"empty":          "\x00\x00",
		"headers":        framed("0001 8180 0000 0000 0000 0000"),
		"one long name":  framed("0001 8180 0001 0008 0000 0000 3f" + strings.Repeat("00", 63) + "3f" + strings.Repeat("00", 63) + "00 0001 0001" + strings.Repeat("c00c 0011 0001 00000000 0004 c00c c00c", 8)),
		"without answer": framed("0001" + asksA),
	} {
		t.Run(name, func(t *testing.T) {
			many := core.MaxDecodedEvent / len(s)
			if got := plugintest.Answers(t, byHand(t), server(strings.Repeat(s, many))); len(got) != 2*many {
				t.Errorf("%d answers to %d messages", len(got), many)
			}
		})
	}
	got := plugintest.Answers(t, byHand(t), core.Event{Kind: core.ClientBinary, Data: make([]byte, core.MaxEventPayload)})
	if want := core.MaxEventPayload/2 - maxTyped; len(got) != maxTyped+2 || !strings.HasPrefix(got[len(got)-1], fmt.Sprint(want)) {
		t.Errorf("%d answers, the last is %.80q", len(got), got[len(got)-1])
	}
	got = plugintest.Answers(t, byHand(t), typed(strings.Repeat("x\n", maxQueries+1)))
	if len(got) != 2 || !strings.Contains(got[0], "at most 1000 queries") {
		t.Errorf("%.80q", got)
	}
}

// Queries that nobody answers are forgotten, the oldest first.
func TestManyPending(t *testing.T) {
	m := watching(t)
	for id := range maxPending + 10 {
		plugintest.Answers(t, m, client(framed(fmt.Sprintf("%04x", id)+asksA)))
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	for id, known := range map[int]bool{0: false, maxPending/2 - 1: false, maxPending / 2: true, maxPending + 9: true} {
		got := plugintest.Answers(t, m, server(framed(fmt.Sprintf("%04x", id)+saysA)))
		if names := strings.Contains(got[0], " answers from-client "); names != known {
			t.Errorf("query %d: %.80q", id, got[0])
		}
	}
}

// IDs are drawn from the seed: others from another one, and never one that waits.
func TestIDs(t *testing.T) {
	m, other := byHand(t), byHand(t)
	other.seed[0] = 1
	lines := typed(strings.Repeat("example.com\n", maxQueries))
	for range 4 {
		if a, b := plugintest.Answers(t, m, lines), plugintest.Answers(t, other, lines); a[0] == b[0] {
			t.Fatal("the same IDs from two seeds")
		}
	}
	if len(m.pending) != 4*maxQueries {
		t.Errorf("%d IDs of %d queries", len(m.pending), 4*maxQueries)
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := watching(t)
	plugintest.Answers(t, m, client(framed("0001"+asksA, "0002 0000 0001 0000 0000 0000 00 00fc 0001")),
		server(framed("0002 8000 0000 0001 0000 0000 00 0006 0001 00000000 0016 00 00"+strings.Repeat("00000007", 5))+"\x00\x05a"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":54`, `"At":-1`}, {`"At":54`, `"At":3`}, {`"Held":"AAVh"`, `"Held":null,"X":1`}, {`"Held":"AAVh"`, `"Held":"AAV="`}, {`"ID":1,`, `"ID":2,`},
		{`"From":0`, `"From":-1`}, {`"From":0`, `"From":4000`}, {`"Messages":1`, `"Messages":0`}, {`"Seen":1`, `"Seen":-1`}, {`"Drawn":0`, `"Drawn":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if watching(t).Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzReplies has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		framed("0001"+asksA, "0001"+saysA), "\x00\x00\x00\x01a", framed("0001 8200 0001 0001 0000 0001 01 61 c00c 0001 0001"),
		framed("0001 8180 0000 0000 0000 0001 00 0029 0400 00008000 0004 0003 0000"),
		framed("0002 8000 0000 0001 0000 0000 00 0006 0001 00000000 0016 00 00" + strings.Repeat("00000007", 5)),
	} {
		f.Add([]byte(s), uint8(3), false)
		f.Add([]byte(s), uint8(17), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8, gap bool) {
		data = data[:min(len(data), core.MaxDecodedEvent)]
		for _, of := range []func(string) core.Event{client, server} {
			begin := func() *machine {
				m := watching(t)
				if gap {
					plugintest.Answers(t, m, core.Event{Kind: core.ServerUnseen, Data: []byte("7")}, core.Event{Kind: core.ClientUnseen, Data: []byte("7")})
				}
				return m
			}
			want := plugintest.Answers(t, begin(), of(string(data)), serverEOF, clientEOF)
			var got []string
			m := begin()
			for rest := string(data); len(rest) > 0; {
				n := min(len(rest), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, of(rest[:n]))...)
				rest = rest[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = watching(t)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
			got = append(got, plugintest.Answers(t, m, serverEOF, clientEOF)...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
			}
		}
	})
}

// FuzzMessage has a machine show what the fuzzer says in one message after a query.
func FuzzMessage(f *testing.F) {
	f.Add("0001", []byte(framed("0001" + saysA))[2:])
	for _, s := range []string{"AXFR a", "a +do", "-x ::1", "IXFR 7 a +nsid", "\\000.a CH TXT", "=00", "-q a -t TYPE9 -c hs +opcode=5", "+edns=0 +id=1"} {
		f.Add(s, []byte("\x00\x01\x82\x00\x00\x01\x00\x01\x00\x00\x00\x00\x01a\xc0\x0c\x00\x06\x00\x01"))
	}
	f.Fuzz(func(t *testing.T, text string, said []byte) {
		if !utf8.ValidString(text) || len(said) > maxMessage {
			t.Skip() // no client can send the one, no transport the other
		}
		m := byHand(t)
		m.Drawn = 0
		for _, a := range plugintest.Answers(t, m, typed(text), server(string(binary.BigEndian.AppendUint16(nil, uint16(len(said))))+string(said))) {
			if len(a) > 1<<20 {
				t.Errorf("an answer of %d bytes", len(a))
			}
		}
		plugintest.Events(t, Discipline(), nil, typed(text), server(string(said)+"\x00"), typed(text), serverEOF)
	})
}

// BenchmarkWatch has a machine watch 16 queries and their responses.
func BenchmarkWatch(b *testing.B) {
	mx := "8180 0001 0003 0000 0000 076578616d706c65 03636f6d 00 000f 0001" + strings.Repeat("c00c 000f 0001 0000003c 0009 000a 046d61696c c00c", 3)
	zone := "8400 0001 0400 0000 0000 076578616d706c65 03636f6d 00 00fc 0001" + strings.Repeat("04686f7374 c00c 0001 0001 0000003c 0004 c0000201", 1024)
	for name, of := range map[string][2]string{
		"a":    {asksA, saysA},
		"mx":   {"0100 0001 0000 0000 0000 076578616d706c65 03636f6d 00 000f 0001", mx},
		"zone": {"0100 0001 0000 0000 0000 076578616d706c65 03636f6d 00 00fc 0001", zone},
	} {
		b.Run(name, func(b *testing.B) {
			var asks, replies string
			for id := range 16 {
				asks += framed(fmt.Sprintf("%04x", id) + of[0])
				replies += framed(fmt.Sprintf("%04x", id) + of[1])
			}
			m, out := watching(b), core.Out{}
			b.SetBytes(int64(len(asks) + len(replies)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(client(asks), &out)
				m.Handle(server(replies), &out)
			}
			if out.Len() != 32 || out.Err() != nil {
				b.Fatalf("%d messages, %v", out.Len(), out.Err())
			}
			b.ReportMetric(float64(32*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
