package jsonl

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox/step"
	"github.com/protocol-workbench/workbench/core/wire"
)

// The test binary is the adapter, and the step into a sandbox, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox-exec" {
		os.Exit(step.Run(os.Args[2:]))
	}
	if len(os.Args) > 2 && os.Args[1] == "adapt" {
		Serve(exec.Command(os.Args[2], os.Args[3:]...))
	}
	goleak.VerifyTestMain(m)
}

// busy gives a program of a test the time to start, however busy the machine is.
func busy() config {
	c := usual()
	c.hello = time.Minute
	return c
}

// hurried has shorter waits for the rest.
func hurried() config {
	return config{hello: time.Minute, exit: 2 * time.Second, patience: 100 * time.Millisecond}
}

var quiet = slog.New(slog.DiscardHandler)

// command runs a script as it is run in a sandbox, without one.
func command(t testing.TB, path string) *exec.Cmd {
	t.Helper()
	argv, _, err := Interpreter(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = io.Discard
	return cmd
}

// python makes a plugin of the lines of a program. say, hello, requests and
// answers are there for it.
func python(t testing.TB, lines ...string) *exec.Cmd {
	t.Helper()
	const prelude = `#!/usr/bin/env python3
import json, os, sys, time
def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
def hello(**more):
    say(workbench=1, manifest={"name": "t", "title": "T", "input": "line"}, **more)
def requests():
    for line in sys.stdin:
        yield json.loads(line)
def echo(r):
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        say(session=r["session"], done=e["n"], actions=[{"action": "server", "text": e.get("text", "")}])
`
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte(prelude+strings.Join(lines, "\n")+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return command(t, path)
}

func begin(t testing.TB, cmd *exec.Cmd) (core.Discipline, *Child) {
	t.Helper()
	return beginWith(t, busy(), cmd)
}

func beginWith(t testing.TB, c config, cmd *exec.Cmd) (core.Discipline, *Child) {
	t.Helper()
	d, child, err := start(t.Context(), cmd, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Kill)
	return d, child
}

// session is a session through the frames.
type session struct {
	*wire.Conn
	n uint64
}

func open(t testing.TB, d core.Discipline) *session {
	t.Helper()
	s := &session{Conn: wire.Pipe(d, quiet)}
	t.Cleanup(func() { s.Bye() })
	if err := s.Open(core.Opening{Options: core.Options{}, Target: "x:1"}, nil, func(wire.Answer) {}); err != nil {
		t.Fatal(err)
	}
	return s
}

// feed feeds client messages as one batch and returns each one's actions, as
// "KIND DATA" joined by commas, and the words of a failure.
func (s *session) feed(messages ...string) ([]string, error) {
	events := make([]wire.Event, len(messages))
	for i, m := range messages {
		s.n++
		events[i] = wire.Event{N: s.n, Event: core.Event{Kind: core.ClientText, Data: []byte(m)}}
	}
	var got []string
	err := s.Batch(events, func(a wire.Answer) { got = append(got, told(a)) })
	return got, err
}

func told(a wire.Answer) string {
	var all []string
	for _, x := range a.Actions {
		word := [...]string{"?", "server", "text", "binary", "eof", "close", "note", "timer", "off", "pass", "failed", "secret", "part", "secret value", "world", "start-tls", "message"}[x.Kind]
		if x.After > 0 {
			word += " " + x.After.String()
		}
		if x.Side > 0 {
			word += " " + x.Side.String()
		}
		all = append(all, word+" "+string(x.Data))
	}
	return strings.Join(all, ",")
}

// waitFor fails the test when ch is not closed soon.
func waitFor(t testing.TB, what string, ch <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-ch:
	case <-ctx.Done():
		t.Fatalf("%s: not within 20 s", what)
	}
}
