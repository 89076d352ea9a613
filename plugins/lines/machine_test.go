package lines

import (
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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/lines") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/lines") }

// open makes a machine of a client end, which is watched if it is a stream.
func open(t testing.TB, client core.ClientEnd, preset string) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream,
		Options: core.Options{optionPreset: preset, optionEnd: asPreset, optionReceive: "lf"}}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var serverEOF = core.Event{Kind: core.ServerEOF}

// What does not end is kept as far as the bounds allow, counted, and what follows is read.
func TestLarge(t *testing.T) {
	for preset, c := range map[string]struct{ asks, begin, more, end, next string }{
		"none":         {"", "", "x", "\r\n", "ab\n"},
		"irc":          {"", ":x ", "y", "\r\n", "PING\r\n"},
		"memcached":    {"get a", "VALUE a 0 1048576000\r\n", "\n", "", "END\r\n"},
		"nntp":         {"ARTICLE 1", "220\r\n", "ab\r\n", ".\r\n", "205\r\n"},
		"scpi":         {"X?", "#9999999999", "\n", "", "\n"},
		"nmea":         {"", "$", "A", "\r\n", "$A\r\n"},
		"gopher":       {"", "", "1\t2\t3\t4\n", ".\r\n", "x"},
		"redis-inline": {"GET a", "$1048576000\r\n", "\n", "", "\r\n"},
		"syslog":       {"", "1048576000 <13>", "\n", "", ""},
	} {
		m := open(t, core.Messages, preset)
		got := plugintest.Answers(t, m, server(c.begin))
		for range 20 {
			if len(got) > 0 {
				t.Errorf("%s: %.80q", preset, got)
			}
			got = plugintest.Answers(t, m, server(strings.Repeat(c.more, core.MaxDecodedEvent/len(c.more))))
			if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
				t.Fatalf("%s: a checkpoint of %d bytes, %v", preset, len(state), err)
			}
		}
		if c.end == "" { // of an announced size
			continue
		}
		if got = plugintest.Answers(t, m, server(c.end)); len(got) != 2 || !strings.Contains(got[0], " more bytes)") {
			t.Errorf("%s: %d answers, %.80q", preset, len(got), got)
		}
		if got = plugintest.Answers(t, m, server(c.next)); preset != "gopher" && len(got) < 2 {
			t.Errorf("%s: %q is shown as %q", preset, c.next, got)
		}
	}
}

