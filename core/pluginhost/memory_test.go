//go:build linux

package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/wire"
)

const outOf = "the hungry plugin died: killed: out of memory"

// feed starts the hungry plugin, built without the race detector, beside another
// mode. Each may have so many bytes.
func feed(t *testing.T, allowed uint64, without ...string) *Host {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "./testdata/hungry")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cfg := held(sandbox.BestEffort, without...)
	cfg.Memory = allowed
	mode := Mode{Manifest: core.Manifest{Name: "hungry", Title: "T"}, Path: filepath.Join(dir, "hungry")}
	// Time enough for a slow virtual machine.
	h := start(t, Config{Modes: []Mode{mode, modesOf(t, "echo")[0]}, Sandbox: cfg, Timeout: MaxTimeout, startTimeout: time.Minute})
	until(t, "both modes", func() bool { return h.Status()[0].State == Ready && h.Status()[1].State == Ready })
	return h
}

// A process that had what it may have and is then killed, by a warden of the
// system's, is the cause of that itself; one that had little was killed by
// somebody outside.
func TestKilledAtItsLimit(t *testing.T) {
	const allowed = 512 << 20
	h := feed(t, allowed, sandbox.Cgroup)
	if m := mechanism(h, sandbox.Limits); m.State != sandbox.Holds {
		t.Fatal(m.Reason)
	}
	for _, test := range []struct {
		size    int
		outside bool
		how     string
	}{
		{allowed / 4, true, "the hungry plugin died: killed (SIGKILL)"},
		{allowed / 10 * 8, false, outOf},
	} {
		s := open(t, h, "hungry")
		s.must(t, strconv.Itoa(test.size), "full")
		kill(t, h.Status()[0].PID)
		if err := lost(t, s); err.Error() != test.how || errors.Is(err, wire.ErrKilled) != test.outside {
			t.Errorf("with %d MiB: %v, from outside: %v", test.size>>20, err, errors.Is(err, wire.ErrKilled))
		}
	}
}

// Memory that the limit does not count is looked at, and is the process's own
// doing too.
func TestHiddenMemory(t *testing.T) {
	const allowed = 512 << 20 // the other mode has the race detector's memory too
	h := feed(t, allowed, sandbox.Cgroup)
	other, s := open(t, h, "echo"), open(t, h, "hungry")
	s.must(t, "hide "+strconv.Itoa(allowed/2), "full")
	s.must(t, "1", "full")
	s.say("hide " + strconv.Itoa(allowed)) // it may be killed before it answers
	const how = "the hungry plugin died: held more memory than it may have"
	if err := lost(t, s); err.Error() != how || errors.Is(err, wire.ErrKilled) {
		t.Errorf("%v, from outside: %v", err, errors.Is(err, wire.ErrKilled))
	}
	other.must(t, "well", "well")
	open(t, h, "hungry").must(t, "1", "full")
}

// A process has a cgroup of its own, with limits, as long as it lives. One that
// uses up its memory is killed by the kernel, and by nobody outside; other modes
// do not notice.
func TestCgroup(t *testing.T) {
	const allowed = 128 << 20
	h := feed(t, allowed, sandbox.Limits)
	if m := mechanism(h, sandbox.Cgroup); m.State != sandbox.Holds {
		t.Logf("a system without: %s", m.Reason) // scripts/vm.sh has one with
		return
	}
	other, s := open(t, h, "echo"), open(t, h, "hungry")
	s.must(t, "1", "full")
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", h.Status()[0].PID))
	if err != nil {
		t.Fatal(err)
	}
	group := "/sys/fs/cgroup" + strings.TrimPrefix(strings.TrimSpace(string(text)), "0::")
	for name, want := range map[string]string{
		"memory.max": strconv.Itoa(allowed), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "512", "cpu.weight": "50",
	} {
		if got, err := os.ReadFile(filepath.Join(group, name)); err != nil && name != "memory.swap.max" || err == nil && strings.TrimSpace(string(got)) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := s.say(strconv.Itoa(2 * allowed)); err == nil {
		t.Fatal("it lives")
	}
	if err := lost(t, s); err.Error() != outOf || errors.Is(err, wire.ErrKilled) {
		t.Errorf("%v, from outside: %v", err, errors.Is(err, wire.ErrKilled))
	}
	other.must(t, "well", "well")
	again := open(t, h, "hungry")
	again.must(t, "1", "full")
	until(t, "the end of its cgroup", func() bool { _, err := os.Stat(group); return os.IsNotExist(err) })
	kill(t, h.Status()[0].PID)
	if err := lost(t, again); !errors.Is(err, wire.ErrKilled) {
		t.Errorf("killed from outside: %v", err)
	}
}

func mechanism(h *Host, name string) sandbox.Mechanism {
	all := h.Sandbox().Report()
	return all[slices.IndexFunc(all, func(m sandbox.Mechanism) bool { return m.Name == name })]
}
