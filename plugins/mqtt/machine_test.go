package mqtt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/mqtt") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/mqtt") }

// open makes a machine of a client end, which is watched if it is a stream.
func open(t testing.TB, client core.ClientEnd) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var (
	serverEOF = core.Event{Kind: core.ServerEOF}
	clientEOF = core.Event{Kind: core.ClientEOF}
)

// restored returns a machine that goes on from another's checkpoint.
func restored(t testing.TB, m *machine, client core.ClientEnd) *machine {
	t.Helper()
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, client)
	if err := again.Restore(state); err != nil {
		t.Fatalf("%v: %s", err, state)
	}
	return again
}

// Lengths of 1 to 4 bytes are read wherever the stream is cut, with a crash at the cut.
func TestLengthsAtEverySplit(t *testing.T) {
	for head, size := range map[int]int{2: 100, 3: 200, 4: 20_000, 5: 1 << 21} {
		body := append(appendString(nil, "a"), bytes.Repeat([]byte("x"), size)...)
		sent := string(appendPacket(nil, publish, 0, body)) + "\xd0\x00"
		if got, _, _ := header([]byte(sent)); got != head {
			t.Fatalf("a fixed header of %d bytes, want %d", got, head)
		}
		var want []string
		for cut := range 12 {
			m := open(t, core.Stream)
			got := plugintest.Answers(t, m, server("\x20\x02\x00\x00"), server(sent[:cut]))
			m = restored(t, m, core.Stream)
			for rest := sent[cut:]; rest != ""; {
				n := min(len(rest), core.MaxDecodedEvent)
				got = append(got, plugintest.Answers(t, m, server(rest[:n]))...)
				rest = rest[n:]
			}
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) != 3 || !strings.HasPrefix(got[1], fmt.Sprintf("from-server 4-%d ", 4+len(sent)-2)) {
				t.Errorf("a length of %d bytes, cut at %d: %d messages, %.200q", head-1, cut, len(got), got)
			}
		}
	}
}

// The largest length reserves nothing, and what comes of it is counted.
func TestHugePacket(t *testing.T) {
	m := open(t, core.Messages)
	const size = 1<<28 - 1
	plugintest.Answers(t, m, typed("PING"), server("\x20\x02\x00\x00\x30\xff\xff\xff\x7f\x00\x01a"))
	piece := server(strings.Repeat("x", core.MaxDecodedEvent))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	left := size - 3
	for ; left > len(piece.Data); left -= len(piece.Data) {
		if got := plugintest.Answers(t, m, piece); got != nil {
			t.Fatalf("%.80q", got)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > 200<<10 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, server(strings.Repeat("x", left)+"\xd0\x00"))
	if len(got) != 4 || len(got[1]) > maxKept+100 || !strings.HasSuffix(got[1], "… (268369924 bytes more)") || got[3] != "PINGRESP" {
		t.Fatalf("%d answers, the second of %d bytes: %.80q … %q", len(got), len(got[1]), got[1], got[1][max(0, len(got[1])-40):])
	}
}

// What becomes of the smallest and the most wrong packets fits into an answer, whatever
// their place in the stream.
func TestManyPackets(t *testing.T) {
	for i, packets := range []string{
		"\xd0\x00", "\x00\x00", "\x62\x00", "\x50\x02\x00\x01", "\x62\x02\x00\x01", "\x32\x05\x00\x01a\x00\x01", "\x90\x40\x00\x01" + strings.Repeat("\x09", 62), "\x20\x02\xff\xff",
		"\x30\x7f\x00\x01a\x7b" + strings.Repeat("\x01\x00", 61) + "\x01",
	} {
		for _, version := range []byte{4, 5} {
			if testing.Short() && version != 5-byte(i%2) {
				continue // each packet in one version, and each version with half of them
			}
			m := open(t, core.Messages)
			m.Version = version
			m.sides[ofServer].At, m.sides[ofClient].At = core.MaxFlow-1<<26, core.MaxFlow-1<<26
			plugintest.Answers(t, m, server(strings.Repeat(packets, core.MaxDecodedEvent/len(packets))))
		}
	}
	got := plugintest.Answers(t, open(t, core.Messages), core.Event{Kind: core.ClientBinary, Data: bytes.Repeat([]byte("\xc0\x00"), core.MaxEventPayload/2)})
	if len(got) != maxSent+2 || !strings.Contains(got[len(got)-1], "504288 packets more are no messages") {
		t.Errorf("%d answers, the last is %.80q", len(got), got[len(got)-1])
	}
}

// Of packets that nobody acknowledges the newest are known.
func TestManyOpen(t *testing.T) {
	m := open(t, core.Stream)
	packet := func(kind, flags byte, id int) string {
		body := []byte{byte(id >> 8), byte(id)}
		if kind == publish {
			body = append(appendString(nil, "a"), body...)
		}
		return string(appendPacket(nil, kind, flags, body))
	}
	const all = maxOpen + 10
	var said strings.Builder
	for id := 1; id <= all; id++ {
		said.WriteString(packet(publish, 2, id))
	}
	plugintest.Answers(t, m, client(said.String()), server("\x20\x02\x00\x00"))
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	m = restored(t, m, core.Stream)
	for _, id := range []int{1, maxOpen / 2, maxOpen/2 + 1, all} {
		got := plugintest.Answers(t, m, server(packet(puback, 0, id)))
		if names := strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", (id-1)*7)); names != (id > maxOpen/2) {
			t.Errorf("PUBACK %d: %.80q", id, got[0])
		}
	}
}

