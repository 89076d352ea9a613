package http

import (
	"bytes"
	"compress/gzip"
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

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/http") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/http") }

// open makes a machine of a client end, which is watched if it is a stream.
func open(t testing.TB, client core.ClientEnd) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream, Target: "example.com:80"}, new(core.Out))
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

// pieces cuts what a server says into events.
func pieces(data string) (all []core.Event) {
	for len(data) > 0 {
		n := min(len(data), core.MaxDecodedEvent)
		all = append(all, server(data[:n]))
		data = data[n:]
	}
	return all
}

// An announced size reserves nothing, and what comes of it is counted.
func TestHugeBody(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, typed("GET /huge"), server("HTTP/1.1 200 OK\r\nContent-Length: 536870912\r\n\r\n"))
	piece := server(strings.Repeat("x", core.MaxDecodedEvent))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 512<<20/core.MaxDecodedEvent - 1 {
		if got := plugintest.Answers(t, m, piece); got != nil {
			t.Fatalf("%.80q", got)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, piece)
	if len(got) != 2 || len(got[0]) > maxShown+200 || !strings.HasSuffix(got[0], fmt.Sprintf("x\n… (%d more bytes)", 512<<20-maxShown)) || !strings.Contains(got[1], "(536870912 bytes)") {
		t.Errorf("%d answers, %.200q", len(got), got)
	}
}

// A compressed body becomes so many times as much at most.
func TestBomb(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(make([]byte, 0))
	w.Write(bytes.Repeat([]byte("0"), 10<<20))
	w.Close()
	response := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", packed.Len(), packed.Bytes())
	m := open(t, core.Messages)
	got := plugintest.Answers(t, m, append([]core.Event{typed("GET /")}, pieces(response)...)...)
	last := got[len(got)-2]
	if n := strings.Count(last, "0"); n < maxShown || n > maxShown+20 || !strings.HasSuffix(last, "of which this is the beginning)") {
		t.Errorf("%d zeros are shown: …%s", n, last[len(last)-100:])
	}
	small := "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 600\r\n\r\n" + string(packed.Bytes()[:600])
	for _, a := range plugintest.Answers(t, m, pieces(strings.Repeat(small, 100))...) {
		if len(a) > 700*maxRatio {
			t.Fatalf("600 bytes became %d", len(a))
		}
	}
}

// What is kept of heads, chunks and lines is bounded, and what follows them is read as usual.
func TestLarge(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, response := range map[string]string{
		"many lines":      ok + strings.Repeat("a: b\r\n", 50_000) + "Content-Length: 0\r\n\r\n",
		"long lines":      ok + strings.Repeat("a: "+strings.Repeat("x", 100_000)+"\r\n", 4) + "Content-Length: 0\r\n\r\n",
		"folded lines":    ok + "a: b\r\n" + strings.Repeat(" folded\r\n", 50_000) + "Content-Length: 0\r\n\r\n",
		"a long reason":   "HTTP/1.1 200 " + strings.Repeat("x", 100_000) + "\r\nContent-Length: 0\r\n\r\n",
		"many chunks":     ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 50_000) + "0\r\n\r\n",
		"long extensions": ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("e", 50_000)+"\r\nx\r\n", 4) + "0\r\n\r\n",
		"many trailers":   ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a: b\r\n", 50_000) + "\r\n",
		"empty lines":     strings.Repeat("\n", 1<<17),
		"no HTTP":         strings.Repeat("x\n", 1<<16),
		"one long line":   strings.Repeat("x", 1<<20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, core.Messages)
			plugintest.Answers(t, m, typed("GET /"))
			for _, p := range pieces(response) {
				for _, a := range plugintest.Answers(t, m, p) {
					if len(a) > 512<<10 {
						t.Fatalf("an answer of %d bytes", len(a))
					}
				}
				if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint*3/4 {
					t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
				}
			}
			if got := plugintest.Answers(t, m, typed("GET /2"), server(ok+"Content-Length: 1\r\n\r\nx")); len(got) != 4 || got[2] != "HTTP/1.1 200 OK\nContent-Length: 1\n\nx" {
				t.Errorf("after it came %.200q", got)
			}
		})
	}
}

// What a person sends at once is sent, and has so many messages at most.
func TestTooMuchTyped(t *testing.T) {
	got := plugintest.Answers(t, open(t, core.Messages), typed("="+strings.Repeat("GET /\n", 30_000)))
	if len(got[0]) != 6*30_000 || !strings.Contains(got[len(got)-1], "10000 requests more are no messages") {
		t.Errorf("%d answers, the last is %.80q", len(got), got[len(got)-1])
	}
	got = plugintest.Answers(t, open(t, core.Messages), typed("GET / HTTP/1.1\n"+strings.Repeat("a: b\n", 20_000)))
	if len(got) != 2 || !strings.HasPrefix(got[0], "nothing was sent: a head may have 64 KiB") {
		t.Errorf("%.200q", got)
	}
}

