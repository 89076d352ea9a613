//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Parameters of the storm.
const (
	stormWindow = 32                    // lines of a session that may be unanswered
	stormPace   = 20 * time.Millisecond // between two lines of a session

	stormPatience = 100 * time.Second // of a session; the workbench is stopped for longer than others wait
)

// stormTime is STORM_SECONDS, or a short time when all tests run.
func stormTime(t testing.TB) time.Duration {
	words := os.Getenv("STORM_SECONDS")
	if words == "" {
		return in(3*time.Second, 6*time.Second)
	}
	seconds, err := strconv.Atoi(words)
	if err != nil || seconds < 1 {
		t.Fatalf("STORM_SECONDS is %q; it must be a number of seconds", words)
	}
	return time.Duration(seconds) * time.Second
}

// talker is one session of the storm: it sends numbered lines through an echo server,
// and checks that each comes back once, complete and in order.
type talker struct {
	name   string
	pace   time.Duration // between two lines
	ws     *websocket.Conn
	window chan time.Time // holds when each line was said that is unanswered

	mu      sync.Mutex
	heard   int           // lines
	last    time.Time     // when
	longest time.Duration // silence while an answer was due, since it was last asked for
}

func (k *talker) line(n int) string {
	const padding = "................................................................................................"
	return fmt.Sprintf("%s line %d %s", k.name, n, padding[:n*37%len(padding)])
}

const lastLine = "that is all"

// talk sends until stop is closed, and returns when everything is answered.
func (k *talker) talk(stop <-chan struct{}) error {
	sent := make(chan error, 1)
	failed := make(chan struct{})
	go func() { sent <- k.send(stop, failed) }()
	err := k.listen()
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

func (k *talker) send(stop, failed <-chan struct{}) error {
	pace := time.NewTicker(k.pace)
	defer pace.Stop()
	say := func(line string) error {
		k.ws.SetWriteDeadline(time.Now().Add(stormPatience))
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
		case k.window <- time.Now():
		case <-failed:
			return nil
		}
		if err := say(k.line(n)); err != nil {
			return err
		}
	}
}

func (k *talker) listen() error {
	for n := 0; ; n++ {
		k.ws.SetReadDeadline(time.Now().Add(stormPatience))
		kind, got, err := k.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("instead of line %d: %w", n, err)
		}
		if string(got) == lastLine && len(k.window) == 0 {
			return nil
		}
		if kind != websocket.TextMessage || string(got) != k.line(n) {
			return fmt.Errorf("got %q (kind %d), want %q", got, kind, k.line(n))
		}
		said := <-k.window
		k.mu.Lock()
		now := time.Now()
		if said.After(k.last) {
			k.last = said
		}
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

// storm is a workbench whose processes are killed while sessions of two modes are under
// traffic.
type storm struct {
	w       *workbench
	modes   []string
	talkers []*talker
	stop    chan struct{}
	talking sync.WaitGroup

	kills    int
	silences []time.Duration
}

// brew starts the traffic.
func brew(t *testing.T, sessions int, flags ...string) *storm {
	t.Helper()
	return brewOf(t, []string{"http-line", "echo-quit"}, sessions, stormPace, stormWindow, flags...)
}

func brewOf(t *testing.T, modes []string, sessions int, pace time.Duration, window int, flags ...string) *storm {
	t.Helper()
	s := &storm{w: start(t, flags...), modes: modes, stop: make(chan struct{})}
	target := serve(t, echo).address
	for i := range sessions {
		mode := s.modes[i%len(s.modes)]
		c := s.w.join(t, "?mode="+mode, target)
		s.talkers = append(s.talkers, &talker{
			name: fmt.Sprint(mode, " ", i), pace: pace, ws: c.ws, window: make(chan time.Time, window), last: time.Now(),
		})
	}
	for _, k := range s.talkers {
		s.talking.Go(func() {
			if err := k.talk(s.stop); err != nil {
				t.Error(err)
			}
		})
	}
	return s
}

// rage lets blow kill something at intervals, and then ends the traffic. blow returns how
// many processes it killed. A silence counts for the last blow before its end.
func (s *storm) rage(t *testing.T, every time.Duration, blow func() int) {
	t.Helper()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for end := time.After(stormTime(t)); ; {
		select {
		case <-tick.C:
			s.collect()
			s.kills += blow()
			continue
		case <-end:
		}
		break
	}
	s.end()
	s.collect()
}

// end ends the traffic, and returns once all lines are answered.
func (s *storm) end() {
	close(s.stop)
	s.talking.Wait()
}

// collect gathers the silences since the last blow.
func (s *storm) collect() {
	for _, k := range s.talkers {
		if d := k.silence(); d > 0 && s.kills > 0 {
			s.silences = append(s.silences, d)
		}
	}
}

// passed checks that nobody was blamed, and reports the times. The talkers have reported
// anything that was lost.
func (s *storm) passed(t *testing.T) {
	t.Helper()
	lines := 0
	for _, k := range s.talkers {
		lines += k.heard
	}
	recoveries, poisoned, lost := 0, 0, 0
	for _, mode := range s.modes {
		eventually(t, "a process of "+mode, func() bool { return s.w.mode(t, mode).State == "ready" })
		recoveries += s.w.metric(t, "workbench_recovery_seconds_count", mode)
		poisoned += s.w.metric(t, "workbench_sessions_poisoned_total", mode)
		lost += s.w.metric(t, "workbench_sessions_unrecoverable_total", mode)
	}
	if s.kills == 0 || recoveries == 0 || poisoned > 0 || lost > 0 {
		t.Errorf("%d kills led to %d recoveries, %d sessions taken for poisoned, %d that could not be recovered any more",
			s.kills, recoveries, poisoned, lost)
	}
	slices.Sort(s.silences)
	at := func(part float64) time.Duration {
		return s.silences[int(part*float64(len(s.silences)-1))].Round(100 * time.Microsecond)
	}
	t.Logf("%d sessions, %d lines, %d kills, %d recoveries; the longest silence of a session after a kill: p50 %v, p99 %v, at most %v",
		len(s.talkers), lines, s.kills, recoveries, at(0.5), at(0.99), at(1))
}

// children returns the processes that the workbench has started and that still exist, in
// any state.
func (w *workbench) children(t testing.TB) (pids []int) { return childrenOf(t, w.pid()) }

// childrenOf returns the processes that one has started and that still exist.
func childrenOf(t testing.TB, parent int) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest) // state and parent: proc_pid_stat(5)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(fields) > 1 && fields[0] != "Z" && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killAll kills all children of the workbench, including those that are starting, and
// returns how many.
func (w *workbench) killAll(t testing.TB) int {
	t.Helper()
	pids := w.children(t)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return len(pids)
}