// Identifiers that are in use are not drawn again, nor is 0.
func TestIdentifiers(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, typed("PUB a x 1"), server("\x20\x02\x00\x00"))
	m.Drawn = 1<<16 - 1
	if plugintest.Answers(t, m, typed("PUB a x 1")); m.Drawn != 2 {
		t.Errorf("identifier %d, want 2", m.Drawn)
	}
}

// A CONNECT whose password lies behind what is kept hides all from there on.
func TestPasswordFarBehind(t *testing.T) {
	m := open(t, core.Stream)
	long := strings.Repeat("w", 50_000)
	body := append(appendString(nil, "MQTT"), 4, flagUser|flagPassword|flagWill|flagClean, 0, 60)
	for _, s := range []string{"a", "will", long, "joe", "hunter22"} {
		body = appendString(body, s)
	}
	body = append(body[:len(body)-20], append(bytes.Repeat([]byte("z"), 30_000), "hunter22"...)...)
	sent := appendPacket(nil, connect, 0, body)
	hidden := make([]bool, len(sent))
	var out core.Out
	for at := 0; at < len(sent); at += 1000 {
		out.Reset()
		if err := m.Handle(client(string(sent[at:min(at+1000, len(sent))])), &out); err != nil || out.Err() != nil {
			t.Fatal(err, out.Err())
		}
		for i := range out.Len() {
			if a := out.Action(i); a.Kind == core.Secret {
				span, err := core.ParseSpan(string(a.Data))
				if err != nil {
					t.Fatal(err)
				}
				for b := span.From; b < span.To; b++ {
					hidden[at+b] = true
				}
			}
		}
	}
	for i := len(sent) - 8; i < len(sent); i++ {
		if !hidden[i] {
			t.Fatalf("byte %d of %d is not hidden", i, len(sent))
		}
	}
}

