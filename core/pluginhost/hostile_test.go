//go:build linux

package pluginhost

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/wire"
)

func kill(t testing.TB, pid int) { signal(t, pid, syscall.SIGKILL) }

func signal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// alive reports whether a process runs. One that is dead but was not waited
// for does not.
func alive(t testing.TB, pid int) bool {
	t.Helper()
	state := stateOf(t, pid)
	return state != 'Z' && state != 'X'
}

// stateOf returns the letter of a process's state, X when it is gone.
func stateOf(t testing.TB, pid int) byte {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if _, rest, _ := strings.Cut(string(stat), ") "); err == nil && rest != "" {
		return rest[0]
	}
	return 'X'
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPluginsWords(t *testing.T) {
	var log logs
	h := start(t, Config{Modes: modesOf(t, "echo"), Log: log.logger()})
	s := open(t, h, "echo")
	for line, want := range map[string]string{
		`{"@message": 5}`: `level=INFO msg="{\"@message\": 5}" plugin=echo`,
		`{"@message":"it is hot","@level":"warn","@timestamp":7,"degrees":40,"level":"x"}`: `level=WARN msg="it is hot" plugin=echo said.degrees=40 said.level=x`,
		`[ERROR] no`: `level=ERROR msg=no plugin=echo`,
		`plain`:      `level=INFO msg=plain plugin=echo`,
	} {
		s.must(t, "stderr "+line, "stderr "+line)
		until(t, want, func() bool { return strings.Contains(log.String(), want) })
	}
	s.must(t, "print by mistake", "print by mistake")
	until(t, "what was printed", func() bool { return strings.Contains(log.String(), `msg="by mistake" plugin=echo`) })
}

func TestNoiseStallsNobody(t *testing.T) {
	for _, what := range []string{"noise", "long"} {
		t.Run(what, func(t *testing.T) {
			var log logs
			h := start(t, Config{Modes: modesOf(t, "echo"), Log: log.logger()})
			s := open(t, h, "echo")
			s.must(t, what, what)
			until(t, "the end of the noise", func() bool {
				s.must(t, "still there?", "still there?")
				done, err := s.say("done?")
				return err == nil && done == "true"
			})
			if h.Status()[0].Restarts != 0 {
				t.Error("the process died of it")
			}
			h.Stop(t.Context())
			if size := len(log.String()); size > 2<<20 {
				t.Errorf("the log has %d bytes", size)
			}
			if what == "noise" && !strings.Contains(log.String(), "were left out") {
				t.Error("nothing says that lines were left out")
			}
		})
	}
}

// A process that stands still is noticed by its silence, whether anyone wants
// something of it or not.
func TestStoppedProcessIsReplaced(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo"), Timeout: time.Second})
	for _, asked := range []bool{false, true} {
		s, want := open(t, h, "echo"), "took longer than 1s to answer a ping"
		s.must(t, "x", "x")
		pid := h.Status()[0].PID
		signal(t, pid, syscall.SIGSTOP)
		until(t, "the process's stop", func() bool { return stateOf(t, pid) == 'T' })
		if asked {
			want = "took longer than 1s to "
			if c, err := h.Open(t.Context(), "echo"); err == nil && c.Open(core.Opening{}, nil, func(wire.Answer) {}) == nil {
				t.Error("a process that stands still opened a session")
			}
		}
		if got := lost(t, s).Error(); !strings.HasPrefix(got, "the echo plugin died: "+want) {
			t.Errorf("the session was told %q", got)
		}
		open(t, h, "echo").must(t, "back", "back")
		if alive(t, pid) {
			t.Error("the stopped process is still there")
		}
	}
}

func TestEnvironmentIsAllowListed(t *testing.T) {
	t.Setenv("SECRET_TOKEN", "12345")
	h := start(t, Config{Modes: modesOf(t, "echo")})
	env, err := open(t, h, "echo").say("env")
	if err != nil || strings.Contains(env, "SECRET") || strings.Contains(env, "HOME=") || !strings.Contains(env, "PATH=") {
		t.Errorf("the environment is %q, %v", env, err)
	}
}

// The socket's file is gone as soon as it was used.
func TestSocketIsUnlinked(t *testing.T) {
	dir := shortDir(t)
	h := start(t, Config{Modes: modesOf(t, "echo"), RuntimeDir: dir})
	open(t, h, "echo")
	left, err := filepath.Glob(dir + "/*/*")
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "lock" {
		t.Errorf("the directory holds %v, %v", left, err)
	}
	if info, err := os.Stat(filepath.Dir(left[0])); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

// beHost is a host that never stops by itself. It prints the number of each
// plugin process.
func beHost() {
	self, _ := Self()
	name := os.Args[4]
	mode := Mode{Args: []string{"be", name}, Path: self}
	mode.Manifest.Name = name
	h, err := Start(Config{
		Modes: []Mode{mode}, RuntimeDir: os.Args[3],
		Log: slog.New(slog.DiscardHandler), Sandbox: held(sandbox.BestEffort),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for pid := 0; ; time.Sleep(time.Millisecond) {
		if s := h.Status()[0]; s.PID != 0 && s.PID != pid {
			pid = s.PID
			fmt.Println(pid)
		}
	}
}

func TestKilledHostLeavesNothing(t *testing.T) {
	for _, plugin := range []string{"echo", "deaf"} {
		t.Run(plugin, func(t *testing.T) { killedHost(t, plugin) })
	}
}

func killedHost(t *testing.T, plugin string) {
	dir := shortDir(t)
	host := exec.Command("/proc/self/exe", "be", "host", dir, plugin)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid := atoi(t, line)
	if !alive(t, pid) {
		t.Fatal("the plugin does not run")
	}
	second := start(t, Config{Modes: modesOf(t, "echo"), RuntimeDir: dir})
	open(t, second, "echo")
	if dirs, _ := os.ReadDir(dir); len(dirs) != 2 {
		t.Fatalf("a second host left %v", dirs)
	}
	host.Process.Kill()
	host.Wait()
	until(t, "the plugin to end with its host", func() bool { return !alive(t, pid) })

	third := start(t, Config{Modes: modesOf(t, "echo"), RuntimeDir: dir})
	open(t, third, "echo")
	if left, _ := filepath.Glob(fmt.Sprintf("%s/workbench-%d-*", dir, host.Process.Pid)); len(left) > 0 {
		t.Errorf("the dead host's directory is still there: %v", left)
	}
	if dirs, _ := os.ReadDir(dir); len(dirs) != 2 {
		t.Errorf("there are %v", dirs)
	}
	open(t, second, "echo") // was left alone
}

// A host whose file was replaced goes on with the build that it is.
func TestHostsFileIsGone(t *testing.T) {
	dir := shortDir(t)
	build, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "host")
	if err := os.WriteFile(path, build, 0o700); err != nil {
		t.Fatal(err)
	}
	host := exec.Command(path, "be", "host", dir, "echo")
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	defer host.Wait()
	defer host.Process.Kill()
	pids := bufio.NewScanner(out)
	next := func() int {
		if !pids.Scan() {
			t.Fatal("there is no plugin process")
		}
		return atoi(t, pids.Text())
	}
	first := next()
	if err := os.WriteFile(path+".new", []byte("another build"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	kill(t, first)
	if second := next(); second == first || !alive(t, second) {
		t.Errorf("after process %d came %d", first, second)
	}
}