// Many sessions are under traffic while their processes are killed again and again: not
// one byte is lost, doubled or reordered, and no session ends. The storm tests run alone,
// so that the times that they report mean something.
func TestStorm(t *testing.T) {
	s := brew(t, 200)
	var killers []*killer
	for _, mode := range s.modes {
		killers = append(killers, &killer{w: s.w, mode: mode})
	}
	s.rage(t, 500*time.Millisecond, func() (kills int) {
		for _, k := range killers {
			if m := s.w.mode(t, k.mode); m.State == "ready" && m.PID != k.last {
				k.strike(t, syscall.SIGKILL)
				kills++
			}
		}
		return kills
	})
	s.passed(t)
}

// A single kill: what the clients of few and of many sessions see of it. All sessions
// together send 5,000 lines a second at most, each the next line once the one before
// is answered.
func TestOneKill(t *testing.T) {
	counts := in([]int{200}, []int{10, 200})
	if thorough() {
		counts = append(counts, 1000)
	}
	for _, sessions := range counts {
		t.Run(fmt.Sprint(sessions, " sessions"), func(t *testing.T) {
			const mode = "http-line"
			s := brewOf(t, []string{mode}, sessions, max(stormPace, time.Duration(sessions)*200*time.Microsecond), 1)
			k := &killer{w: s.w, mode: mode}
			s.rage(t, 1500*time.Millisecond, func() int {
				eventually(t, "the recovery of all sessions", func() bool {
					return s.w.metric(t, "workbench_recovery_seconds_count", mode) >= s.kills*sessions
				})
				k.strike(t, syscall.SIGKILL)
				return 1
			})
			s.passed(t)
		})
	}
}

// The killing does not wait until the processes are ready.
func TestStormThatDoesNotWait(t *testing.T) {
	pace := []time.Duration{300 * time.Millisecond}
	if thorough() {
		pace = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond, time.Second}
	}
	for _, every := range pace {
		t.Run(every.String(), func(t *testing.T) {
			s := brew(t, 50)
			s.rage(t, every, func() int { return s.w.killAll(t) })
			s.passed(t)
		})
	}
}

// Now and then, all processes are killed at once.
func TestStormNowAndThen(t *testing.T) {
	s := brew(t, 200)
	s.rage(t, in(2*time.Second, 4*time.Second), func() int { return s.w.killAll(t) })
	s.passed(t)
}

// metric reads a mode's number from /metrics.
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
