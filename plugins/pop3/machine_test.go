package pop3

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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/pop3") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/pop3") }

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

// A large mail is shown as far as it is kept, and counted.
func TestLargeReply(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("+OK\r\n"), typed("RETR 1"), server("+OK\r\n"))
	const pieces = 1000
	for i := range pieces {
		if got := plugintest.Answers(t, m, server(strings.Repeat("123456\r\n", 1000))); got != nil {
			t.Fatalf("%.80q", got)
		}
		if i%100 != 0 { // it takes long, and is as large as it gets soon
			continue
		}
		if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
			t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
		}
	}
	got := plugintest.Answers(t, m, server(".\r\n"))
	if len(got) != 2 || len(got[0]) > maxShown+100 || !strings.HasSuffix(got[0], " more bytes)") || !strings.Contains(got[1], "(1000000 lines)") {
		t.Errorf("%d answers, %.80q", len(got), got)
	}
}

// Lines that never end are read in pieces, and what follows them as usual.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine-1)
	m := open(t, core.Stream)
	got := plugintest.Answers(t, m, server("+OK\r\n"), client(long), client(long), client(long+"\r\nSTAT\r\n"), server(long), server(long+".\r\n.\r\n"), server("+OK 1 2\r\n"))
	if len(got) != 6 || !strings.Contains(got[1], "at most 255 bytes") || !strings.Contains(got[2], "STAT") || !strings.Contains(got[3], "a reply begins with") || !strings.Contains(got[5], "answers from-client 0 ") {
		t.Errorf("%d answers: %.300q", len(got), got)
	}
}

func TestManyPending(t *testing.T) {
	m := open(t, core.Stream)
	const all = maxPending + 10
	plugintest.Answers(t, m, server("+OK\r\n"), client(strings.Repeat("NOOP\r\n", all/2)), client(strings.Repeat("NOOP\r\n", all/2)))
	got := plugintest.Answers(t, m, server(strings.Repeat("+OK\r\n", all)))
	for i, a := range got {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*6)); names != (i < maxPending) {
			t.Fatalf("reply %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client("NOOP\r\n"))
	if got := plugintest.Answers(t, m, server("+OK\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*6)) {
		t.Errorf("%.80q", got[0])
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("+OK\r\n"), typed("RETR 1"), server("+OK\r\nabc\r\nde"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":15`, `"At":-1`}, {`"Lines":1`, `"Lines":-1`}, {`"Kind":1`, `"Kind":9`}, {`"Lost":0`, `"Lost":7`}, {`"To":15`, `"To":1`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Messages).Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzReplies has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("RETR 1\r\nPASS x y\r\nAUTH LOGIN\r\nLIST\n"), []byte("+OK hi\r\n+OK\r\n..\r\n.\r\n+OK\r\n+ a\r\n-ERR\r\n"), uint8(3))
	f.Add([]byte("STLS\r\nAPOP a b\r\nCAPA\r\n"), []byte("+OK <1@2>\r\n+OK\r\nSTLS\n."), uint8(1))
	f.Fuzz(func(t *testing.T, asks, replies []byte, size uint8) {
		asks, replies = asks[:min(len(asks), core.MaxDecodedEvent)], replies[:min(len(replies), core.MaxDecodedEvent)]
		whole := open(t, core.Stream)
		want := plugintest.Answers(t, whole, client(string(asks)), server(string(replies)), serverEOF)
		var got []string
		m := open(t, core.Stream)
		for i, data := range [2]string{string(asks), string(replies)} {
			for of := [2]func(string) core.Event{client, server}[i]; len(data) > 0; {
				n := min(len(data), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, of(data[:n]))...)
				data = data[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = open(t, core.Stream)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
		}
		got = append(got, plugintest.Answers(t, m, serverEOF)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("APOP joe secret", "+OK <1@x>\r\n+OK\r\n")
	f.Add("=AUTH LOGIN\\r\\n", "+OK\r\n+ abc\r\n")
	f.Add("RETR 1", "+OK\r\n+OK\r\nx\r\n.\r\n")
	f.Add("APOP joe secret", "+OK <\x80@x>\r\n") // a timestamp in no Unicode
	f.Fuzz(func(t *testing.T, text, said string) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), nil, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch commands in pipelines of 16 and their replies.
func BenchmarkWatch(b *testing.B) {
	for name, of := range map[string][2]string{
		"single": {"DELE 1\r\n", "+OK Marked to be deleted.\r\n"},
		"mail":   {"RETR 1\r\n", "+OK 4000 octets\r\n" + strings.Repeat("A line of a mail that is about as long as such lines are.\r\n", 65) + ".\r\n"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			m.Handle(server("+OK\r\n"), &out)
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
