package main

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

// findingOf returns the one finding of a thing.
func findingOf(t *testing.T, all []finding, of string) finding {
	t.Helper()
	for _, f := range all {
		if f.Of == of {
			return f
		}
	}
	t.Fatalf("nothing was found of %q in %+v", of, all)
	return finding{}
}

func (f finding) want(t *testing.T, v verdict, words ...string) {
	t.Helper()
	if f.Verdict != v || (v != isOK) != (f.Do != "") {
		t.Errorf("got %+v, want the verdict %s, and what to do unless it is ok", f, v)
	}
	for _, w := range words {
		if !strings.Contains(f.Found+f.Do, w) {
			t.Errorf("got %+v, want in it: %s", f, w)
		}
	}
}

func TestDoctorStateDirectory(t *testing.T) {
	t.Run("new", func(t *testing.T) {
		t.Setenv("XDG_STATE_HOME", filepath.Join(t.TempDir(), "state"))
		all := examineState()
		findingOf(t, all, "state directory").want(t, isOK)
		findingOf(t, all, "token").want(t, isOK)
	})
	t.Run("behind a file", func(t *testing.T) { // root is refused too
		file := filepath.Join(t.TempDir(), "file")
		os.WriteFile(file, nil, 0o600)
		t.Setenv("XDG_STATE_HOME", file)
		findingOf(t, examineState(), "state directory").want(t, isProblem, file, "XDG_STATE_HOME")
	})
	t.Run("no home", func(t *testing.T) {
		for _, name := range []string{"XDG_STATE_HOME", "HOME", "USERPROFILE", "home"} {
			t.Setenv(name, "")
		}
		findingOf(t, examineState(), "state directory").want(t, isProblem, "HOME")
	})
	if runtime.GOOS == "windows" {
		return // whose files have no such modes
	}
	t.Run("open to others", func(t *testing.T) {
		state := t.TempDir()
		t.Setenv("XDG_STATE_HOME", state)
		if err := os.Mkdir(filepath.Join(state, "workbench"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(state, "workbench", "token"), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		all := examineState()
		findingOf(t, all, "state directory").want(t, isNote, "0755", "chmod 700")
		findingOf(t, all, "token").want(t, isProblem, "0644")
	})
}

func TestDoctorPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	words := []string{l.Addr().String(), "--listen"}
	if runtime.GOOS == "linux" {
		words = append(words, "process "+strconv.Itoa(os.Getpid()))
	}
	examinePort("port", l.Addr().String(), "--listen").want(t, isNote, words...)
	l.Close()
	examinePort("port", l.Addr().String(), "--listen").want(t, isOK)
	examinePort("port", netip.MustParseAddrPort("192.0.2.1:80").String(), "--listen").want(t, isProblem)
}

func TestDoctorClock(t *testing.T) {
	now := time.Now()
	examineClock(now, time.Millisecond).want(t, isOK)
	examineClock(now, -time.Hour).want(t, isNote, "set by -1h")
	examineClock(time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC), 0).want(t, isProblem, "1970", "set the clock")
}

func TestDoctorAccounts(t *testing.T) {
	examineAccounts(true).want(t, isOK)
	examineAccounts(false).want(t, isNote)
}

func TestDoctorSandbox(t *testing.T) {
	report := []sandbox.Mechanism{
		{Name: sandbox.Seccomp, State: sandbox.Holds, Detail: "well"},
		{Name: sandbox.Landlock, State: sandbox.Missing, Reason: "too old"},
		{Name: sandbox.Cgroup, State: sandbox.Missing, Reason: "not delegated", Optional: true},
		{Name: sandbox.Limits, State: sandbox.Unknown, Reason: "too busy"},
	}
	for mode, want := range map[sandbox.Mode][]verdict{
		sandbox.BestEffort: {isOK, isNote, isNote, isProblem},
		sandbox.Strict:     {isOK, isProblem, isNote, isProblem},
	} {
		for i, f := range examineSandbox(report, mode) {
			f.want(t, want[i], report[i].Detail, report[i].Reason)
		}
	}
	examineSandbox(report, sandbox.Off)[0].want(t, isNote)
}

// A plugin that does not start is a problem, and one that does is none.
func TestDoctorPlugins(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	for name, text := range map[string]string{"good.star": starPlugin, "bad.star": `fail("no")`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs strings.Builder
	code := run(t.Context(), []string{"doctor", "--json", "--plugin-dir", dir}, &out, &errs)
	var told struct {
		Findings []finding
		Problems int
	}
	if err := json.Unmarshal([]byte(out.String()), &told); err != nil || code != 1 || told.Problems < 1 || errs.Len() > 0 {
		t.Fatalf("code %d, %v, errors %q:\n%s", code, err, errs.String(), out.String())
	}
	findingOf(t, told.Findings, "plugin bad").want(t, isProblem, "does not start", "no")
	findingOf(t, told.Findings, "plugins").want(t, isOK)
	for _, f := range told.Findings {
		if f.Of == "plugin good" {
			t.Errorf("a plugin that starts: %+v", f)
		}
	}
}
