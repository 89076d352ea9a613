package ftp

import (
	"bytes"
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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/ftp") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/ftp") }

// opened makes a machine of a client end, which is watched if it is a stream.
func opened(t testing.TB, client core.ClientEnd) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream, Target: "192.0.2.7:21"}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

// data is an event of the data connection.
func data(k core.EventKind, s string) core.Event {
	return core.Event{Kind: k, Link: link, Data: []byte(s)}
}

var serverEOF = core.Event{Kind: core.ServerEOF}

// during returns a machine in the middle of a transfer.
func during(t testing.TB, command string) *machine {
	m := opened(t, core.Messages)
	plugintest.Answers(t, m, server("220 ready\r\n"), typed(command), server("229 (|||4001|)\r\n"), data(core.LinkConnected, "192.0.2.7:4001"), server("150 Go on.\r\n"))
	return m
}

// checkpointed writes a machine's state down, which must be small.
func checkpointed(t testing.TB, m *machine) []byte {
	t.Helper()
	state, err := m.Checkpoint(nil)
	if err != nil || len(state) > core.MaxCheckpoint {
		t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
	}
	return state
}

// A file that is large is shown whole, in messages of one size; of a listing the rest is counted.
func TestLarge(t *testing.T) {
	piece := strings.Repeat("123456\r\n", 1000)
	const pieces = 100
	file, list := during(t, "RETR a"), during(t, "LIST")
	var got []string
	for range pieces {
		got = append(got, plugintest.Answers(t, file, data(core.LinkBytes, piece))...)
		if shown := plugintest.Answers(t, list, data(core.LinkBytes, piece)); shown != nil {
			t.Fatalf("%.80q", shown)
		}
		checkpointed(t, file)
		checkpointed(t, list)
	}
	got = append(got, plugintest.Answers(t, file, data(core.LinkClosed, ""), server("226 Done.\r\n"))...)
	n := 0
	for _, one := range got[:len(got)-3] {
		n += len(one)
		if len(one) > maxData {
			t.Errorf("a message of %d bytes", len(one))
		}
	}
	if n != pieces*len(piece) || got[len(got)-3] != "800000 bytes came by the data connection" {
		t.Errorf("%d bytes of %d in %d messages, then %q", n, pieces*len(piece), len(got), got[len(got)-3:])
	}
	got = plugintest.Answers(t, list, data(core.LinkClosed, ""))
	if len(got) != 2 || len(got[0]) > maxData+100 || !strings.HasSuffix(got[0], fmt.Sprintf("\n… (%d more bytes)", pieces*len(piece)-maxData)) {
		t.Errorf("%d answers, %.80q", len(got), got)
	}
}

// Lines that never end are read in pieces, and what follows them as usual.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine-1)
	m := opened(t, core.Stream)
	got := plugintest.Answers(t, m, server("220 ready\r\n"), client(long), client(long), client(long+"\r\nSTAT\r\n"), server(long), server(long+".\r\n"), server("211-"+long+long+"\r\n211 "+long+long+"\r\n200 OK\r\n"))
	if len(got) != 6 || !strings.Contains(got[1], "more than 16 KiB") || !strings.Contains(got[2], "STAT") || !strings.Contains(got[3], "three digits") || !strings.Contains(got[4], "answers from-client 0 ") || !strings.Contains(got[5], `"200 OK"`) {
		t.Errorf("%d answers: %.300q", len(got), got)
	}
}

// All that is bounded is full, and the checkpoint still within its bound.
func TestFull(t *testing.T) {
	m := during(t, "RETR "+strings.Repeat("p", maxLine-10))
	plugintest.Answers(t, m, data(core.LinkBytes, strings.Repeat("\xff", maxData-1)))
	for range maxWaiting {
		plugintest.Answers(t, m, typed("DELE "+strings.Repeat("\x01", maxWaitingBytes/maxWaiting/5)))
	}
	if got := plugintest.Answers(t, m, typed("DELE "+strings.Repeat("x", maxWaitingBytes))); len(got) != 2 || got[1] != "(not sent)" {
		t.Errorf("one command more: %.200q", got)
	}
	plugintest.Answers(t, m, typed("="+strings.Repeat("NOOP\\r\\n", 2*maxPending)))
	m.Job.Content = bytes.Repeat([]byte("x"), maxContent)
	lines := strings.Repeat("line\r\n", maxShown/6+1)
	plugintest.Answers(t, m, server("226-"+strings.Repeat("x", maxLine-10)+"\r\n"+lines+"226 End\r\n"))
	plugintest.Answers(t, m, server("211-"+strings.Repeat("x", maxLine-10)+"\r\n"+lines+strings.Repeat("x", maxLine-1)), typed("="+strings.Repeat("x", maxLine-1)))
	state := checkpointed(t, m)
	if len(m.Pending) != maxPending-1 || m.Job.Final == nil || m.Reply == nil || len(state) < 600<<10 {
		t.Errorf("%d pending, and a checkpoint of %d bytes", len(m.Pending), len(state))
	}
	if err := opened(t, core.Messages).Restore(state); err != nil {
		t.Error(err)
	}
}

// Before the server takes a file, so much of it waits and no more.
func TestContentWaits(t *testing.T) {
	m := opened(t, core.Messages)
	half := core.Event{Kind: core.ClientBinary, Data: bytes.Repeat([]byte("x"), maxContent/2)}
	plugintest.Answers(t, m, server("220 ready\r\n"), typed("STOR a"), half, half)
	if got := plugintest.Answers(t, m, half); len(got) != 2 || !strings.Contains(got[0], "at most 65536 bytes") {
		t.Errorf("%.200q", got)
	}
	checkpointed(t, m)
}

