//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// killer signals a mode's processes, one after the other.
type killer struct {
	w    *workbench
	mode string
	last int // the process that was signalled last
}

// aim waits for a process that was not struck yet, and returns a function that signals
// it, at once and from any goroutine.
func (k *killer) aim(t testing.TB, signal syscall.Signal) (strike func()) {
	t.Helper()
	pid := k.fresh(t)
	k.last = pid
	return func() { syscall.Kill(pid, signal) }
}

// strike aims and strikes.
func (k *killer) strike(t testing.TB, signal syscall.Signal) {
	t.Helper()
	k.aim(t, signal)()
}

// fresh waits for a process that was not struck yet.
func (k *killer) fresh(t testing.TB) (pid int) {
	t.Helper()
	eventually(t, "a new process of "+k.mode, func() bool {
		m := k.w.mode(t, k.mode)
		pid = m.PID
		return m.State == "ready" && pid != k.last
	})
	k.w.plugins = append(k.w.plugins, pid)
	return pid
}

// step is one event of a script. The test waits for each before the next, so that the
// numbers of events and the cuts of the server's bytes are always the same.
type step struct {
	what string // text or binary from the client, bytes from the server, timer: nobody does anything
	data string
}

// lines is a script for http-line: bytes between lines, characters and line ends cut in
// two, invalid ones, and a line of 240,000 bytes that arrives in parts, with checkpoints
// in between.
func lines(events int) []step {
	var script []step
	for i := range events {
		s := []step{
			{"text", fmt.Sprint("GET /", i)},
			{"bytes", fmt.Sprint(i, " is here\r\nand the caf\xc3")},
			{"bytes", "\xa9 has begun\xff, "},
			{"binary", "\x00\xff"},
			{"bytes", "and has an end\r"},
			{"bytes", "\n\r\n"},
			{"text", ""},
			{"bytes", fmt.Sprint(i, " has no end yet ")},
		}[i%8]
		if i >= 100 && i < 160 {
			s = step{"bytes", strings.Repeat(string(rune('A'+i-100)), 4000)}
		}
		script = append(script, s)
	}
	return script
}

// echoes is a script for echo-quit.
var echoes = []step{
	{"text", "hello"}, {"bytes", "hel"}, {"bytes", "lo"},
	{"text", "one"}, {"text", "two"}, {"bytes", "onetw"}, {"bytes", "oX"}, {"timer", ""},
	{"binary", "\x00\xff"}, {"bytes", "\x00"}, {"bytes", "\xff"}, {"text", ""},
	{"text", "abc"}, {"bytes", "abz"}, {"timer", ""},
	{"text", "é"}, {"bytes", "\xc3"}, {"bytes", "\xa9"},
	{"text", "quit now"},
}

// play runs a session by the script, to the end of the server's stream. It returns the
// session's transcript without times and remarks, what the server received, and the
// remarks. moment is called twice for each event: when it was caused, and once it is in
// the transcript.
func play(t *testing.T, w *workbench, mode string, script []step, moment func(event int, done bool)) (transcript, remarks []string, heard string) {
	t.Helper()
	s := untouched(t)
	c := w.join(t, "?mode="+mode, s.address, "workbench.v1")
	conn, err := s.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(conn)
		all <- string(b)
	}()

	event := 0
	enter := func(entries []map[string]any) {
		for _, e := range entries {
			if e["kind"] == "quiet" || e["kind"] == "part" {
				continue // come or not as the machine is fast, and change nothing
			}
			if e["dir"] == ">>" {
				event++
			}
			delete(e, "t")
			delete(e, "i") // what the workbench remarks has a number too
			if e["n"] != nil {
				e["n"] = event
			}
			line, _ := json.Marshal(e)
			switch e["dir"] {
			case "--":
				remarks = append(remarks, string(line))
			case ">>", "<<":
				transcript = append(transcript, string(line))
			}
		}
	}
	for i, step := range script {
		switch step.what {
		case "text":
			message, _ := json.Marshal(map[string]string{"text": step.data})
			c.say(string(message))
		case "binary":
			c.send(websocket.BinaryMessage, []byte(step.data))
		case "bytes":
			io.WriteString(conn, step.data)
		}
		moment(i+1, false)
		for event < i+1 {
			enter(c.entries())
		}
		moment(i+1, true)
	}
	conn.(*net.TCPConn).CloseWrite()
	frames, closed := c.linesToEnd()
	for _, f := range frames {
		var entries []map[string]any
		if err := json.Unmarshal([]byte(f), &entries); err != nil {
			t.Fatal(err)
		}
		enter(entries)
	}
	c.checkClose(closed, websocket.CloseNormalClosure, "the server closed")
	heard = receive(t, all, "the end of what the server hears")
	s.nobodyCame(t) // beside the one connection
	return transcript, remarks, heard
}

