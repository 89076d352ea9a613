//go:build linux

package jsonl

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestNoHello(t *testing.T) {
	for program, words := range map[string]string{
		`print("debug")`:                `printed, "debug", is not a hello: not a JSON object; standard output is for the protocol alone: print to standard error instead`,
		`print()`:                       "print to standard error instead",
		`print("{debug}")`:              "not JSON",
		`print("{}")`:                   `expected {"workbench":1,"manifest":{…}}`,
		`say(workbench=2, manifest={})`: "version 2 of the protocol, where this workbench speaks 1",
		`say(workbench=1, manifest={})`: "invalid manifest: a mode's name",
		`say(workbench=1, color="red")`: `unknown field "color"`,
		`sys.stdout.buffer.write(b'{"\xff":1}\n'); sys.stdout.flush(); time.sleep(100)`: "not UTF-8",
		`sys.exit(3)`:             "ended with exit status 3, before it said hello",
		`os.kill(os.getpid(), 9)`: "ended with signal: killed, before it said hello",
		`raise SystemExit`:        "ended with exit status 0",
		`time.sleep(100)`:         "said no hello within 2s",
		`sys.stdout.write("{\"workbench\":1"); sys.stdout.flush(); time.sleep(100)`: "said no hello within 2s",
		`os.close(1); time.sleep(100)`:                                              "closed its standard output and did not end",
		`while True: sys.stdout.write("{" * 65536)`:                                 "printed a line of more than 32 MiB",
	} {
		c := hurried()
		if strings.Contains(words, "within 2s") {
			c.hello = 2 * time.Second
		}
		d, child, err := start(t.Context(), python(t, program), c)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v; want %q", program, err, words)
		}
		if child != nil {
			t.Errorf("%s: %v", program, d)
			child.Kill()
		}
	}
}

// Where others decide how long a start may take, they learn that no hello came in time, and
// the program goes on.
func TestLateHello(t *testing.T) {
	c := hurried()
	c.hello = time.Millisecond
	late := make(chan error, 1)
	c.late = func(err error) { late <- err }
	d, child, err := start(t.Context(), python(t, "time.sleep(0.1)", "hello()", "for r in requests(): echo(r)"), c)
	if err != nil {
		t.Fatal(err)
	}
	defer child.Kill()
	if err := <-late; !strings.Contains(err.Error(), "said no hello within 1ms") || child.Err() != nil {
		t.Errorf("%v was told of the late hello; the program: %v", err, child.Err())
	}
	open(t, d)
}

func TestCanNotStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Start(t.Context(), exec.Command(path)); err == nil || !strings.Contains(err.Error(), "could not be started") {
		t.Error(err)
	}
}

// A program that breaks the protocol as such, or ends, is lost with all its
// sessions; what was answered before has happened.
func TestLost(t *testing.T) {
	for attempt, words := range map[string]string{
		`print("debug", flush=True)`:                       `printed the line "debug": not a JSON object; standard output is for the protocol alone`,
		`say(session=99, done=1)`:                          "no session 99",
		`say(done=1)`:                                      "no session named",
		`print("{" + "x" * 40000000, flush=True)`:          "a line of more than 32 MiB",
		`sys.exit(7)`:                                      "ended with exit status 7",
		`os.kill(os.getpid(), 11)`:                         "ended with signal: segmentation fault",
		`os.close(1); time.sleep(100)`:                     "closed its standard output and did not end",
		`os.write(1, b'{"session"'); os._exit(4)`:          "ended with exit status 4",
		`[os.write(1, b"x" * 65536) for _ in range(1000)]`: "a line of more than 32 MiB",
	} {
		d, child := beginWith(t, hurried(), python(t, "hello()", "for r in requests():", "  for e in r.get('events', []):",
			"    if e['text'] == 'attempt': "+attempt, "  echo(r)"))
		s, idle := open(t, d), open(t, d)
		s.feed("before")
		if got, err := s.feed("attempt"); len(got) > 0 || !errors.Is(err, wire.ErrLost) {
			t.Errorf("%s: %q, %v", attempt, got, err)
		}
		waitFor(t, attempt, child.Done())
		if err := child.Err(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v; want %q", attempt, err, words)
		}
		if _, err := idle.feed("x"); !errors.Is(err, wire.ErrLost) {
			t.Errorf("%s: the other session: %v", attempt, err)
		}
	}
}

