package e2e

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Of the storm.
const (
	stormSessions = 200
	stormWindow   = 32                     // lines of a session that may be unanswered
	stormPace     = 20 * time.Millisecond  // between two lines of a session
	stormKills    = 500 * time.Millisecond // between two kills of a mode's process
)

// stormTime is STORM_SECONDS, or what a run of all tests bears.
func stormTime(t testing.TB) time.Duration {
	words := os.Getenv("STORM_SECONDS")
	if words == "" {
		return 10 * time.Second
	}
	seconds, err := strconv.Atoi(words)
	if err != nil || seconds < 1 {
		t.Fatalf("STORM_SECONDS is %q; it must be a number of seconds", words)
	}
	return time.Duration(seconds) * time.Second
}

// talker is one session of the storm: it sends numbered lines through an echo
// server, and checks that each comes back once, whole and in order.
type talker struct {
	name string
	ws   *websocket.Conn

	mu      sync.Mutex
	heard   int           // lines
	last    time.Time     // when
	longest time.Duration // between two of them, since it was last asked for
}

func (k *talker) line(n int) string {
	const padding = "................................................................................................"
	return fmt.Sprintf("%s line %d %s", k.name, n, padding[:n*37%len(padding)])
}

const lastLine = "that is all"

// talk sends until stop is closed, and returns when all is answered.
func (k *talker) talk(stop <-chan struct{}) error {
	window := make(chan struct{}, stormWindow)
	sent := make(chan error, 1)
	failed := make(chan struct{})
	go func() { sent <- k.send(stop, failed, window) }()
	err := k.listen(window)
	if err != nil {
		close(failed)
	}
	if words := <-sent; err == nil {
		err = words
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", k.name, err)
	}
	return err
}

func (k *talker) send(stop, failed <-chan struct{}, window chan<- struct{}) error {
	pace := time.NewTicker(stormPace)
	defer pace.Stop()
	say := func(line string) error {
		k.ws.SetWriteDeadline(time.Now().Add(patience))
		return k.ws.WriteMessage(websocket.TextMessage, []byte(line))
	}
	for n := 0; ; n++ {
		select {
		case <-stop:
			return say(lastLine)
		case <-failed:
			return nil
		case <-pace.C:
		}
		select {
		case window <- struct{}{}:
		case <-failed:
			return nil
		}
		if err := say(k.line(n)); err != nil {
			return err
		}
	}
}

func (k *talker) listen(window <-chan struct{}) error {
	for n := 0; ; n++ {
		k.ws.SetReadDeadline(time.Now().Add(patience))
		kind, got, err := k.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("in place of line %d: %w", n, err)
		}
		if string(got) == lastLine && len(window) == 0 {
			return nil
		}
		if kind != websocket.TextMessage || string(got) != k.line(n) {
			return fmt.Errorf("got %q (kind %d), want %q", got, kind, k.line(n))
		}
		<-window
		k.mu.Lock()
		now := time.Now()
		k.longest = max(k.longest, now.Sub(k.last))
		k.last = now
		k.heard++
		k.mu.Unlock()
	}
}

// silence returns the longest silence since the last call.
func (k *talker) silence() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	longest := k.longest
	k.longest = 0
	return longest
}

// Many sessions are under traffic while their processes are killed again and
// again: not one byte is lost, doubled or out of order, and no session ends.
// It runs alone, so that the times that it reports mean something.
func TestStorm(t *testing.T) {
	w := start(t)
	s := serve(t, echo)
	killers := []*killer{{w: w, mode: "http-line"}, {w: w, mode: "echo-quit"}}
	var talkers []*talker
	for i := range stormSessions {
		mode := killers[i%len(killers)].mode
		c := w.join(t, "?mode="+mode, s.address)
		talkers = append(talkers, &talker{name: fmt.Sprint(mode, " ", i), ws: c.ws, last: time.Now()})
	}
	var talking sync.WaitGroup
	stop := make(chan struct{})
	for _, k := range talkers {
		talking.Go(func() {
			if err := k.talk(stop); err != nil {
				t.Error(err)
			}
		})
	}

	// A silence counts for the kill before its end.
	var silences []time.Duration
	collect := func(keep bool) {
		for _, k := range talkers {
			if d := k.silence(); keep {
				silences = append(silences, d)
			}
		}
	}
	kills := 0
	tick := time.NewTicker(stormKills)
	defer tick.Stop()
	for end := time.After(stormTime(t)); ; {
		select {
		case <-tick.C:
			collect(kills > 0)
			for _, k := range killers {
				if m := w.mode(t, k.mode); m.State == "ready" && m.PID != k.last {
					k.strike(t, syscall.SIGKILL)
					kills++
				}
			}
			continue
		case <-end:
		}
		break
	}
	close(stop)
	talking.Wait()
	collect(true)

	lines := 0
	for _, k := range talkers {
		lines += k.heard
	}
	recoveries, poisoned, lost := 0, 0, 0
	for _, k := range killers {
		k.fresh(t)
		recoveries += w.metric(t, "workbench_recovery_seconds_count", k.mode)
		poisoned += w.metric(t, "workbench_sessions_poisoned_total", k.mode)
		lost += w.metric(t, "workbench_sessions_unrecoverable_total", k.mode)
	}
	if kills == 0 || recoveries < kills || poisoned > 0 || lost > 0 {
		t.Errorf("%d kills led to %d recoveries, %d sessions taken for poisoned, %d that could not be recovered any more",
			kills, recoveries, poisoned, lost)
	}
	slices.Sort(silences)
	at := func(part float64) time.Duration {
		return silences[int(part*float64(len(silences)-1))].Round(100 * time.Microsecond)
	}
	t.Logf("%d sessions, %d lines, %d kills, %d recoveries; the longest silence of a session after a kill: p50 %v, p99 %v, at most %v",
		stormSessions, lines, kills, recoveries, at(0.5), at(0.99), at(1))
}

// metric reads a number of a mode from /metrics.
func (w *workbench) metric(t testing.TB, name, mode string) int {
	t.Helper()
	resp, err := httpClient.Get("http://" + w.address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	prefix := fmt.Sprintf("%s{mode=%q} ", name, mode)
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
	}
	t.Fatalf("/metrics has no %s", prefix)
	return 0
}