// The process is killed during and after each event of a session in turn; neither the
// client nor the server ever notices.
func TestKilledAtEveryEvent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode   string
		script []step
	}{{"http-line", lines(200)}, {"echo-quit", echoes}} {
		lanes := in(1, 2)                              // at a time
		apart := in(max(2, len(test.script)/6), lanes) // in a lane, of two events that are tried
		want, _, wantHeard := play(t, shared, test.mode, test.script, func(int, bool) {})
		for name, done := range map[string]bool{"while": false, "after": true} {
			for lane := range lanes {
				t.Run(fmt.Sprint(test.mode, " ", name, " lane ", lane), func(t *testing.T) {
					t.Parallel()
					k := &killer{w: start(t), mode: test.mode}
					for at := 1 + lane; at <= len(test.script); at += apart {
						strike := k.aim(t, syscall.SIGKILL)
						got, remarks, heard := play(t, k.w, test.mode, test.script, func(event int, is bool) {
							if event == at && is == done {
								strike()
							}
						})
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("killed %s event %d, the transcript differs (-undisturbed +killed):\n%s", name, at, diff)
						}
						if heard != wantHeard {
							t.Errorf("killed %s event %d, the server heard something else:\n%s", name, at, cmp.Diff(wantHeard, heard))
						}
						if all := strings.Join(remarks, "\n"); strings.Count(all, "recovered the plugin") != 1 {
							t.Errorf("killed %s event %d, the remarks are:\n%s", name, at, all)
						}
					}
				})
			}
		}
	}
}

// A session that was idle when its process was killed goes on.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"http-line", "raw", "echo-quit"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			c := w.join(t, "?mode="+mode, serve(t, echo).address)
			k := &killer{w: w, mode: mode}
			hears := func(words string) {
				t.Helper()
				c.say(words)
				if mode == "raw" {
					c.hearsBytes(words)
				} else {
					c.hears(words)
				}
			}
			hears("before")
			k.strike(t, syscall.SIGKILL)
			k.fresh(t)
			// It recovers by itself, not only when something arrives.
			eventually(t, "the session in the new process", func() bool { return w.mode(t, mode).Sessions == 1 })
			hears("after")
		})
	}
}

// The process is killed while a message of 1 MiB is under way, and at various points of
// the answer.
func TestKilledUnderABigMessage(t *testing.T) {
	t.Parallel()
	w := start(t)
	k := &killer{w: w, mode: "http-line"}
	var all []string
	for i := range 8 << 10 {
		all = append(all, fmt.Sprintf("%0127d", i)) // and LF: 128 bytes
	}
	message := strings.Join(all, "\n")
	rounds := int64(16)
	if testing.Short() {
		rounds = 4
	}
	struck := make(chan func(), 1)
	s := serve(t, func(conn net.Conn) {
		size := int64(len(message) + 1)
		for i := range rounds {
			part := size * i / rounds
			io.CopyN(conn, conn, part)
			if strike := <-struck; i > 0 {
				strike()
			}
			io.CopyN(conn, conn, size-part)
		}
	})
	c := w.join(t, "?option.eol=lf", s.address)
	for i := range rounds {
		strike := k.aim(t, syscall.SIGKILL)
		struck <- strike
		c.say(message)
		if i == 0 {
			strike()
		}
		c.hears(all...)
	}
}

// The process is killed, and the next one at once, while it is fed the past; batches are
// answered in part.
func TestKilledTwiceInQuickSuccession(t *testing.T) {
	t.Parallel()
	w := start(t)
	k := &killer{w: w, mode: "http-line"}
	s := serve(t, echo)
	var clients []*client
	for range 20 {
		clients = append(clients, w.join(t, "", s.address))
	}
	for round := range in(3, 10) {
		var said []string
		for i := range 50 {
			said = append(said, fmt.Sprintf("%04000d", 50*round+i)) // large: a batch is answered in several writes
		}
		for i, c := range clients {
			c.say(said...)
			if i == len(clients)/2 {
				k.strike(t, syscall.SIGKILL)
				k.strike(t, syscall.SIGKILL)
			}
		}
		for _, c := range clients {
			c.hears(said...)
		}
	}
}

// A stopped process is noticed and replaced, whether its sessions wait for an answer or
// not.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]int{"busy": 10, "idle": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "--plugin-timeout", "2s")
			k := &killer{w: w, mode: "http-line"}
			s := serve(t, echo)
			var clients []*client
			for range 20 {
				c := w.join(t, "", s.address)
				c.say("before")
				c.hears("before")
				clients = append(clients, c)
			}
			began := time.Now()
			k.strike(t, syscall.SIGSTOP)
			for _, c := range clients[:busy] {
				c.say("while it is stopped")
			}
			k.fresh(t)
			t.Logf("replaced after %v", time.Since(began).Round(time.Millisecond))
			for i, c := range clients {
				if i < busy {
					c.hears("while it is stopped")
				}
				c.say("after")
				c.hears("after")
			}
		})
	}
}