func TestManyPending(t *testing.T) {
	m := open(t, core.Stream, "redis-inline")
	const all = maxPending + 10
	plugintest.Answers(t, m, client(strings.Repeat("PING\r\n", all)))
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/4 {
		t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
	}
	for i, a := range plugintest.Answers(t, m, server(strings.Repeat("+PONG\r\n", all))) {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*6)); names != (i < maxPending) {
			t.Fatalf("reply %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client("PING\r\n"))
	if got := plugintest.Answers(t, m, server("+PONG\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*6)) {
		t.Errorf("%.80q", got[0])
	}
}

// The smallest messages of an event, and of all that can be typed at once, fit into an answer.
func TestSmallestMessages(t *testing.T) {
	for preset, s := range map[string]string{"none": "\n", "irc": "PING\n", "nmea": "$,,,\n", "redis-inline": ":\n", "syslog": "1 x"} {
		plugintest.Answers(t, open(t, core.Messages, preset), server(strings.Repeat(s, core.MaxDecodedEvent/len(s))))
	}
	plugintest.Answers(t, open(t, core.Messages, "none"), typed(strings.Repeat("\n", core.MaxEventPayload/2)))
}

// A secret of several pieces is hidden in each.
func TestLongSecret(t *testing.T) {
	m := open(t, core.Stream, "irc")
	var out core.Out
	for i, said := range []string{"PASS " + strings.Repeat("x", maxLine/2), strings.Repeat("x", maxLine), strings.Repeat("x", maxLine), "x\r\n"} {
		out.Reset()
		m.Handle(client(said), &out)
		hidden := 0
		for i := range out.Len() {
			if span, err := core.ParseSpan(string(out.Action(i).Data)); out.Action(i).Kind == core.Secret && err == nil {
				hidden = max(hidden, span.To)
			}
		}
		if want := len(strings.TrimSpace(said)); hidden != want {
			t.Errorf("piece %d: the first %d bytes are hidden, want %d", i, hidden, want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages, "memcached")
	plugintest.Answers(t, m, typed("get a"), server("VALUE a 0 5\r\nhe"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, core.Messages, "memcached").Restore(state); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":15`, `"At":-1`}, {`"At":15`, `"At":14`}, {`"Left":5`, `"Left":-5`}, {`"Kind":1`, `"Kind":9`}, {`"Hidden":-1`, `"Hidden":99`}, {`"Raw":"`, `"Raw":"AAAA`},
		{`"Torn":false`, `"Torn":true`}, {`"Quote":0`, `"Quote":7`}, {`"Later":0`, `"Later":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Messages, "memcached").Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzTalk has a machine watch what the fuzzer says as client and as server, in turns, cut in
// two ways, and restored from its checkpoint after each piece.
func FuzzTalk(f *testing.F) {
	f.Add([]byte("PASS a b\r\nNICK x\n"), []byte("@a :b 001 c :d e\r\nPING\n"), uint8(3), uint8(1))
	f.Add([]byte("set a 0 0 3\r\nabc\r\nget a b\r\nmg a q\r\nmn\r\n"), []byte("STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\nVA 1\r\nx\r\nMN\r\n"), uint8(3), uint8(2))
	f.Add([]byte("POST\r\nLISTGROUP\r\nTAKETHIS x\r\n..\r\n.\r\nSTARTTLS\n"), []byte("200\r\n340\r\n211 x\r\n.\r\n239\r\n382\r\nxx\r\n"), uint8(3), uint8(3))
	f.Add([]byte("A? #12\n\n\"#15\n'#0\n"), []byte("#15abc\nd,#H1\n\"\n#9123456789\n"), uint8(1), uint8(4))
	f.Add([]byte("$A*41\r\n\\s*1\\!B,c\n"), []byte("$*\n!\n\r\n"), uint8(1), uint8(5))
	f.Add([]byte("\r\n"), []byte("1a\tb\tc\t70\r\n.\r\n"), uint8(1), uint8(6))
	f.Add([]byte("AUTH x\r\n*1\r\n"), []byte("*2\r\n$1\r\na\r\n%1\r\n+a\r\n:1\r\n"), uint8(1), uint8(9))
	f.Add([]byte("5 <13>x<13>y\n0 12 <1>"), []byte("<13>1 a b\n"), uint8(1), uint8(10))
	f.Fuzz(func(t *testing.T, asks, replies []byte, size, which uint8) {
		preset := presetNames[int(which)%len(presetNames)]
		said := [4]core.Event{}
		for i, data := range [4][]byte{asks, replies, asks, replies} {
			said[i] = core.Event{Kind: [2]core.EventKind{core.ClientBytes, core.ServerBytes}[i%2], Data: data[:min(len(data), core.MaxDecodedEvent)]}
		}
		ends := []core.Event{{Kind: core.ClientEOF}, serverEOF}
		want := plugintest.Answers(t, open(t, core.Stream, preset), append(said[:], ends...)...)
		var got []string
		m := open(t, core.Stream, preset)
		for _, ev := range said {
			for data := ev.Data; len(data) > 0; {
				n := min(len(data), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, core.Event{Kind: ev.Kind, Data: data[:n]})...)
				data = data[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = open(t, core.Stream, preset)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
		}
		got = append(got, plugintest.Answers(t, m, ends...)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("PASS x", "PING\r\n", uint8(1))
	f.Add("set a 0 0 5", "VALUE a 0 1\r\n", uint8(2))
	f.Add("POST", "340\r\n", uint8(3))
	f.Add("X? #15", "#15\n", uint8(4))
	f.Add("<13>x", "1 x", uint8(10))
	f.Fuzz(func(t *testing.T, text, said string, which uint8) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), map[string]string{optionPreset: presetNames[int(which)%len(presetNames)]}, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch requests in pipelines of 16 and their answers.
func BenchmarkWatch(b *testing.B) {
	for _, c := range []struct{ preset, asks, replies string }{
		{"none", "hello\r\n", "hello yourself\r\n"},
		{"irc", "PRIVMSG #room :hello there\r\n", ":ann!ann@host.example PRIVMSG #room :hello there\r\n"},
		{"memcached", "get key\r\n", "VALUE key 0 10\r\n0123456789\r\nEND\r\n"},
		{"nntp", "ARTICLE 1\r\n", "220 1 <a@b>\r\n" + strings.Repeat("A line of an article that is about as long as such lines are.\r\n", 65) + ".\r\n"},
		{"scpi", "MEAS?\n", "+1.25E-03\n"},
		{"nmea", "$GPGLL,4916.45,N,12311.12,W,225444,A*31\r\n", "$GPGLL,4916.45,N,12311.12,W,225444,A*31\r\n"},
		{"redis-inline", "GET a\r\n", "$5\r\nhello\r\n"},
		{"syslog", "<34>1 2026-11-29T23:00:00Z host app 12 - - text\n", "<34>1 2026-11-29T23:00:00Z host app 12 - - text\n"},
	} {
		b.Run(c.preset, func(b *testing.B) {
			m, out := open(b, core.Stream, c.preset), core.Out{}
			asks, replies := client(strings.Repeat(c.asks, 16)), server(strings.Repeat(c.replies, 16))
			b.SetBytes(int64(len(asks.Data) + len(replies.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() != 32 {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(32*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
