package imap

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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/imap") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/imap") }

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

// A large literal is shown as far as it is kept, and counted. An announced size takes no memory.
func TestLargeLiteral(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("* OK\r\n"), typed("FETCH 1 BODY[]"), server("* 1 FETCH (BODY[] {8000000}\r\n"))
	if cap(m.replies.Text) > 1<<10 {
		t.Errorf("%d bytes are kept of what was announced", cap(m.replies.Text))
	}
	for range 1000 {
		if got := plugintest.Answers(t, m, server(strings.Repeat("123456\r\n", 1000))); got != nil {
			t.Fatalf("%.80q", got)
		}
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
		t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, server(")\r\n"))
	if len(got) != 2 || len(got[0]) > maxShown+100 || !strings.HasSuffix(got[0], " more bytes)") || !strings.Contains(got[1], "from-server 6-8000038 ") {
		t.Errorf("%d answers, %.80q", len(got), got)
	}
}

// Lines that do not end, and literals without number, take no memory either.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 60<<10)
	m := open(t, core.Stream)
	got := plugintest.Answers(t, m, server("* OK\r\n"), client("A1 "+long), client(long), client(long+" {3}\r\n"), client("abc\r\n"), client("A2 SEARCH"))
	for range 1000 {
		got = append(got, plugintest.Answers(t, m, client(" {2+}\r\n)("))...)
	}
	got = append(got, plugintest.Answers(t, m, client("\r\n"), server("* "+long), server(long+"\r\n"), server("A2 OK\r\n"))...)
	if len(got) != 5 || len(m.requests.Text) > maxText || !strings.Contains(got[1], "from-client 0-184334 ") || !strings.Contains(got[4], "answers from-client 184334 ") {
		t.Errorf("%d answers: %.300q", len(got), got)
	}
	// Where nothing is kept any more there may be a password.
	var out core.Out
	m.Handle(client("A3 LOGIN \""+long+"\" sec"), &out)
	m.Handle(client("ret\r\n"), &out)
	if got := string(out.Action(0).Data) + ", " + string(out.Action(1).Data); got != "event 16384 61455, event 0 5" {
		t.Errorf("what is secret is %s", got)
	}
}

// Of the most commands that are under way at once it is known which is answered.
func TestManyPending(t *testing.T) {
	m := open(t, core.Stream)
	const all = maxPending + 10
	var asked, answered string
	for i := range all {
		asked += fmt.Sprintf("A%04d NOOP\r\n", i)
		answered += fmt.Sprintf("A%04d OK\r\n", i)
	}
	plugintest.Answers(t, m, server("* OK\r\n"), client(asked))
	for i, a := range plugintest.Answers(t, m, server(answered)) {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*12)); names != (i < maxPending) || strings.Contains(a, "!") {
			t.Fatalf("response %d: %.80q", i, a)
		}
	}
}

// What waits for the server has a bound, and a checkpoint with all that may be kept fits.
func TestQueueIsBounded(t *testing.T) {
	m := open(t, core.Messages)
	half := strings.Repeat("x", maxQueue/2)
	plugintest.Answers(t, m, server("* OK\r\n"), typed("APPEND INBOX {999999}"), typed(half))
	if got := plugintest.Answers(t, m, typed(half)); len(got) != 2 || !strings.Contains(got[0], "65538 bytes wait") {
		t.Errorf("%.200q", got)
	}
	if got := plugintest.Answers(t, m, server("+ \r\n")); len(got) != 3 || len(got[2]) != len(half)+2 {
		t.Errorf("%d answers", len(got))
	}
	plugintest.Answers(t, m, server("* 1 FETCH (BODY[] {1000000}\r\n"))
	for range 10 {
		plugintest.Answers(t, m, server(strings.Repeat("x", 60<<10)))
	}
	m.requests.Awaits = true
	plugintest.Answers(t, m, typed(strings.Repeat("x", maxQueue-2)))
	for i := range maxPending {
		m.expect(pending{core.MaxFlow, fmt.Sprintf("%0*d", maxTag, i), auth})
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint*9/10 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	} else if err := open(t, core.Messages).Restore(state); err != nil {
		t.Error(err)
	}
}