// A megabyte of the smallest lines fits into an answer.
func TestSmallestLines(t *testing.T) {
	for _, line := range []string{"\n", "200\n", "1\n"} {
		many := strings.Repeat(line, core.MaxDecodedEvent/len(line))
		for _, end := range []core.ClientEnd{core.Messages, core.Stream} {
			m := opened(t, end)
			m.replies.Resume(core.MaxFlow/2, nil)
			plugintest.Answers(t, m, server(many))
		}
		m := opened(t, core.Stream)
		m.requests.Resume(core.MaxFlow/2, nil)
		plugintest.Answers(t, m, client(many))
		m = opened(t, core.Messages)
		plugintest.Answers(t, m, typed("="+strings.Repeat(line, (core.MaxEventPayload-1)/len(line))))
	}
}

func TestManyPending(t *testing.T) {
	m := opened(t, core.Stream)
	const all = maxPending + 10
	plugintest.Answers(t, m, server("220 ready\r\n"), client(strings.Repeat("NOOP\r\n", all)))
	got := plugintest.Answers(t, m, server(strings.Repeat("200 OK\r\n", all)))
	for i, a := range got {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*6)); names != (i < maxPending) {
			t.Fatalf("reply %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client("NOOP\r\n"))
	if got := plugintest.Answers(t, m, server("200 OK\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*6)) {
		t.Errorf("%.80q", got[0])
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"Entering Passive Mode (192,0,2,7,15,161).": "192.0.2.7:4001",
		"Entering Passive Mode 192,0,2,7,15,161":    "192.0.2.7:4001",
		"=192,0,2,7,15,161":                         "192.0.2.7:4001",
		"(192,0,2,7,0,0)":                           ":0",
		"(192,0,2,256,15,161)":                      ":0",
		"(192,0,2,7,15,1611)":                       "192.0.2.7:4001",
		"(192,0,2,7,15,)":                           ":0",
		"(192,0,2,7,15)":                            ":0",
		"":                                          ":0",
	} {
		a := sixNumbers([]byte(text), passiveAt([]byte(text)))
		if a.port == 0 {
			a.host = ""
		}
		if got := fmt.Sprintf("%s:%d", a.host, a.port); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]int{
		"(|||4001|)": 4001, "Extended (!!!65535!) yes": 65535, "(|||65536|)": 0, "(||4001|)": 0, "(|1|192.0.2.7|4001|)": 0, "(|||4001": 0, "(": 0, "4001": 0, "(|||+4|)": 0,
	} {
		if a := extendedPort([]byte(text)); a.port != want {
			t.Errorf("%q: port %d, want %d", text, a.port, want)
		}
	}
	for target, want := range map[string]string{
		"192.0.2.7:21": "192.0.2.7", "ftp.example.com": "ftp.example.com", "tls://[::1]:990": "[::1]", "[::1]": "[::1]", "ftp://a:21": "a",
	} {
		if got := hostOf(target); got != want {
			t.Errorf("the host of %s is %q, want %q", target, got, want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := during(t, "RETR a")
	plugintest.Answers(t, m, typed("NOOP"), typed("=NOOP\\r\\n"), data(core.LinkBytes, "abc"), server("211-abc\r\nde"))
	state := string(checkpointed(t, m))
	for _, r := range [][2]string{
		{`"At":48`, `"At":-1`}, {`"Lines":0`, `"Lines":-1`}, {`"Kind":9`, `"Kind":99`}, {`"Lost":0`, `"Lost":7`}, {`"To":48`, `"To":1`},
		{`"Conn":6`, `"Conn":60`}, {`"Stage":2`, `"Stage":20`}, {`"Kind":2,"Stage"`, `"Kind":20,"Stage"`}, {`"Moved":3`, `"Moved":-3`}, {`"Way":"EPSV"`, `"Way":"EPSVX"`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(state, r[0], r[1], 1)
		if changed == state {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if opened(t, core.Messages).Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzReplies has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("RETR a\r\nPASS x y\r\n\xff\xf4\xff\xf2ABOR\r\nSTAT\n"), []byte("220-hi\r\n220 x\r\n150 Go\r\n213 s\r\n226\r\n\n"), uint8(3))
	f.Add([]byte("AUTH TLS\r\nPORT 1,2,3,4,5,6\r\nEPRT |1|1.2.3.4|5|\r\n"), []byte("220 x\r\n500 no\r\n227 (1,2,3,4,5,6)\r\n229 (|||7|)\r\n234 x\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, asks, replies []byte, size uint8) {
		asks, replies = asks[:min(len(asks), core.MaxDecodedEvent)], replies[:min(len(replies), core.MaxDecodedEvent)]
		whole := opened(t, core.Stream)
		want := plugintest.Answers(t, whole, client(string(asks)), server(string(replies)), serverEOF)
		var got []string
		m := opened(t, core.Stream)
		for i, data := range [2]string{string(asks), string(replies)} {
			for of := [2]func(string) core.Event{client, server}[i]; len(data) > 0; {
				n := min(len(data), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, of(data[:n]))...)
				data = data[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = opened(t, core.Stream)
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
	f.Add("LIST", "220 x\r\n229 (|||7|)\r\n")
	f.Add("=AUTH TLS\\r\\n", "220 x\r\n234 go\r\nx")
	f.Add("STOR a b", "220 x\r\n500 no\r\n227 1,2,3,4,5,6\r\n")
	f.Add("EPRT", "220 x\r\n")
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
		"single": {"DELE a\r\n", "250 Delete operation successful.\r\n"},
		"status": {"STAT /\r\n", "213-Status follows:\r\n" + strings.Repeat("-rw-r--r--    1 0        0              46 Mar 01 10:00 a file\r\n", 65) + "213 End of status\r\n"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := opened(b, core.Stream), core.Out{}
			m.Handle(server("220 ready\r\n"), &out)
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
