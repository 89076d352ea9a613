//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// What the tests of load measure, and who they are measured for. Times are reported by
// t.Log: make test asserts none.

// in returns full, or short in the short form of the tests.
func in[T any](short, full T) T {
	if testing.Short() {
		return short
	}
	return full
}

// beat is sessions that each send a line and wait for it to come back, again and again.
type beat struct {
	t       testing.TB
	pace    time.Duration // between two lines of a session
	stop    chan struct{}
	running sync.WaitGroup

	mu    sync.Mutex
	trips []time.Duration
}

// beat opens sessions with an echo server, as the user with the token, and has them talk
// until the end of the test. All together send 1,000 lines a second at most.
func (w *workbench) beat(t testing.TB, sessions int, token string) *beat {
	t.Helper()
	b := &beat{t: t, pace: max(20*time.Millisecond, time.Duration(sessions)*time.Millisecond), stop: make(chan struct{})}
	target := serve(t, echo).address
	for i := range sessions {
		ws := w.openAs(t, token, "")
		b.running.Go(func() { b.talk(ws, target, i) })
	}
	t.Cleanup(b.end)
	b.counts(2 * sessions)
	return b
}

func (b *beat) talk(ws *websocket.Conn, target string, session int) {
	answer, line := target, "SUCC"
	pace := time.NewTicker(b.pace)
	defer pace.Stop()
	for n := 0; ; n++ {
		said := time.Now()
		ws.SetReadDeadline(said.Add(patience))
		if err := ws.WriteMessage(websocket.TextMessage, []byte(answer)); err != nil {
			b.t.Errorf("session %d of those that talk, line %d: %v", session, n, err)
			return
		}
		if _, got, err := ws.ReadMessage(); err != nil || string(got) != line {
			b.t.Errorf("session %d of those that talk, line %d: got %q, %v", session, n, got, err)
			return
		}
		if n > 0 {
			b.mu.Lock()
			b.trips = append(b.trips, time.Since(said))
			b.mu.Unlock()
		}
		answer = fmt.Sprintf("session %d line %d", session, n)
		line = answer
		select {
		case <-pace.C:
		case <-b.stop:
			return
		}
	}
}

// counts waits for so many round trips, and returns them in words.
func (b *beat) counts(trips int) string {
	b.t.Helper()
	took := func() []time.Duration {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.trips
	}
	eventually(b.t, "answers for other sessions", func() bool { return len(took()) >= trips || b.t.Failed() })
	all := took()
	b.mu.Lock()
	b.trips = nil
	b.mu.Unlock()
	return inWords(all)
}

// end ends the talking. It may be called again.
func (b *beat) end() {
	b.mu.Lock()
	select {
	case <-b.stop:
	default:
		close(b.stop)
	}
	b.mu.Unlock()
	b.running.Wait()
}

func inWords(all []time.Duration) string {
	if len(all) == 0 {
		return "nothing"
	}
	slices.Sort(all)
	return fmt.Sprintf("n=%d p50 %v p99 %v", len(all), at(all, 0.5), at(all, 0.99))
}

// at returns a quantile of times that are sorted.
func at(all []time.Duration, part float64) time.Duration {
	return all[int(math.Ceil(part*float64(len(all)-1)))].Round(10 * time.Microsecond)
}

// openAs opens a WebSocket as the user with a token; "" is the account itself.
func (w *workbench) openAs(t testing.TB, token, query string) *websocket.Conn {
	t.Helper()
	ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws"+query, bearer(token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

func bearer(token string) http.Header {
	if token == "" {
		return nil
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// ask asks as the user with a token.
func (w *workbench) ask(t testing.TB, token, method, path string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+w.address+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = bearer(token)
	resp, err := httpClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// addUser adds a user to a file, and returns the token.
func addUser(t testing.TB, file, name string) string {
	t.Helper()
	token, err := exec.Command(workbenchBinary, "user", "add", name, "--users", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// openFiles returns how many files a process has open.
func openFiles(t testing.TB, pid int) int {
	t.Helper()
	open, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// goroutines returns how many goroutines a workbench with --pprof has.
func (w *workbench) goroutines(t testing.TB) (n int) {
	t.Helper()
	_, answer := w.ask(t, "", "GET", "/debug/pprof/goroutine?debug=1", nil)
	if _, err := fmt.Sscanf(answer, "goroutine profile: total %d", &n); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	return n
}

// collect has a workbench with --pprof collect its garbage.
func (w *workbench) collect(t testing.TB) {
	t.Helper()
	w.ask(t, "", "GET", "/debug/pprof/heap?gc=1", nil)
}

// growing starts to watch the memory of the workbench. The check fails unless soon, as
// the Go runtime gives memory back with delay, it holds less than most bytes more than
// now, and returns figures in words.
func (w *workbench) growing(t testing.TB, most int) (check func() string) {
	t.Helper()
	w.collect(t)
	before := memory(t, w.pid(), "VmRSS")
	os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w.pid()), []byte("5"), 0) // VmHWM starts anew: proc_pid_clear_refs(5)
	return func() string {
		t.Helper()
		peak := memory(t, w.pid(), "VmHWM") - before
		grown := 0
		if !within(patience, func() bool {
			w.collect(t)
			grown = memory(t, w.pid(), "VmRSS") - before
			return grown < most
		}) {
			t.Errorf("the workbench grew by %d MiB, want less than %d MiB", grown>>20, most>>20)
		}
		return fmt.Sprintf("memory %d MiB, %+d MiB now, %+d MiB at most", before>>20, grown>>20, peak>>20)
	}
}

// fromFar returns a dialer with an address of its own, of the 16 million that this
// machine has.
func fromFar(n int) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(1+n>>16%250), byte(n>>8), byte(n))}, Timeout: patience}
}