// The smallest messages, as many as an event has, fit into an answer.
func TestSmallestMessages(t *testing.T) {
	many := strings.Repeat("\n", core.MaxDecodedEvent)
	if got := plugintest.Answers(t, open(t, core.Messages), server(many)); len(got) != 2*len(many) {
		t.Errorf("%d answers", len(got))
	}
	got := plugintest.Answers(t, open(t, core.Messages), typed("="+strings.Repeat("\n", maxMade+9)))
	if n := len(got); n != maxMade+2 || !strings.Contains(got[n-1], "9 commands more are no messages") {
		t.Errorf("%d answers, %.80q", n, got[n-1])
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("* OK\r\n"), typed("FETCH 1 BODY[]"), server("* 1 FETCH (BODY[] {9}\r\nabc"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":32`, `"At":-1`}, {`"At":32`, `"At":7`}, {`"Kept":3`, `"Kept":4`}, {`"Head":18`, `"Head":20`}, {`"From":29,"Size"`, `"From":28,"Size"`},
		{`"Left":6`, `"Left":-6`}, {`"Kind":0`, `"Kind":9`}, {`"Lost":0`, `"Lost":7`}, {`"Tags":1`, `"Tags":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
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

// FuzzResponses has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzResponses(f *testing.F) {
	f.Add([]byte("A1 LOGIN joe {6}\r\nsecret\r\na2 AUTHENTICATE LOGIN\r\n*\r\n3 IDLE\r\nDONE\n"), []byte("* OK hi\r\n+ go\r\nA1 OK [CAPABILITY SASL-IR] in\r\n+ a\r\na2 NO\r\n+ idling\r\n* 3 EXISTS\r\n"), uint8(3))
	f.Add([]byte("A1 APPEND INBOX (\\Seen) {5+}\r\nA1 OK x\r\nB STARTTLS\r\n"), []byte("* PREAUTH x\r\n* 1 FETCH (BODY[] {7}\r\nA1 OK\r\n UID 3)\r\nB OK\r\nrest"), uint8(1))
	f.Add([]byte("A1 LOGIN \"joe\" \"a\\\"b\"\r\nA2 APPEND x {0}\r\n"), []byte("hello\r\n* LIST () {99999999999999999999}\r\nA2 NO {3}\r\n* X {0}\r\n{0}\r\n)\r\n"), uint8(5))
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
	f.Add(`LOGIN {"joe"} {"secret"}`, "* OK x\r\n+ a\r\n+ b\r\nA1 OK\r\n")
	f.Add("AUTHENTICATE LOGIN joe \"a b\"", "* OK\r\n+ abc\r\n+ d\r\nA1 NO\r\n")
	f.Add("APPEND INBOX {5}\nA1 OK\n", "* OK\r\nA1 NO no\r\n")
	f.Add("=A1 LOGIN joe \\x22a\\x22\\r\\n", "* OK\r\n* 1 FETCH (BODY[] {2}\r\n\r\n)\r\n")
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

// BenchmarkWatch has a machine watch commands in pipelines of 16 and their responses.
func BenchmarkWatch(b *testing.B) {
	mail := strings.Repeat("A line of a mail that is about as long as such lines are.\r\n", 65)
	for name, of := range map[string][2]string{
		"single": {"A%d NOOP\r\n", "A%d OK NOOP completed.\r\n"},
		"mail":   {"A%d FETCH 1 BODY[]\r\n", fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s)\r\nA%%d OK FETCH completed.\r\n", len(mail), mail)},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			m.Handle(server("* OK\r\n"), &out)
			var asked, answered string
			for i := range 16 {
				asked += fmt.Sprintf(of[0], i)
				answered += fmt.Sprintf(of[1], i)
			}
			asks, replies := client(asked), server(answered)
			b.SetBytes(int64(len(asks.Data) + len(replies.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() < 32 {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(out.Len()*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
