package web

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "testdata") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }

// open makes a machine; options are name, value, name, value.
func open(t testing.TB, options ...string) *machine {
	t.Helper()
	d := Discipline()
	values := map[string]string{}
	for i := 0; i+1 < len(options); i += 2 {
		values[options[i]] = options[i+1]
	}
	all, err := d.Manifest.ParseOptions(values)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Open(core.Opening{Options: all}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

// feed returns what the machine sends for one event, what it asks the world, and whether
// it closes.
func feed(t testing.TB, m *machine, kind core.EventKind, data string) (sent, asked string, closed bool) {
	t.Helper()
	var out core.Out
	if err := m.Handle(core.Event{Kind: kind, Data: []byte(data)}, &out); err != nil || out.Err() != nil {
		t.Fatal(err, out.Err())
	}
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendBinary:
			sent += string(a.Data)
		case core.AskWorld:
			asked += string(a.Data)
		case core.Close:
			closed = true
		default:
			t.Fatalf("action %v", a)
		}
	}
	return sent, asked, closed
}

// Each bound is reached by the first request and passed by the second.
func TestBounds(t *testing.T) {
	const host, chunked = "Host: h\r\n", "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	a := func(n int) string { return strings.Repeat("a", n) }
	lines := func(n int) string { return "GET / HTTP/1.1\r\n" + host + strings.Repeat("A: b\r\n", n-2) + "\r\n" }
	head := func(n int) string {
		n -= len("GET / HTTP/1.1") + len("Host: h") + 2*maxLine
		return "GET / HTTP/1.1\r\n" + host + strings.Repeat("A:"+a(maxLine-2)+"\r\n", 2) + "A:" + a(n-2) + "\r\n\r\n"
	}
	for _, tt := range []struct {
		name       string
		fits, over string
		status     int
	}{
		{"target", "GET /" + a(maxLine-14) + " HTTP/1.1\r\n" + host + "\r\n", "GET /" + a(maxLine-13) + " HTTP/1.1\r\n", 414},
		{"request line without an end", "GET /" + a(maxLine-14) + " HTTP/1.1\r\n" + host + "\r\n", a(maxLine + 2), 414},
		{"field line", "GET / HTTP/1.1\r\n" + host + "A:" + a(maxLine-2) + "\r\n\r\n", "GET / HTTP/1.1\r\nA:" + a(maxLine-1) + "\r\n", 431},
		{"lines", lines(maxLines), lines(maxLines + 1), 431},
		{"head", head(maxHead), head(maxHead + 1), 431},
		{"body", "POST /echo HTTP/1.1\r\n" + host + fmt.Sprintf("Content-Length: %d\r\n\r\n", maxBody) + a(maxBody),
			"POST /echo HTTP/1.1\r\n" + host + fmt.Sprintf("Content-Length: %d\r\n\r\n", maxBody+1), 413},
		{"length that no integer has", lines(2), "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551616\r\n\r\n", 413},
		{"chunks", chunked + fmt.Sprintf("1\r\na\r\n%x\r\n", maxBody-1) + a(maxBody-1) + "\r\n0\r\n\r\n",
			chunked + fmt.Sprintf("1\r\na\r\n%x\r\n", maxBody), 413},
		{"chunk that no integer has", chunked + "0\r\n\r\n", chunked + "10000000000000000\r\n", 413},
		{"line before a chunk", chunked + "0;" + a(maxChunkLine-2) + "\r\n\r\n", chunked + "0;" + a(maxChunkLine-1) + "\r\n", 400},
		{"trailers", chunked + "0\r\n" + strings.Repeat("A: b\r\n", maxLines) + "\r\n", chunked + "0\r\n" + strings.Repeat("A: b\r\n", maxLines+1), 431},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t)
			if sent, _, closed := feed(t, m, core.ClientBytes, tt.fits); closed || !strings.HasPrefix(sent, "HTTP/1.1 200 ") && !strings.HasPrefix(sent, "HTTP/1.1 404 ") {
				t.Errorf("at the bound: %.200q", sent)
			}
			m = open(t)
			if sent, _, closed := feed(t, m, core.ClientBytes, tt.over); !closed || !strings.HasPrefix(sent, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) {
				t.Errorf("over the bound: %.200q", sent)
			}
			for _, data := range []string{tt.fits, tt.over} {
				plugintest.Events(t, Discipline(), nil, core.Event{Kind: core.ClientBytes, Data: []byte(data)})
			}
		})
	}
}

