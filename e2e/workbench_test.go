//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workbench is a running workbench.
type workbench struct {
	*process
	address string // of the page: 127.0.0.1:PORT
	echo    string // address of its practice server
	runtime string // where it makes its sockets
	plugins []int  // processes that were ready after the start
}

// launch starts a workbench that trusts the test's authority, on free ports. It returns
// when all modes are ready.
func launch(flags ...string) (*workbench, error) {
	runtime, err := os.MkdirTemp("", "wb") // short: paths of sockets must be
	if err != nil {
		return nil, err
	}
	return launchIn(runtime, flags...)
}

func launchIn(runtime string, flags ...string) (*workbench, error) {
	return launchCommand(runtime, nil, flags...)
}

// launchCommand starts a command that serves the page.
func launchCommand(runtime string, command []string, flags ...string) (*workbench, error) {
	args := slices.Concat(command, []string{"--listen", "127.0.0.1:0", "--echo-listen", "127.0.0.1:0", "--drain", "0s"}, flags)
	cmd := exec.Command(workbenchBinary, args...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+runtime, "SSL_CERT_FILE="+authority.file)
	p, err := run(cmd)
	if err != nil {
		return nil, err
	}
	w := &workbench{process: p, runtime: runtime}
	if err := w.awaitReady(); err != nil {
		p.signal(syscall.SIGKILL)
		p.wait(patience)
		return nil, fmt.Errorf("%w; it wrote:\n%s%s", err, p.stdout, p.stderr)
	}
	return w, nil
}

var (
	pageLine = regexp.MustCompile(`(?m)^Protocol Workbench: http://(127\.0\.0\.\d:\d+)$`)
	echoLine = regexp.MustCompile(`(?m)^Practice echo server: (127\.0\.0\.1:\d+)$`)
)

func (w *workbench) awaitReady() error {
	said := within(patience, func() bool {
		return strings.Contains(w.stdout.String(), "Press Ctrl-C to stop.\n") || w.gone()
	})
	page := pageLine.FindStringSubmatch(w.stdout.String())
	if !said || page == nil {
		return errors.New("the workbench did not say where its page is")
	}
	w.address = page[1]
	if echo := echoLine.FindStringSubmatch(w.stdout.String()); echo != nil {
		w.echo = echo[1]
	}
	ready := within(patience, func() bool {
		w.plugins = nil
		modes, err := w.modes()
		idle := 0
		for _, m := range modes {
			switch m.State {
			case "ready":
				w.plugins = append(w.plugins, m.PID)
			case "idle":
				idle++
			}
		}
		return err == nil && len(modes) > 0 && len(w.plugins) == len(modes)-idle
	})
	if !ready {
		return errors.New("not all modes got ready")
	}
	return nil
}

// start starts a workbench for this test only. It is stopped afterwards, unless the test
// has ended it.
func start(t testing.TB, flags ...string) *workbench {
	t.Helper()
	w, err := launch(flags...)
	if err != nil {
		t.Fatal(err)
	}
	w.stopAfter(t)
	return w
}

func (w *workbench) stopAfter(t testing.TB) {
	t.Cleanup(func() {
		if !w.gone() {
			w.signal(syscall.SIGTERM)
			if err := w.stopped(0); err != nil && !t.Failed() { // a test that failed may have left it half-way
				t.Error(err)
			}
		}
		os.RemoveAll(w.runtime)
		if t.Failed() {
			t.Logf("the workbench wrote:\n%s", w.stderr)
		}
	})
}

// stopLimit is how long an ordered stop may take.
const stopLimit = 5 * time.Second

// stopped waits until the workbench has stopped, and reports faults of an ordered stop: it
// takes long, exits with another code, or leaves something behind.
func (w *workbench) stopped(code int) error {
	began := time.Now()
	if !w.wait(patience) {
		w.signal(syscall.SIGKILL)
		w.wait(patience)
		return fmt.Errorf("not stopped within %v; it wrote:\n%s", patience, w.stderr)
	}
	took := time.Since(began)
	left, _ := os.ReadDir(w.runtime)
	os.RemoveAll(w.runtime)
	for _, pid := range w.plugins {
		if alive(pid) {
			return fmt.Errorf("the plugin process %d is still there", pid)
		}
	}
	switch {
	case took > stopLimit:
		return fmt.Errorf("stopping took %v", took)
	case w.exitCode() != code:
		return fmt.Errorf("exited with code %d, not %d; it wrote:\n%s", w.exitCode(), code, w.stderr)
	case len(left) > 0:
		return fmt.Errorf("left %s behind", left)
	case strings.Contains(w.stderr.String(), "goroutine "):
		return fmt.Errorf("wrote a stack:\n%s", w.stderr)
	}
	return nil
}

// mode is an entry of /api/modes, as a client of the API reads it.
type mode struct {
	Manifest struct {
		Name    string
		Title   string
		Brief   string
		Summary string
		Options []struct {
			Name, Type, Default, Help string
			Choices                   []string
		}
	}
	State    string
	PID      int
	Sessions int
	Overload struct {
		Waiting int
		Longest float64
	}
	Restarts int
	Error    string
}

func (w *workbench) modes() ([]mode, error) {
	resp, err := httpClient.Get("http://" + w.address + "/api/modes")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct{ Modes []mode }
	return list.Modes, json.NewDecoder(resp.Body).Decode(&list)
}

func (w *workbench) mode(t testing.TB, name string) mode {
	t.Helper()
	modes, err := w.modes()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modes {
		if m.Manifest.Name == name {
			return m
		}
	}
	t.Fatalf("/api/modes has no mode %s", name)
	return mode{}
}

// httpClient keeps no connection, so that none is left when the tests end.
var httpClient = &http.Client{
	Timeout:   patience,
	Transport: &http.Transport{DisableKeepAlives: true},
}

// process is a started program.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *output
	exited         chan struct{}
}

func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stdout: &output{}, stderr: &output{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	cmd.WaitDelay = time.Second // a child that outlives it must not delay the test
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) }

// wait reports whether the process ended within the limit.
func (p *process) wait(limit time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// exitCode is -1 for a process that was ended by a signal.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// alive reports whether the process runs. A zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// memory returns a line of /proc/PID/status in bytes: VmRSS is what the process holds now,
// VmHWM the most that it ever held.
func memory(t testing.TB, pid int, line string) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	var kib int
	_, rest, found := strings.Cut(string(status), line+":")
	if _, err := fmt.Sscanf(rest, "%d kB", &kib); !found || err != nil {
		t.Fatalf("no %s in /proc/%d/status", line, pid)
	}
	return kib << 10
}
