//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// echoOnly is echo without the pipe and the buffer that io.Copy takes for each of two
// sockets.
func echoOnly(conn net.Conn) {
	io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, make([]byte, 512))
}

// joinMany opens sessions with a server, several at a time.
func (w *workbench) joinMany(t testing.TB, count int, target string) []*websocket.Conn {
	t.Helper()
	all := make([]*websocket.Conn, count)
	var joining sync.WaitGroup
	for first := range 8 {
		joining.Go(func() {
			for i := first; i < count; i += 8 {
				ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws", nil)
				if err != nil {
					t.Errorf("session %d: %v", i, err)
					return
				}
				all[i] = ws
				if err := trip(ws, target, "SUCC"); err != nil {
					t.Errorf("session %d: %v", i, err)
					return
				}
			}
		})
	}
	joining.Wait()
	t.Cleanup(func() { leave(all) })
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// leave closes connections, of which some may be missing.
func leave(all []*websocket.Conn) {
	for _, ws := range all {
		if ws != nil {
			ws.Close()
		}
	}
}

// trip sends a line and expects another.
func trip(ws *websocket.Conn, line, want string) error {
	ws.SetReadDeadline(time.Now().Add(patience))
	if err := ws.WriteMessage(websocket.TextMessage, []byte(line)); err != nil {
		return err
	}
	_, got, err := ws.ReadMessage()
	if err == nil && string(got) != want {
		err = fmt.Errorf("got %q, want %q", got, want)
	}
	return err
}

// Thousands of sessions are idle while others talk: all answer, and leave nothing behind.
func TestCrowd(t *testing.T) {
	idle, active := in(300, 5000), in(20, 200)
	w := start(t, "--pprof", "--transcripts", t.TempDir())
	target := serve(t, echoOnly).address
	before, held := w.holds(t), memory(t, w.pid(), "VmRSS")
	began := time.Now()
	sleepers := w.joinMany(t, idle, target)
	t.Logf("%d idle sessions opened in %v", idle, time.Since(began).Round(time.Millisecond))
	b := w.beat(t, active, "")
	trips := b.counts(50 * active)
	grown := memory(t, w.pid(), "VmRSS") - held
	var waking sync.WaitGroup
	for first := range 50 {
		waking.Go(func() {
			for i := first; i < idle; i += 50 {
				if err := trip(sleepers[i], "awake", "awake"); err != nil {
					t.Errorf("idle session %d: %v", i, err)
				}
			}
		})
	}
	waking.Wait()
	b.end()
	leave(sleepers)
	t.Logf("beside them %d talk: %s; memory +%d MiB", active, trips, grown>>20)
	w.leftNothing(t, before, active)
}

// leftNothing waits until the sessions have gone, but for some, and what they held. A few
// goroutines and files are for what is asked meanwhile, and for recordings that wait for
// the disk. Processes that start late, to be there when others die, do not count.
func (w *workbench) leftNothing(t testing.TB, before holding, but int) {
	t.Helper()
	const few, fewFiles = 8, 32
	var now holding
	if !within(patience, func() bool {
		now = w.holds(t)
		return now.sessions <= but && now.files <= before.files+fewFiles+5*but && now.goroutines <= before.goroutines+few+20*but
	}) {
		_, all := w.ask(t, "", "GET", "/debug/pprof/goroutine?debug=1", nil)
		t.Errorf("before there was %+v, and now %+v:\n%s", before, now, all)
	}
}

// holding is what a workbench holds for its sessions.
type holding struct{ sessions, files, goroutines int }

// holds counts, but for what each plugin process takes.
func (w *workbench) holds(t testing.TB) (h holding) {
	t.Helper()
	const goroutines, files = 16, 4
	modes, err := w.modes()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modes {
		h.sessions += m.Sessions
	}
	processes := len(w.children(t))
	h.files = openFiles(t, w.pid()) - processes*files
	h.goroutines = w.goroutines(t) - processes*goroutines
	return h
}

// Sessions talk for a long time: neither memory nor open files grow, and once all have
// left, nothing is left of them. make soak is the long form.
func TestSoak(t *testing.T) {
	t.Parallel()
	sessions, length, most := 50, in(12*time.Second, 30*time.Second), 8<<20
	if words := os.Getenv("SOAK_SECONDS"); words != "" {
		seconds, err := strconv.Atoi(words)
		if err != nil || seconds < 10 {
			t.Fatalf("SOAK_SECONDS is %q; it must be a number of seconds, 10 or more", words)
		}
		sessions, length = 500, time.Duration(seconds)*time.Second
		if seconds >= 600 {
			most = 1 << 20
		}
	}
	w := start(t, "--pprof", "--transcripts", t.TempDir())
	target := serve(t, echoOnly).address
	before := w.holds(t)
	leave(w.joinMany(t, sessions, target)) // what is made once, and kept, is made now
	w.leftNothing(t, before, 0)

	all := w.joinMany(t, sessions, target)
	stop := make(chan struct{})
	var talking sync.WaitGroup
	for i, ws := range all {
		talking.Go(func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for n := 0; ; n++ {
				line := fmt.Sprintf("session %d, message %d", i, n)
				if err := trip(ws, line, line); err != nil {
					t.Errorf("%s: %v", line, err)
					return
				}
				select {
				case <-tick.C:
				case <-stop:
					return
				}
			}
		})
	}
	var held, open []int // each second
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); <-tick.C {
		w.collect(t)
		held = append(held, memory(t, w.pid(), "VmRSS"))
		open = append(open, openFiles(t, w.pid()))
	}
	close(stop)
	talking.Wait()
	leave(all)
	left := time.Now()
	w.leftNothing(t, before, 0)
	took := time.Since(left)

	// After a quarter in which it warms up, the least of each half of the rest: garbage and
	// requests of the test come on top now and then.
	quarter := len(held) / 4
	half := quarter + (len(held)-quarter)/2
	grown := slices.Min(held[half:]) - slices.Min(held[quarter:half])
	moreFiles := slices.Min(open[half:]) - slices.Min(open[quarter:half])
	t.Logf("%d sessions, %v: memory %d KiB, then %+d KiB; files %d, then %+d; gone after %v",
		sessions, length, slices.Min(held[quarter:half])>>10, grown>>10, slices.Min(open[quarter:half]), moreFiles, took.Round(time.Millisecond))
	if grown > most {
		t.Errorf("memory grew by %d KiB, want %d at most", grown>>10, most>>10)
	}
	if moreFiles > 2 {
		t.Errorf("%d more files are open", moreFiles)
	}
}
