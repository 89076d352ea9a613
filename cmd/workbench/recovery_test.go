package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// fragile is a discipline for these tests alone: it echoes, and does to its
// process what it is told.
func fragile() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "fragile", Title: "Fragile", Version: "1", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return glass{}, nil },
	}
}

type glass struct{}

func (glass) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind != core.ClientText {
		return nil
	}
	switch string(ev.Data) {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("told so")
	case "hang":
		for n := 1; n > 0; n |= 1 {
		}
	}
	out.Text(ev.Data)
	if password, ok := bytes.CutPrefix(ev.Data, []byte("PASS ")); ok {
		out.SecretBytes(password)
	}
	return nil
}

func (glass) Checkpoint(dst []byte) ([]byte, error) { return dst, nil }

func (glass) Restore([]byte) error { return nil }

var _ core.Checkpointer = glass{}

// patience bounds each wait for a condition.
const patience = 60 * time.Second

// served is a workbench in this process; its plugins are this test binary.
type served struct {
	address string
	state   string // directory
	target  string // a server that says nothing
}

var pageLine = regexp.MustCompile(`(?m)^Protocol Workbench: http://(.*)$`)

// startServing starts a workbench that lives as long as the test.
func startServing(t *testing.T, timeout time.Duration) *served {
	t.Helper()
	w := &served{state: t.TempDir(), target: silentServer(t)}
	runtime, err := os.MkdirTemp("", "wb") // short: paths of sockets must be
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", w.state)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	ctx, stop := context.WithCancel(context.Background())
	stdout, says := io.Pipe()
	ended := make(chan error, 1)
	var stderr bytes.Buffer // read only after the end
	go func() {
		o := serveOptions{listen: "127.0.0.1:0", echoListen: "off", recordMost: defaultRecording, host: hostFlags{timeout: timeout, sandbox: sandbox.BestEffort}}
		ended <- serve(ctx, o, serveHooks{}, says, &stderr)
		says.Close()
	}()
	t.Cleanup(func() {
		stop()
		stdout.Close()
		if err := <-ended; err != nil && !t.Failed() {
			t.Error(err)
		}
		os.RemoveAll(runtime)
		if t.Failed() {
			t.Logf("the workbench wrote:\n%s", &stderr)
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && w.address == "" {
		if page := pageLine.FindStringSubmatch(lines.Text()); page != nil {
			w.address = page[1]
		}
	}
	if w.address == "" {
		t.Fatal("the workbench did not say where its page is")
	}
	go io.Copy(io.Discard, stdout)
	return w
}

func silentServer(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { // until the workbench closes
				io.Copy(io.Discard, conn)
				conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

// get asks the API, and keeps no connection.
func (w *served) get(t *testing.T, path string) []byte {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + w.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// metric reads a number of the mode fragile.
func (w *served) metric(t *testing.T, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^workbench_` + name + `\{mode="fragile"\} (\S+)$`).FindSubmatch(w.get(t, "/metrics"))
	if found == nil {
		t.Fatalf("there is no metric %s", name)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// pid returns the process of the mode fragile.
func (w *served) pid(t *testing.T) int {
	t.Helper()
	var list struct {
		Modes []struct {
			Manifest struct{ Name string }
			PID      int
		}
	}
	if err := json.Unmarshal(w.get(t, "/api/modes"), &list); err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Modes {
		if m.Manifest.Name == "fragile" {
			return m.PID
		}
	}
	t.Fatal("there is no mode fragile")
	return 0
}

// visitor is a session with the mode fragile.
type visitor struct {
	ws   *websocket.Conn
	said int // numbers, each an event
}

func (w *served) visit(t *testing.T) *visitor {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+w.address+"/websocket/ws?mode=fragile", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	v := &visitor{ws: ws}
	if err := v.say(w.target); err != nil {
		t.Fatal(err)
	}
	if answer, err := v.hear(); err != nil || answer != "SUCC" {
		t.Fatalf("the session was answered %q, %v", answer, err)
	}
	return v
}

func (v *visitor) say(words string) error {
	v.ws.SetWriteDeadline(time.Now().Add(patience))
	return v.ws.WriteMessage(websocket.TextMessage, []byte(words))
}

func (v *visitor) hear() (string, error) {
	v.ws.SetReadDeadline(time.Now().Add(patience))
	_, data, err := v.ws.ReadMessage()
	return string(data), err
}

// count says the next numbers in one go, and what follows; the numbers must
// come back in order.
func (v *visitor) count(numbers int, then ...string) error {
	var wants []string
	for range numbers {
		wants = append(wants, fmt.Sprint("number ", v.said))
		v.said++
	}
	for _, words := range append(wants, then...) {
		if err := v.say(words); err != nil {
			return err
		}
	}
	for _, want := range wants {
		if got, err := v.hear(); err != nil || got != want {
			return fmt.Errorf("%q was answered %q, %w", want, got, err)
		}
	}
	return nil
}

// among has one session say something, right behind other things, while 99
// others count, 19 in the short form, and returns how it ended and which event that
// was. All others must live on, and answer.
func (w *served) among(t *testing.T, words string) (closed *websocket.CloseError, event int) {
	t.Helper()
	beside := 99
	if testing.Short() {
		beside = 19
	}
	one := w.visit(t)
	stop := make(chan struct{})
	var counting sync.WaitGroup
	var others []*visitor
	for range beside {
		v := w.visit(t)
		others = append(others, v)
		counting.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := v.count(3); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if err := errors.Join(one.count(1), one.count(10, words)); err != nil {
		t.Error(err)
	}
	answer, err := one.hear()
	if !errors.As(err, &closed) {
		t.Errorf("%s was answered %q, %v", words, answer, err)
		closed = new(websocket.CloseError)
	}
	close(stop)
	counting.Wait()
	for _, v := range others {
		if err := v.count(1); err != nil {
			t.Error(err)
		}
	}
	return closed, one.said + 1
}

// An event that ends its process ends its own session, and no other.
func TestPoison(t *testing.T) {
	for _, test := range []struct {
		words   string
		timeout time.Duration
		deaths  string // the metric that counts them
		replay  string // what a replay says
	}{
		{"exit", 10 * time.Second, "process_crashes_total", "the fragile plugin died: exit status 3"},
		{"hang", 3 * time.Second, "process_hangs_total", "answer"}, // longer than a busy machine takes,
	} {
		t.Run(test.words, func(t *testing.T) {
			w := startServing(t, test.timeout)
			closed, event := w.among(t, test.words)
			want := fmt.Sprintf("event %d ", event)
			if closed.Code != websocket.CloseInternalServerErr || !strings.Contains(closed.Text, "fragile") || !strings.Contains(closed.Text, want) {
				t.Errorf("it was closed with %d %q, want %d, the plugin and %q", closed.Code, closed.Text, websocket.CloseInternalServerErr, want)
			}
			crashes, hangs := w.metric(t, "process_crashes_total"), w.metric(t, "process_hangs_total")
			if deaths := w.metric(t, test.deaths); deaths != crashes+hangs || deaths < 3 || deaths > 10 {
				t.Errorf("%d processes crashed and %d hung; 3 should have died and as many as halve 100 suspects, all of them by %s", crashes, hangs, test.words)
			}
			if n := w.metric(t, "sessions_poisoned_total"); n != 1 {
				t.Errorf("%d sessions were ended for an event", n)
			}
			w.replayShows(t, test.replay)
		})
	}
}

// Of a session in which a secret was marked nothing on the disk holds it: not the
// recording, and not what is left of an event that ends its process.
func TestNothingOnTheDiskHoldsSecrets(t *testing.T) {
	w := startServing(t, 10*time.Second)
	v := w.visit(t)
	for _, words := range []string{"PASS hunter2", "hun", "ter2", "exit"} {
		if err := v.say(words); err != nil {
			t.Fatal(err)
		}
		if answer, err := v.hear(); words != "exit" && (err != nil || answer != words) {
			t.Fatalf("%s was answered %q, %v", words, answer, err)
		}
	}
	deadline := time.Now().Add(patience)
	for !bytes.Contains(w.get(t, "/api/transcripts"), []byte(`"ended":"event 4 ends its process`)) && time.Now().Before(deadline) {
	}
	var got string
	err := filepath.WalkDir(filepath.Join(w.state, "workbench"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var text []byte
			text, err = os.ReadFile(path)
			got += string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"client text \"PASS *******\"", "<< secret value 7", "client text \"***\"", "client text \"****\"",
		"what was said is withheld, since a secret was marked: ", "-- withheld: what was said", "-- not answered: client text, 4 bytes"} {
		if !strings.Contains(got, want) {
			t.Errorf("no file has %q", want)
		}
	}
	if strings.Contains(got, "hunter2") || strings.Contains(got, "hun\"") || strings.Contains(got, "ter2") {
		t.Errorf("the files tell the secret:\n%s", got)
	}
}

// replayShows replays what the poisoned session left behind.
func (w *served) replayShows(t *testing.T, words string) {
	t.Helper()
	kept, err := filepath.Glob(filepath.Join(w.state, "workbench", "*", "*.golden"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("the session left %q, %v", kept, err)
	}
	var said bytes.Buffer
	if code := run(context.Background(), []string{"replay", kept[0]}, &said, &said); code == 0 || !strings.Contains(said.String(), words) {
		t.Errorf("its replay ends with code %d and says:\n%s", code, &said)
	}
}

// A machine that panics ends its session at once, and its process lives on.
func TestPanic(t *testing.T) {
	w := startServing(t, 10*time.Second)
	w.visit(t) // the process is there
	before := w.pid(t)
	closed, _ := w.among(t, "panic")
	if closed.Code != websocket.CloseInternalServerErr || !strings.Contains(closed.Text, "fragile") || !strings.Contains(closed.Text, "told so") {
		t.Errorf("it was closed with %d %q", closed.Code, closed.Text)
	}
	if after := w.pid(t); after != before || w.metric(t, "process_crashes_total") > 0 || w.metric(t, "process_starts_total") > 2 { // with the spare
		t.Errorf("the process was %d and is %d", before, after)
	}
}