func TestCheckFilter(t *testing.T) {
	for filter, want := range map[string]wrong{
		"#": 0, "+": 0, "a/#": 0, "+/a/+/#": 0, "/": 0, "a//b": 0, "$SYS/#": 0, "$share/g/#": 0, "$share": 0,
		"": wrongNoTopic, "a#": wrongHash, "#/a": wrongHash, "a/#b": wrongHash, "a/#/": wrongHash, "a+": wrongPlus, "+a/b": wrongPlus, "a/+b": wrongPlus,
		"$share/g": wrongShare, "$share//a": wrongShare, "$share/+/a": wrongShare, "$share/g/": wrongShare, "$share/g/a#": wrongHash,
	} {
		if got := checkFilter(filter); got != want {
			t.Errorf("%q: %d, want %d", filter, got, want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Stream)
	plugintest.Answers(t, m, client("\xc0\x00\x32\x05\x00\x01a\x00\x01\x30\x05\x00"), server("\x34\x05\x00\x01a\x00\x02"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":12`, `"At":2`}, {`"Got":3`, `"Got":9`}, {`"Got":3`, `"Got":2`}, {`"Gap":false`, `"Gap":true`}, {`"Kind":3`, `"Kind":9`}, {`"ID":1`, `"ID":0`}, {`"From":2`, `"From":-2`},
		{`"Version":4`, `"Version":6`}, {`"Connect":-1`, `"Connect":-2`}, {`"Pings":[{"From":0`, `"Pings":[{"From":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Stream).Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// Packets in any order, some of them damaged, are the same whole and in pieces, with a crash
// after each piece.
func TestPieces(t *testing.T) {
	packets := []string{
		"\x10\x0e\x00\x04MQTT\x05\x02\x00<\x00\x00\x01a", "\x10\x1a\x00\x04MQTT\x04\xc2\x00<\x00\x01a\x00\x03joe\x00\x06secret", "\x82\x07\x00\x01\x00\x00\x01a\x02",
		"\x34\x09\x00\x01a\x00\x01\x03\x23\x00\x01x", "\x20\x03\x00\x00\x00", "\x90\x04\x00\x01\x00\x02", "\x50\x02\x00\x01", "\x30\xff\xff\xff\xff\x01", "\x30\x03\x00\x01a",
		"\xd0\x00", "\xc0\x00", "\x62\x02\x00\x01", "\x70\x02\x00\x01", "\xe0\x02\x8e\x00", "\x30\xff\x01",
	}
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (said string) {
		for range random.IntN(12) {
			p := []byte(packets[random.IntN(len(packets))])
			if random.IntN(3) == 0 {
				p[random.IntN(len(p))] = byte(random.Uint32())
			}
			said += string(p)
		}
		return said
	}
	for range 300 {
		inPieces(t, some(), some(), 1+random.IntN(32))
	}
}

// inPieces has a machine watch what both sides say, whole and in pieces of a size, restored
// from its checkpoint after each.
func inPieces(t *testing.T, asks, replies string, size int) {
	t.Helper()
	want := plugintest.Answers(t, open(t, core.Stream), client(asks), server(replies), clientEOF, serverEOF)
	m := open(t, core.Stream)
	var got []string
	for i, rest := range []string{asks, replies} {
		for rest != "" {
			n := min(len(rest), size)
			got = append(got, plugintest.Answers(t, m, [...]core.Event{client(rest[:n]), server(rest[:n])}[i])...)
			rest = rest[n:]
			m = restored(t, m, core.Stream)
		}
	}
	got = append(got, plugintest.Answers(t, m, clientEOF, serverEOF)...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q and %q, whole and in pieces of %d (-whole +pieces):\n%s", asks, replies, size, diff)
	}
}

// FuzzPackets has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzPackets(f *testing.F) {
	connect5 := "\x10\x0e\x00\x04MQTT\x05\x02\x00<\x00\x00\x01a"
	f.Add([]byte(connect5+"\x82\x07\x00\x01\x00\x00\x01a\x02\x34\x09\x00\x01a\x00\x01\x03\x23\x00\x01x"), []byte("\x20\x03\x00\x00\x00\x90\x04\x00\x01\x00\x02\x50\x02\x00\x01"), uint8(3))
	f.Add([]byte("\x10\x1a\x00\x04MQTT\x04\xc2\x00<\x00\x01a\x00\x03joe\x00\x06secret"), []byte("\x30\xff\xff\xff\xff\x01\x30\x03\x00\x01a\xd0\x00\xd0\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, asks, replies []byte, size uint8) {
		asks, replies = asks[:min(len(asks), core.MaxDecodedEvent)], replies[:min(len(replies), core.MaxDecodedEvent)]
		inPieces(t, string(asks), string(replies), 1+int(size%32))
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("PUB a \"b\\x00\" 2 yes", "\x20\x02\x00\x00\x50\x02\x00\x01")
	f.Add("CONNECT a joe secret no 20 w m 2 yes", "\x34\x05\x00\x01a\x00\x02")
	f.Add("=\\xc0\\x00", "\xd0\x00\xe0\x00")
	f.Fuzz(func(t *testing.T, text, said string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), nil, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch packets of both sides.
func BenchmarkWatch(b *testing.B) {
	for name, of := range map[string][2]string{
		"qos 0": {"\xc0\x00", "\x30\x1e\x00\x0csensors/roomtemperature 21.5"},
		"qos 1": {"\x32\x20\x00\x0csensors/room\x00\x01temperature 21.5", "\x40\x02\x00\x01"},
		"large": {"\xc0\x00", string(appendPacket(nil, publish, 0, append(appendString(nil, "large"), bytes.Repeat([]byte("x"), 4000)...)))},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			m.Handle(client("\x10\x0d\x00\x04MQTT\x04\x02\x00<\x00\x01a"), &out)
			m.Handle(server("\x20\x02\x00\x00"), &out)
			asks, replies := client(strings.Repeat(of[0], 15)), server(strings.Repeat(of[1], 15))
			b.SetBytes(int64(len(asks.Data) + len(replies.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() != 30 {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(30*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
