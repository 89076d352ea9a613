//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// workbenchRun runs a command that ends by itself, and returns what it printed.
func workbenchRun(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(workbenchBinary, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("workbench %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// startCommand starts a command that serves the page, for this test only.
func startCommand(t testing.TB, command []string, flags ...string) *workbench {
	t.Helper()
	runtime, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	w, err := launchCommand(runtime, command, flags...)
	if err != nil {
		t.Fatal(err)
	}
	w.stopAfter(t)
	return w
}

// From nothing to a session through your own mode, in three commands.
func TestScaffoldedPlugins(t *testing.T) {
	for _, lang := range []string{"go", "python", "starlark"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir, name := t.TempDir(), "mine-"+lang
			began := time.Now()
			workbenchRun(t, dir, "plugin", "new", name, "--lang", lang)
			w := startCommand(t, []string{"plugin", "dev", filepath.Join(dir, name)})
			c := w.join(t, "?mode="+name, w.echo)
			c.say("hello")
			c.hears("hello")
			t.Logf("a session through a new plugin in %s after %v", lang, time.Since(began).Round(time.Millisecond))
			check := []string{"plugin", "test", name}
			if testing.Short() {
				check = append(check, "--quick")
			}
			t.Logf("plugin test:\n%s", workbenchRun(t, dir, check...))
		})
	}
}

// counter is a line mode that numbers the client's messages, which shows lost, doubled
// and reordered ones. From one number on it may be wrong.
func counter(build, offFrom int) string {
	return fmt.Sprintf(`# build %d
manifest = {"name": "counter", "title": "Counter", "input": "line"}

def open(options, target, out):
    return {"n": 0}

def handle(state, event, out):
    if event.name == "client text":
        state["n"] += 1
        out.server("%%d%%s\n" %% (state["n"], "!" if state["n"] >= %d else ""))
    elif event.name == "server":
        out.binary(event.data)
`, build, offFrom)
}

// save replaces a file's text, as an editor does.
func save(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

// devState is the answer of GET /api/dev.
type devState struct {
	Build struct {
		N        int
		OK, Same bool
		Error    string
		Took     float64
	}
	Goldens struct {
		Total     int
		Different []struct{ File, Diff string }
	}
	Sessions struct {
		Moved  int
		Stayed []struct {
			Session, Diff string
			N             int
		}
	}
	Log []string
}

func (w *workbench) dev(t testing.TB) (s devState) {
	t.Helper()
	resp, err := httpClient.Get("http://" + w.address + "/api/dev")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

const noEnd = 1 << 30

// thorough reports whether the long forms of the tests are wanted: make storm.
func thorough() bool { return os.Getenv("STORM_SECONDS") != "" }

// Saves under traffic: the connection stays, and no message is lost, doubled or
// reordered.
func TestReloadUnderTraffic(t *testing.T) {
	reloads := in(5, 20)
	if thorough() {
		reloads = 100
	}
	name := fmt.Sprintf("counter%d", os.Getpid()) // its processes are told from others' on this machine
	build := func(n int) string { return strings.Replace(counter(n, noEnd), `"counter"`, strconv.Quote(name), 1) }
	file := filepath.Join(t.TempDir(), name+".star")
	save(t, file, build(0))
	w := startCommand(t, []string{"plugin", "dev", file})
	var connections, received atomic.Int64
	wrong := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		connections.Add(1)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			if want := strconv.FormatInt(received.Add(1), 10); lines.Text() != want {
				wrong <- lines.Text() + " instead of " + want
				return
			}
			io.WriteString(conn, lines.Text()+"\n")
		}
	})
	c := w.join(t, "?mode="+name, s.address)
	sent, stop, stopped := 0, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(500 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.ws.SetWriteDeadline(time.Now().Add(patience))
				if c.ws.WriteMessage(websocket.TextMessage, []byte("x")) != nil {
					return
				}
				sent++
			case <-stop:
				return
			}
		}
	}()
	go io.Copy(io.Discard, readerOf(c))
	var slowest float64
	for i := 1; i <= reloads; i++ {
		save(t, file, build(i))
		eventually(t, fmt.Sprintf("the session moves to build %d", i), func() bool {
			s := w.dev(t)
			slowest = max(slowest, s.Build.Took)
			return s.Build.N == i+1 && s.Sessions.Moved == 1
		})
	}
	close(stop)
	<-stopped
	eventually(t, "the server has all messages", func() bool { return received.Load() == int64(sent) || len(wrong) > 0 })
	select {
	case w := <-wrong:
		t.Errorf("the server was sent %s", w)
	default:
	}
	if connections.Load() != 1 {
		t.Errorf("there were %d connections", connections.Load())
	}
	eventually(t, "the replaced processes are gone", func() bool { return builds(name+".star") == 1 })
	t.Logf("%d reloads under %d messages, the slowest took %.0f ms from the save", reloads, sent, slowest*1000)
}

// builds counts the builds of a script that have processes, whether these serve or are
// spares: each build has its own copy of the script.
func builds(script string) int {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	copies := map[string]bool{}
	for _, file := range lines {
		line, _ := os.ReadFile(file) // it may have ended
		args := strings.Split(string(line), "\x00")
		for i, arg := range args {
			if strings.HasSuffix(arg, script) && i > 0 && args[i-1] == "plugin-starlark" {
				copies[arg] = true
			}
		}
	}
	return len(copies)
}

// readerOf reads messages as a stream, for callers that ignore their boundaries.
func readerOf(c *client) io.Reader { return &messageReader{ws: c.ws} }

type messageReader struct{ ws *websocket.Conn }

func (r *messageReader) Read(b []byte) (int, error) {
	_, data, err := r.ws.ReadMessage()
	return copy(b, data), err
}