// Responses that come after very many requests are not taken for others' answers.
func TestManyPending(t *testing.T) {
	m := open(t, core.Stream)
	const all, request = maxPending + 10, "GET / HTTP/1.0\r\n\r\n"
	plugintest.Answers(t, m, client(strings.Repeat(request, all/2)), client(strings.Repeat(request, all/2)))
	got := plugintest.Answers(t, m, server(strings.Repeat("HTTP/1.1 204 \r\n\r\n", all)))
	for i, a := range got {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*len(request))); names != (i < maxPending) {
			t.Fatalf("response %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client(request))
	if got := plugintest.Answers(t, m, server("HTTP/1.1 204 \r\n\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*len(request))) {
		t.Errorf("%.80q", got[0])
	}
}

func TestHost(t *testing.T) {
	for target, want := range map[string]string{
		"example.com:80": "example.com", "example.com:443": "example.com", "example.com:8080": "example.com:8080", "[::1]:80": "[::1]",
		"unix:/run/x": "localhost", "": "localhost",
	} {
		if got := hostOf(target); got != want {
			t.Errorf("%q for %q, want %q", got, target, want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, typed("GET /"), server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), typed("GET / HTTP/1.1"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, core.Messages).Restore(state); err != nil {
		t.Errorf("%v: %s", err, state)
	}
	for _, r := range [][2]string{
		{`"Left":3`, `"Left":0`}, {`"Left":3`, `"Left":-1`}, {`"State":2`, `"State":0`}, {`"State":2`, `"State":99`}, {`"Off":17`, `"Off":99`}, {`"End":17`, `"End":1`},
		{`"Length":2`, `"Length":1`}, {`"Code":200`, `"Code":-1`}, {`"At":17`, `"At":-1`}, {`"RawAt":-1`, `"RawAt":-2`}, {`{`, ``}, {`{`, `{"X":1,`},
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

// FuzzMessages has a machine watch what the fuzzer says as client and as server, cut in two
// ways, and restored from its checkpoint after each piece.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.0\n\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
		[]byte("HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest"), uint8(3))
	f.Add([]byte("GET /\r\nCookie: a\r\n b\r\nCONNECT a:1 HTTP/1.1\r\nAuthorization: x\r\n\r\n\x16"), []byte("old\nHTTP/1.1 200\r\nSet-Cookie: a=01234567\r\n\r\nx"), uint8(1))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2;a\r\nab\r\n0\r\nA: b\r\n\r\nnone\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n"), uint8(7))
	f.Fuzz(func(t *testing.T, asks, replies []byte, size uint8) {
		asks, replies = asks[:min(len(asks), core.MaxDecodedEvent)], replies[:min(len(replies), core.MaxDecodedEvent)]
		want := plugintest.Answers(t, open(t, core.Stream), client(string(asks)), server(string(replies)), serverEOF, clientEOF)
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
		got = append(got, plugintest.Answers(t, m, serverEOF, clientEOF)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("GET /", "HTTP/1.1 200 OK\r\nSet-Cookie: id=12345678\r\nContent-Length: 1\r\n\r\nx")
	f.Add("=GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", "HTTP/1.1 101 x\r\n\r\nraw")
	f.Add("POST / HTTP/1.1\nHost: x\nAuthorization: Basic abcdefgh\nContent-Length: 1\n\nx", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
	f.Add("GET / HTTP/1.1", "junk\n")
	f.Fuzz(func(t *testing.T, text, said string) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), nil, append(events, typed(text), typed(""), typed("="), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch requests and their responses.
func BenchmarkWatch(b *testing.B) {
	const request = "GET /index.html HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n"
	const head = "HTTP/1.1 200 OK\r\nServer: nginx/1.26.3\r\nDate: Sun, 29 Nov 2026 22:52:52 GMT\r\nContent-Type: text/html\r\nConnection: keep-alive\r\n"
	for name, of := range map[string][2]string{
		"small":   {request, "HTTP/1.1 204 No Content\r\nServer: nginx\r\n\r\n"},
		"page":    {request, head + "Content-Length: 4000\r\n\r\n" + strings.Repeat("x", 4000)},
		"chunked": {request, head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3e8\r\n"+strings.Repeat("x", 1000)+"\r\n", 4) + "0\r\n\r\n"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			asks, replies := client(strings.Repeat(of[0], 14)), server(strings.Repeat(of[1], 14))
			b.SetBytes(int64(len(asks.Data) + len(replies.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() != 28 {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(28*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