func TestExitInABatch(t *testing.T) {
	d, child := begin(t, python(t, "hello()", "for r in requests():", "  echo(r)", "  if len(r.get('events', [])) == 2: sys.exit(5)"))
	child.turns.pace.Store(1) // as of a fast program: it gets the batch in one line
	var out core.Out
	m, err := d.Open(core.Opening{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.(*machine).End()
	events := make([]wire.Event, 2)
	for i := range events {
		events[i] = wire.Event{N: uint64(i + 1), Event: core.Event{Kind: core.ClientText, Data: []byte("x")}}
	}
	answered := 0
	done := func(uint64, error) error { answered++; return nil }
	if err := m.(*machine).Batch(events, &out, done); err != nil || answered != 2 {
		t.Errorf("%d answered, %v", answered, err)
	}
	waitFor(t, "its end", child.Done())
	if err := m.(*machine).Batch(events, &out, done); !errors.Is(err, errLost) || answered != 2 {
		t.Errorf("%d answered, %v", answered, err)
	}
}

// What comes when nothing was asked ends the session with the next event, and
// costs nobody else anything.
func TestStray(t *testing.T) {
	d, _ := begin(t, python(t, "hello()", "for r in requests():",
		"  for e in r.get('events', []):", "    if e['text'] == 'twice':",
		"      for i in range(1000): say(session=r['session'] + 1, done=5)",
		"  echo(r)", "  if 'events' in r: say(session=r['session'], done=1)"))
	s, other, third := open(t, d), open(t, d), open(t, d)
	if got, err := s.feed("twice"); err != nil || len(got) != 1 || got[0] != "server twice" {
		t.Errorf("%q, %v", got, err)
	}
	got, err := other.feed("x")
	want := `failed the plugin's program breaks the protocol: nothing was asked; it answered "{\"done\": 5}"`
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%q, %v", got, err)
	}
	// It was under way when s was answered; third's answer comes behind it.
	if got, err := third.feed("x"); err != nil || got[0] != "server x" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := s.feed("x"); err != nil || !strings.Contains(got[0], "nothing was asked") {
		t.Errorf("%q, %v", got, err)
	}
}

// Who never reads can be killed, and then nobody waits any more.
func TestNeverReads(t *testing.T) {
	d, child := begin(t, python(t, "hello()", "echo(next(requests()))", "time.sleep(100)"))
	s := open(t, d)
	waits := make(chan struct{})
	var got []string
	var err error
	go func() {
		defer close(waits)
		got, err = s.feed(strings.Repeat("x", core.MaxEventPayload))
	}()
	full := func() bool {
		child.send.mu.Lock()
		defer child.send.mu.Unlock()
		return child.last.Load() > 50 && len(child.send.pending) >= maxPending/2
	}
	var opening []chan struct{}
	for !full() { // more sessions than the pipe and the buffer hold
		done := make(chan struct{})
		opening = append(opening, done)
		go func() {
			defer close(done)
			var out core.Out
			d.Open(core.Opening{Target: strings.Repeat("x", 100_000)}, &out)
		}()
		if len(opening) > 500 {
			break
		}
	}
	child.Kill()
	waitFor(t, "the session", waits)
	if len(got) > 0 || !errors.Is(err, wire.ErrLost) {
		t.Errorf("%q, %v", got, err)
	}
	for _, done := range opening {
		waitFor(t, "an opening", done)
	}
}

// A session that does not take its answers holds the others up for a moment.
func TestDoesNotTake(t *testing.T) {
	d, child := beginWith(t, hurried(), python(t, "hello()", "for r in requests():",
		"  if r.get('events', [{}])[0].get('text') != 'much': echo(r)",
		"  else:",
		"    for e in r['events']:",
		"      for i in range(15): say(session=r['session'], actions=[{'action': 'server', 'text': 'x' * 10000}])",
		"      say(session=r['session'], done=e['n'])"))
	s, other := open(t, d), open(t, d)
	child.turns.pace.Store(1) // as of a fast program: it gets the batch in one line
	release, stuck, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var err error
	var last core.ActionKind
	go func() {
		defer close(over)
		once := false
		err = s.Batch([]wire.Event{
			{N: 1, Event: core.Event{Kind: core.ClientText, Data: []byte("much")}},
			{N: 2, Event: core.Event{Kind: core.ClientText, Data: []byte("much")}},
			{N: 3, Event: core.Event{Kind: core.ClientText, Data: []byte("much")}},
		}, func(a wire.Answer) {
			last = a.Actions[len(a.Actions)-1].Kind
			if !once {
				once = true
				close(stuck)
				<-release
			}
		})
	}()
	waitFor(t, "the first answer", stuck)
	if got, err := other.feed("x"); err != nil || got[0] != "server x" {
		t.Errorf("%q, %v", got, err)
	}
	close(release)
	waitFor(t, "the other", over)
	if err != nil || last != core.Failed {
		t.Errorf("the last action is %d, %v", last, err)
	}
}

func TestFloodsStderr(t *testing.T) {
	cmd := python(t, "hello()", "for r in requests():", "  for i in range(1000): sys.stderr.write('x' * 10000)", "  echo(r)")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	d, child := begin(t, cmd)
	if got, err := open(t, d).feed("x"); err != nil || got[0] != "server x" {
		t.Errorf("%q, %v", got, err)
	}
	child.Kill()
	if stderr.Len() < 20_000_000 {
		t.Errorf("%d bytes of standard error", stderr.Len())
	}
}

// An offspring that holds the pipes does not keep the end from being noticed,
// and is killed with the program's group.
func TestOffspring(t *testing.T) {
	for _, flees := range []string{"pass", "os.setsid()"} {
		cmd := python(t, "hello()", "for r in requests():", "  if os.fork() == 0:", "    "+flees, "    time.sleep(5)", "  os._exit(6)")
		ownGroup(cmd)
		d, child := begin(t, cmd)
		began := time.Now()
		var out core.Out
		if _, err := d.Open(core.Opening{}, &out); err == nil || !strings.Contains(err.Error(), "exit status 6") {
			t.Error(err)
		}
		waitFor(t, "its end", child.Done())
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s: it took %v", flees, took)
		}
	}
}

func TestKillHangs(t *testing.T) {
	cmd := python(t, "import signal", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", "hello()", "while True: pass")
	cmd.Stderr = io.Discard
	_, child := begin(t, cmd)
	child.Kill()
	if child.Err() == nil || cmd.ProcessState == nil {
		t.Errorf("%v, %v", child.Err(), cmd.ProcessState)
	}
}
