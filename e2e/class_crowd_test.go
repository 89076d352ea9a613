//go:build linux

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// typist is a student of a crowd, who says a line twice a second and waits for it to come back.
type typist struct {
	student
	ws     *websocket.Conn
	attach string
}

// websocket opens one as the page does: with a student's cookie; "" is the teacher, whose
// programs need none.
func (w *workbench) websocket(t testing.TB, cookie, path, protocol string) *websocket.Conn {
	t.Helper()
	header := http.Header{}
	if cookie != "" {
		header = http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {"same-origin"}}
	}
	if protocol != "" {
		header.Set("Sec-WebSocket-Protocol", protocol)
	}
	ws, _, err := dialer.Dial("ws://"+w.address+path, header)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

// begin opens a session that goes on without its connection, and the page's stream.
func (p *typist) begin(w *workbench, target string) {
	p.t.Helper()
	live := w.websocket(p.t, p.cookie, "/api/class/live", "")
	go drain(live)
	p.ws = w.websocket(p.t, p.cookie, "/websocket/ws?mode=http-line&keep=on&window=w", "workbench.v1")
	c := &client{p.t, p.ws}
	c.say(target)
	c.hears("SUCC")
	p.attach = c.entries()[0]["attach"].(string)
}

func drain(ws *websocket.Conn) {
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}

// talk says a line every half second until stop is closed, and tells how long each took.
func (p *typist) talk(stop <-chan struct{}, took func(time.Duration)) {
	time.Sleep(rand.N(500 * time.Millisecond)) // not all at once
	pace := time.NewTicker(500 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
		case <-stop:
			return
		}
		said := time.Now()
		line := fmt.Sprintf("at %d", said.UnixNano())
		p.ws.SetReadDeadline(said.Add(patience))
		p.ws.SetWriteDeadline(said.Add(patience))
		err := p.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"text":%q}`, line))
		for back := false; err == nil && !back; {
			var entries []map[string]any
			if err = p.ws.ReadJSON(&entries); err != nil {
				break
			}
			for _, e := range entries {
				text, _ := e["text"].(string)
				back = back || e["dir"] == ">>" && e["side"] == "server" && strings.Contains(text, line)
			}
		}
		if err != nil {
			p.t.Errorf("%s, %q: %v", p.id, line, err)
			return
		}
		took(time.Since(said))
	}
}

var stamp = regexp.MustCompile(`at (\d{19})`)

// behind tells how old the newest line of each message is when it comes, until the
// connection ends. What had been said before counts not: it comes all at once.
func behind(ws *websocket.Conn, lag func(time.Duration)) {
	began := time.Now().UnixNano()
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		newest := began
		for _, m := range stamp.FindAllSubmatch(message, -1) {
			at, _ := strconv.ParseInt(string(m[1]), 10, 64)
			newest = max(newest, at)
		}
		if newest > began {
			lag(time.Duration(now - newest))
		}
	}
}

// A class types, and its teacher looks on: the wall and five sessions. How long lines take
// with and without that, how far behind the teacher is and how much memory it needs are
// reported, not asserted.
func TestClassCrowd(t *testing.T) {
	w, code := holdClass(t, "crowd")
	crowd(t, w, code, w)
}

// The same with students at three workbenches, and the teacher at a fourth.
func TestClassCrowdOfSeveral(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	broker, _, _ := natsServer(t)
	s := &school{t: t, name: "crowds", store: "nats://" + broker + "/school"}
	var all []*workbench
	var code string
	for n := range 4 {
		var w *workbench
		w, code = s.hold(n)
		all = append(all, w)
	}
	crowd(t, all[3], code, all[:3]...)
}

func crowd(t *testing.T, w *workbench, code string, students ...*workbench) {
	const rounds = 3
	turn := in(2*time.Second, 10*time.Second)
	typists := make([]*typist, in(30, 300))
	began := time.Now()
	var all sync.WaitGroup
	for n := range typists {
		typists[n] = &typist{student: student{t: t}}
		all.Go(func() {
			at := students[n%len(students)]
			typists[n].join(at, code, fmt.Sprint("Student ", n))
			typists[n].begin(at, at.echo)
		})
	}
	if all.Wait(); t.Failed() {
		t.FailNow()
	}
	t.Logf("%d students have joined and connected after %v", len(typists), time.Since(began))

	// looksOn opens the wall and five sessions, and returns how to close them.
	var mu sync.Mutex
	var wall, tiles []time.Duration
	looksOn := func() (end func()) {
		var open []*websocket.Conn
		follow := func(ws *websocket.Conn, lags *[]time.Duration) {
			open = append(open, ws)
			all.Go(func() {
				behind(ws, func(lag time.Duration) {
					mu.Lock()
					defer mu.Unlock()
					*lags = append(*lags, lag)
				})
			})
		}
		follow(w.websocket(t, "", "/api/class/wall", ""), &wall)
		for _, p := range typists[:5] {
			ws := w.websocket(t, "", "/websocket/ws?attach="+p.attach+"&student="+p.id, "workbench.v1")
			follow(ws, &tiles)
		}
		return func() {
			for _, ws := range open {
				ws.Close()
			}
		}
	}

	var lookedOn atomic.Bool
	trips := map[bool][]time.Duration{}
	stop := make(chan struct{})
	var talking sync.WaitGroup
	for _, p := range typists {
		talking.Go(func() {
			p.talk(stop, func(took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				trips[lookedOn.Load()] = append(trips[lookedOn.Load()], took)
			})
		})
	}
	most := 0
	for range rounds {
		time.Sleep(turn)
		end := looksOn()
		lookedOn.Store(true)
		time.Sleep(turn)
		held := memory(t, w.pid(), "VmRSS")
		for _, pid := range w.children(t) {
			held += memory(t, pid, "VmRSS")
		}
		most = max(most, held)
		lookedOn.Store(false)
		end()
	}
	close(stop)
	talking.Wait()
	all.Wait()
	mu.Lock()
	defer mu.Unlock()
	t.Logf("lines without the teacher: %s", inWords(trips[false]))
	t.Logf("lines with the wall and 5 sessions open: %s", inWords(trips[true]))
	t.Logf("the wall is behind by: %s; the sessions by: %s", inWords(wall), inWords(tiles))
	t.Logf("memory, with the processes of the line modes: at most %d MiB", most>>20)
	if len(wall) == 0 || len(tiles) == 0 {
		t.Error("the teacher has seen no line")
	}
}
