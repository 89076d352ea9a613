package resp

import (
	"fmt"
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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/resp") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/resp") }

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

var serverEOF = core.Event{Kind: core.ServerEOF}

// An announced size reserves nothing, and what comes of it is counted.
func TestHugeString(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, typed("GET huge"), server("$536870912\r\n"))
	piece := server(strings.Repeat("x", core.MaxDecodedEvent))
	pieces := 512 << 20 / core.MaxDecodedEvent
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range pieces {
		if got := plugintest.Answers(t, m, piece); got != nil {
			t.Fatalf("%.80q", got)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > 100<<10 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, server("\r\n+OK\r\n"))
	if len(got) != 4 || !strings.HasSuffix(got[0], `x"… (536805376 more of 536870912 bytes)`) || got[2] != "OK" {
		t.Fatalf("%d answers, %.80q", len(got), got)
	}
	if want := "from-server 0-536870926 answers to-server 0 "; !strings.HasPrefix(got[1], want) {
		t.Errorf("%.80q", got[1])
	}
}

// What is shown and said of a large reply, and kept until it is whole, is bounded.
func TestLargeReplies(t *testing.T) {
	for name, reply := range map[string]string{
		"many values":         "*20000\r\n" + strings.Repeat(":1\r\n", 20_000),
		"many strings":        "*300\r\n" + strings.Repeat("$1000\r\n"+strings.Repeat("\xff", 1000)+"\r\n", 300),
		"deep":                strings.Repeat("*1\r\n", 100) + "_\r\n",
		"deeper than is read": strings.Repeat("*1\r\n", 1000) + "_\r\n",
		"deep and wide":       strings.Repeat("*1\r\n", 100) + "*3000\r\n" + strings.Repeat("_\r\n", 3000),
		"a tree":              "*300\r\n" + strings.Repeat("*3\r\n*1\r\n_\r\n%1\r\n_\r\n_\r\n_\r\n", 300),
		"a long line":         "+" + strings.Repeat("x", 200_000) + "\r\n",
		"lines that are not":  strings.Repeat("x\n", 1<<15),
		"empty lines":         strings.Repeat("\n", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			var pieces []core.Event
			for data := []byte(reply); len(data) > 0; {
				n := min(len(data), core.MaxDecodedEvent)
				pieces = append(pieces, core.Event{Kind: core.ServerBytes, Data: data[:n]})
				data = data[n:]
			}
			m := open(t, core.Messages)
			for _, p := range pieces {
				for _, a := range plugintest.Answers(t, m, p) {
					if len(a) > 2*maxShown {
						t.Fatalf("an answer of %d bytes", len(a))
					}
				}
				if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
					t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
				}
			}
			if got := plugintest.Answers(t, m, server("+OK\r\n")); len(got) != 2 || got[0] != "OK" {
				t.Errorf("after it came %.200q", got)
			}
		})
	}
}

// A message that asks for too much at once is refused, or is sent without messages.
func TestTooMuchTyped(t *testing.T) {
	for name, text := range map[string]string{
		"commands": strings.Repeat("a\n", maxCommands+1),
		"words":    strings.Repeat("a ", 160_000),
	} {
		if got := plugintest.Answers(t, open(t, core.Messages), typed(text)); len(got) != 2 || !strings.HasPrefix(got[0], "nothing was sent: ") || got[1] != "Invalid argument(s)" {
			t.Errorf("%s: %.80q", name, got)
		}
	}
	got := plugintest.Answers(t, open(t, core.Messages), typed("="+strings.Repeat("a\n", maxTyped+10)))
	if len(got) != maxTyped+2 || len(got[0]) != 2*maxTyped+20 || !strings.Contains(got[len(got)-1], "10 requests") {
		t.Errorf("%d answers, the last is %.80q", len(got), got[len(got)-1])
	}
}

