//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// slow is a program that speaks JSON lines and takes its time for each event, and for
// the opening; on request it takes forever.
const slow = `#!/usr/bin/env python3
import json, sys, time
def say(**line): print(json.dumps(line), flush=True)
say(workbench=1, manifest={"name": "slow", "title": "Slow", "input": "line"})
for line in sys.stdin:
    r = json.loads(line)
    if "open" in r:
        time.sleep(PACE)
        say(session=r["session"], done=0)
    for e in r.get("events", []):
        time.sleep(PACE)
        while e.get("text") == "hang": time.sleep(1)
        say(session=r["session"], done=e["n"], actions=[{"action": "client text", "text": e["text"]}] if "text" in e else [])
`

// startSlow starts a workbench with that program as a line mode.
func startSlow(t *testing.T, pace time.Duration, flags ...string) *workbench {
	t.Helper()
	dir := t.TempDir()
	program := strings.ReplaceAll(slow, "PACE", fmt.Sprint(pace.Seconds()))
	if err := os.WriteFile(filepath.Join(dir, "workbench-plugin-slow"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	return start(t, append(flags, "--plugin-dir", dir)...)
}

// slowTalker is a session with that program, line by line.
type slowTalker struct {
	ws    *websocket.Conn
	lines int // answered
}

// round sends a line and waits for it to come back, however long that takes.
func (k *slowTalker) round(limit time.Duration) error {
	line := fmt.Sprint("line ", k.lines)
	k.ws.SetReadDeadline(time.Now().Add(limit))
	if err := k.ws.WriteMessage(websocket.TextMessage, []byte(line)); err != nil {
		return err
	}
	_, got, err := k.ws.ReadMessage()
	if err == nil && string(got) != line {
		err = fmt.Errorf("got %q, want %q", got, line)
	}
	if err == nil {
		k.lines++
	}
	return err
}

// joinSlow opens sessions, all at once.
func joinSlow(t *testing.T, w *workbench, count int, target string, limit time.Duration) []*slowTalker {
	t.Helper()
	var joining sync.WaitGroup
	talkers := make([]*slowTalker, count)
	for i := range talkers {
		ws := w.open(t, "?mode=slow").ws
		talkers[i] = &slowTalker{ws: ws}
		joining.Go(func() {
			ws.SetReadDeadline(time.Now().Add(limit))
			ws.WriteMessage(websocket.TextMessage, []byte(target))
			if _, got, err := ws.ReadMessage(); err != nil || string(got) != "SUCC" {
				t.Errorf("session %d was answered %q, %v", i, got, err)
			}
		})
	}
	joining.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return talkers
}

// A slow but healthy program is never killed, although its sessions wait for their turn
// much longer than the time-out. They get equal shares, and see that the mode is
// overloaded.
func TestStormSlow(t *testing.T) {
	const sessions = 100
	pace, timeout, length := 50*time.Millisecond, 2*time.Second, in(6*time.Second, 12*time.Second)
	if os.Getenv("STORM_SECONDS") != "" {
		pace, timeout, length = 200*time.Millisecond, 5*time.Second, stormTime(t)
	} else {
		t.Parallel()
	}
	limit := 4*sessions*pace + patience
	w := startSlow(t, pace, "--plugin-timeout", timeout.String())
	s := serve(t, echo)
	began := time.Now()
	talkers := joinSlow(t, w, sessions, s.address, limit)
	opened := time.Since(began)

	watcher := w.join(t, "?mode=slow", s.address, "workbench.v1")
	watcher.say(`{"text":"watched"}`)
	var talking sync.WaitGroup
	stop := time.Now().Add(length)
	var seen atomic.Bool // the overload; until then it has to last
	defer seen.Store(true)
	for i, k := range talkers {
		talking.Go(func() {
			for time.Now().Before(stop) || !seen.Load() {
				if err := k.round(limit); err != nil {
					t.Errorf("session %d, line %d: %v", i, k.lines, err)
					return
				}
			}
		})
	}
	eventually(t, "the API tells of the overload", func() bool {
		o := w.mode(t, "slow").Overload
		return o.Waiting > sessions/2 && o.Longest >= 1
	})
	told := ""
	for told == "" {
		watcher.ws.SetReadDeadline(time.Now().Add(limit))
		_, frame, err := watcher.ws.ReadMessage()
		if err != nil {
			t.Fatalf("the watcher was not told of the overload: %v", err)
		}
		var entries []struct{ Dir, Text string }
		json.Unmarshal(frame, &entries)
		for _, e := range entries {
			if e.Dir == "--" && strings.HasPrefix(e.Text, "the plugin is busy: ") {
				told = e.Text
			}
		}
		watcher.say(`{"text":"and again"}`)
	}
	seen.Store(true)
	talking.Wait()
	m := w.mode(t, "slow")
	var lines []int
	for _, k := range talkers {
		lines = append(lines, k.lines)
	}
	if m.Restarts > 0 || t.Failed() {
		t.Fatalf("%d restarts; the last error is %q", m.Restarts, m.Error)
	}
	for _, k := range talkers {
		k.ws.Close()
	}
	least, most := slices.Min(lines), slices.Max(lines)
	t.Logf("opened in %v; %d to %d lines a session; %q", opened.Round(time.Millisecond), least, most, told)
	if least == 0 || most > least+2 {
		t.Errorf("the shares are unfair: %d to %d lines", least, most)
	}
}

// A program that hangs is killed while sessions wait, and these go on; only the session
// that hangs it is ended.
func TestStormSlowHangs(t *testing.T) {
	const sessions, pace, timeout = 20, 50 * time.Millisecond, 2 * time.Second
	if os.Getenv("STORM_SECONDS") == "" {
		t.Parallel()
	}
	limit := 3 * patience
	w := startSlow(t, pace, "--plugin-timeout", timeout.String())
	talkers := joinSlow(t, w, sessions, serve(t, echo).address, limit)
	guilty, others := talkers[0], talkers[1:]
	ended := make(chan struct{})
	var talking sync.WaitGroup
	for i, k := range others {
		talking.Go(func() {
			for last := false; !last; {
				select {
				case <-ended:
					last = true
				default:
				}
				if err := k.round(limit); err != nil {
					t.Errorf("session %d, beside one that hangs: %v", i+1, err)
					return
				}
			}
		})
	}
	began := time.Now()
	guilty.ws.WriteMessage(websocket.TextMessage, []byte("hang"))
	eventually(t, "the process that hangs is replaced", func() bool { return w.mode(t, "slow").Restarts > 0 })
	t.Logf("killed %v after the event that hangs was sent", time.Since(began).Round(time.Millisecond))
	guilty.ws.SetReadDeadline(time.Now().Add(limit))
	_, got, err := guilty.ws.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseInternalServerErr) || !strings.Contains(err.Error(), "ends its process again and again") {
		t.Errorf("the session that hangs heard %q, %v", got, err)
	}
	close(ended)
	talking.Wait()
	m := w.mode(t, "slow")
	t.Logf("%d restarts until the session that hangs had ended, after %v", m.Restarts, time.Since(began).Round(time.Millisecond))
	if m.Restarts != 2 || m.Sessions != sessions-1 {
		t.Errorf("%d restarts, %d sessions are left", m.Restarts, m.Sessions)
	}
}