// A build that answers a session's past differently is noticed at the right event; the
// session goes on in the old one until it is told to move.
func TestReloadThatDiffers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counter.star")
	save(t, file, counter(0, noEnd))
	w := startCommand(t, []string{"plugin", "dev", file})
	c := w.join(t, "?mode=counter", w.echo)
	says := func(want string) {
		t.Helper()
		c.say("x")
		c.hearsBytes(want)
	}
	for i := 1; i <= 5; i++ {
		says(fmt.Sprintf("%d\n", i))
	}
	// Events are numbered from 1, and an echo follows each message: message n
	// is event 2n-1.
	builds := in(6, 20)
	for i := 1; i <= builds; i++ {
		off := i%5 + 1
		save(t, file, counter(i, off))
		eventually(t, fmt.Sprintf("build %d is noticed", i), func() bool {
			s := w.dev(t)
			return s.Build.N == i+1 && len(s.Sessions.Stayed) == 1
		})
		stayed := w.dev(t).Sessions.Stayed[0]
		if stayed.N != 2*off-1 || !strings.Contains(stayed.Diff, fmt.Sprintf(`+ << server "%d!\n"`, off)) {
			t.Fatalf("build %d differs at message %d; it was noticed at event %d:\n%s", i, off, stayed.N, stayed.Diff)
		}
		says(fmt.Sprintf("%d\n", 5+i))
	}
	resp, err := httpClient.Post("http://"+w.address+"/api/dev/move", "", nil)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	eventually(t, "the session moves", func() bool { return len(w.dev(t).Sessions.Stayed) == 0 })
	says(fmt.Sprintf("%d!\n", 6+builds))

	save(t, file, "def handle(:\n")
	eventually(t, "the error is told", func() bool { return strings.Contains(w.dev(t).Build.Error, "counter.star:1") })
	says(fmt.Sprintf("%d!\n", 7+builds))
}

// A plugin in Go is built, and a golden shows what a change breaks.
func TestDevGo(t *testing.T) {
	dir := t.TempDir()
	workbenchRun(t, dir, "plugin", "new", "shout")
	w := startCommand(t, []string{"plugin", "dev", filepath.Join(dir, "shout")})
	c := w.join(t, "?mode=shout", w.echo)
	c.say("a")
	c.hears("a")
	source := filepath.Join(dir, "shout", "discipline.go")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	save(t, source, strings.Replace(string(text), "the server's first line", "the first of the server's lines", 1))
	eventually(t, "the build is in place", func() bool { return w.dev(t).Build.N == 2 })
	eventually(t, "the session is looked at", func() bool { return len(w.dev(t).Sessions.Stayed) == 1 })
	state := w.dev(t)
	t.Logf("from a save to a new build in Go: %.2f s", state.Build.Took)
	if len(state.Goldens.Different) == 0 || !strings.Contains(state.Goldens.Different[0].Diff, "the first of the server's lines") {
		t.Errorf("the goldens are %+v", state.Goldens)
	}
	save(t, source, string(text)+"\nvar oops = undefined\n")
	eventually(t, "the error is told", func() bool { return strings.Contains(w.dev(t).Build.Error, "undefined: undefined") })
	c.say("b")
	c.hears("b")
}

// A process under a debugger may be stopped, and started again.
func TestDebug(t *testing.T) {
	dir := t.TempDir()
	workbenchRun(t, dir, "plugin", "new", "shout")
	w := startDebug(t, filepath.Join(dir, "shout"))
	line := w.stdout.String()
	_, line, _ = strings.Cut(line, "PROTOCOL_WORKBENCH_DEBUG=")
	line, _, _ = strings.Cut(line, "\n")
	socket, program, _ := strings.Cut(line, " dlv exec ")
	if program == "" {
		t.Fatalf("no line for delve in\n%s", w.stdout)
	}
	begin := func() *process {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "PROTOCOL_WORKBENCH_DEBUG="+socket)
		p, err := run(cmd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.signal(syscall.SIGKILL); p.wait(patience) })
		return p
	}
	p := begin()
	c := w.join(t, "?mode=shout", w.echo)
	c.say("a")
	c.hears("a")
	pause := 7 * time.Second // longer than any time-out of plugins'
	if thorough() {
		pause = 90 * time.Second // and than what yamux tolerates
	}
	p.signal(syscall.SIGSTOP)
	c.say("b")
	time.AfterFunc(pause, func() { p.signal(syscall.SIGCONT) }) // this only shows that time does not matter
	c.ws.SetReadDeadline(time.Now().Add(pause + patience))
	if _, got, err := c.ws.ReadMessage(); err != nil || string(got) != "b" {
		t.Fatalf("heard %q, %v", got, err)
	}
	p.signal(syscall.SIGKILL)
	p.wait(patience)
	c.say("c")
	begin()
	c.hears("c")
}

// startDebug is startCommand for a mode whose process the test itself starts.
func startDebug(t testing.TB, source string) *workbench {
	t.Helper()
	runtime, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(workbenchBinary, "plugin", "debug", source, "--listen", "127.0.0.1:0", "--echo-listen", "127.0.0.1:0", "--drain", "0s")
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+runtime)
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	w := &workbench{process: p, runtime: runtime}
	w.stopAfter(t)
	// The first build for a debugger compiles the standard library again.
	if !within(6*patience, func() bool { return strings.Contains(p.stdout.String(), "Press Ctrl-C") || p.gone() }) || p.gone() {
		t.Fatal("no page is served")
	}
	w.address = pageLine.FindStringSubmatch(p.stdout.String())[1]
	w.echo = echoLine.FindStringSubmatch(p.stdout.String())[1]
	return w
}