// Replies that come after very many requests are not taken for others' answers.
func TestManyPending(t *testing.T) {
	m := open(t, core.Stream)
	const all = maxPending + 10
	plugintest.Answers(t, m, client(strings.Repeat("PING\r\n", all/2)), client(strings.Repeat("PING\r\n", all/2)))
	got := plugintest.Answers(t, m, server(strings.Repeat("+PONG\r\n", all/2)), server(strings.Repeat("+PONG\r\n", all/2)))
	for i, a := range got {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*6)); names != (i < maxPending) {
			t.Fatalf("reply %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client("PING\r\n"))
	if got := plugintest.Answers(t, m, server("+PONG\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*6)) {
		t.Errorf("%.80q", got[0])
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Stream)
	plugintest.Answers(t, m, client("*2\r\n$4\r\nAUTH\r\n$8\r\nhun"), server("*2\r\n#t\r\n"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"Left":5`, `"Left":0`}, {`"Left":5`, `"Left":-1`}, {`"State":1`, `"State":9`}, {`"Value":0`, `"Value":7`}, {`"Kept":7`, `"Kept":6`},
		{`"Kind":35`, `"Kind":1`}, {`"Text":"dA=="`, `"Text":null`}, {`"Mute":0`, `"Mute":3`}, {`"At":21`, `"At":3`}, {`{`, ``}, {`{`, `{"X":1,`},
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

// FuzzReplies has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		"*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n+OK\r\n", "$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n(12\r\n", "%1\r\n+a\r\n~1\r\n:1\r\n|1\r\n+a\r\n:1\r\n>1\r\n+x\r\n",
		"AUTH joe 'secret'\r\nPING\n", "$4\r\nhello\r\n$6\r\nhello\r\n", "=7\r\ntxt:abc\r\n!3\r\nERR\r\n", "SUBSCRIBE a b\r\nUNSUBSCRIBE\r\nSYNC\r\n",
		"*3\r\n$9\r\nsubscribe\r\n+a\r\n:1\r\n", "*1\r\n*1\r\n*x\r\n", "\n\r\n \n", "HELLO 3 AUTH a b\r\nconfig set requirepass \"x y\"\r\nclient reply skip\r\n",
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		data = data[:min(len(data), core.MaxDecodedEvent)]
		for _, of := range []func(string) core.Event{client, server} {
			whole := open(t, core.Stream)
			want := plugintest.Answers(t, whole, of(string(data)), serverEOF, core.Event{Kind: core.ClientEOF})
			var got []string
			m := open(t, core.Stream)
			for rest := string(data); len(rest) > 0; {
				n := min(len(rest), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, of(rest[:n]))...)
				rest = rest[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = open(t, core.Stream)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
			got = append(got, plugintest.Answers(t, m, serverEOF, core.Event{Kind: core.ClientEOF})...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
			}
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("SET a \"b\\x00\"", "+OK\r\n$3\r\nabc\r\n")
	f.Add("=PING\\r\\n", "*2\r\n:1\r\n$-1\r\n")
	f.Add("AUTH joe 'secret'\nPING", "-ERR\r\n%1\r\n+a\r\n#t\r\n")
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

// BenchmarkWatch has a machine watch requests in pipelines of 16 and their replies.
func BenchmarkWatch(b *testing.B) {
	request := "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$3\r\nxxx\r\n"
	for name, of := range map[string][2]string{
		"set":    {request, "+OK\r\n"},
		"get":    {"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n", "$3\r\nxxx\r\n"},
		"lrange": {"*4\r\n$6\r\nLRANGE\r\n$6\r\nmylist\r\n$1\r\n0\r\n$2\r\n99\r\n", "*100\r\n" + strings.Repeat("$3\r\nxxx\r\n", 100)},
		"large":  {"*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n", "$4000\r\n" + strings.Repeat("x", 4000) + "\r\n"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			asks, replies := client(strings.Repeat(of[0], 16)), server(strings.Repeat(of[1], 16))
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