// The last request that a connection may have is answered with Connection: close, however
// many come in one read.
func TestRequestsOfAConnection(t *testing.T) {
	sent, _, closed := feed(t, open(t), core.ClientBytes, strings.Repeat("GET /about HTTP/1.1\r\nHost: h\r\n\r\n", 30_000))
	if n := strings.Count(sent, "HTTP/1.1 200 OK"); n != maxRequests || !closed {
		t.Errorf("%d answers, closed %v", n, closed)
	}
	if last := strings.LastIndex(sent, "HTTP/1.1 200 OK"); strings.Index(sent, "Connection: close") < last {
		t.Error("an answer before the last one closes")
	}
}

// While the world is asked, further requests wait, up to a bound.
func TestHeldWhileTheWorldIsAsked(t *testing.T) {
	const list, about = "GET /guestbook HTTP/1.1\r\nHost: h\r\n\r\n", "GET /about HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, tt := range []struct {
		name string
		more []string // events after the question
		want int      // further answers of 200
		over bool
	}{
		{"up to the bound", []string{about, strings.Repeat("\r\n", (maxHeld-len(about))/2)}, 1, false},
		{"over it", []string{about, strings.Repeat("\r\n", maxHeld/2)}, 1, true},
		{"in many events", []string{about, strings.Repeat("\r\n", maxHeld/2), about, about}, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t)
			if sent, asked, _ := feed(t, m, core.ClientBytes, list); sent != "" || asked != "list" {
				t.Fatalf("sent %q, asked %q", sent, asked)
			}
			events := []core.Event{{Kind: core.ClientBytes, Data: []byte(list)}}
			for _, data := range tt.more {
				if sent, _, _ := feed(t, m, core.ClientBytes, data); sent != "" || len(m.held) > maxHeld || cap(m.held) > 2*maxHeld {
					t.Fatalf("sent %q, holds %d bytes in %d", sent, len(m.held), cap(m.held))
				}
				events = append(events, core.Event{Kind: core.ClientBytes, Data: []byte(data)})
			}
			sent, _, closed := feed(t, m, core.WorldSaid, "ok 0\n")
			if n := strings.Count(sent, "HTTP/1.1 200 OK"); n != 1+tt.want {
				t.Errorf("%d answers", n)
			}
			if over := strings.Contains(sent, "HTTP/1.1 429 "); over != tt.over || closed != tt.over {
				t.Errorf("refused %v, closed %v", over, closed)
			}
			plugintest.Events(t, Discipline(), nil, append(events, core.Event{Kind: core.WorldSaid, Data: []byte("ok 0\n")})...)
		})
	}
}

// The same seed gives the same site, others give others.
func TestSeed(t *testing.T) {
	words, numbers := map[string]bool{}, map[uint64]bool{}
	for i := range 200 {
		seed := fmt.Sprintf("seed%d", i)
		s := newSite(seed)
		if s != newSite(seed) {
			t.Fatalf("seed %s gives two sites", seed)
		}
		words[s.word], numbers[s.number] = true, true
		if s.number < 1000 || s.number > 9999 || s.today < 1 || s.today > lastPage {
			t.Errorf("seed %s: %+v", seed, s)
		}
		hunt, secret := s.page("/hunt"), s.page("/secret/"+s.word)
		if !strings.Contains(hunt.body, `"/secret/`+s.word+`"`) || secret == nil || !strings.Contains(secret.body, fmt.Sprint(s.number)) {
			t.Errorf("seed %s: %+v, %+v", seed, hunt, secret)
		}
	}
	if len(words) < 100 || len(numbers) < 180 {
		t.Errorf("of 200 seeds, %d words and %d numbers differ", len(words), len(numbers))
	}
}
