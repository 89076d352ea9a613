//go:build linux

package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// unsteadyStep is the step on a machine where it does not go well: the first N times
// that a trial process is held by a mechanism ("any": whatever it is held by), it
// gets stuck or fails. FILE counts them.
//
//	stuck|fails MECHANISM N FILE ARGUMENT…
func unsteadyStep(args []string) int {
	how, name, file := args[0], args[1], args[3]
	times, _ := strconv.Atoi(args[2])
	o, _, err := step.Parse(args[4:])
	if err != nil || !o.Probe || name != "any" && slices.Contains(o.Without, name) {
		return step.Run(args[4:])
	}
	counter, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 1
	}
	counter.Write([]byte("x"))
	if info, err := counter.Stat(); err == nil && info.Size() > int64(times) {
		return step.Run(args[4:])
	}
	if how == "stuck" {
		unix.Kill(os.Getpid(), unix.SIGSTOP) // which the first process of a namespace ignores
		time.Sleep(time.Hour)
	}
	return 1
}

// unsteady is a machine where the first trials go wrong so.
func unsteady(t *testing.T, how, name string, times int, patience ...time.Duration) (c Config, tries func() int) {
	counter := filepath.Join(t.TempDir(), "tries")
	c = conf(BestEffort)
	c.Args = []string{"unsteady-step", how, name, strconv.Itoa(times), counter}
	c.patience = patience
	return c, func() int {
		tried, _ := os.ReadFile(counter)
		return len(tried)
	}
}

const always = 1000

// A trial that is slow is tried again, and then everything holds that does.
func TestSlowTrial(t *testing.T) {
	here := probed(t, conf(BestEffort))
	for _, name := range append(here.names(Holds), "any") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, tries := unsteady(t, "stuck", name, 1, 500*time.Millisecond, 5*time.Second, time.Minute)
			s := probed(t, c)
			if tries() < 2 {
				t.Errorf("it was tried %d times", tries())
			}
			if got, want := s.names(Holds), here.names(Holds); !slices.Equal(got, want) {
				t.Errorf("%q hold, not %q: %v", got, want, s.Unknown())
			}
		})
	}
}

// What cannot be told of one mechanism makes no other uncertain, but those that
// a user who is not root may use only with it. It is not missing, and strict
// starts nothing.
func TestUnknownAlone(t *testing.T) {
	here := probed(t, conf(BestEffort))
	for _, name := range here.names(Holds) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, tries := unsteady(t, "fails", name, always, time.Minute, time.Minute)
			s := probed(t, c)
			unknown := s.names(Unknown)
			if i := slices.Index(unknown, name); i < 0 {
				t.Fatalf("it is %s", s.state(name))
			}
			for _, other := range unknown {
				if other != name && (restsOn[other] != name || os.Geteuid() == 0) {
					t.Errorf("%s is unknown too", other)
				}
			}
			if got, want := s.names(Missing), here.names(Missing); !slices.Equal(got, want) {
				t.Errorf("%q are missing, not %q", got, want)
			}
			if tries() < 3 { // twice together, once alone
				t.Errorf("it was tried %d times", tries())
			}
			if got := s.Unknown(); !strings.Contains(strings.Join(got, ""), name+" (a trial process failed: exit status 1") {
				t.Errorf("it says %q", got)
			}
			c.Mode = Strict
			if _, err := Probe(t.Context(), c); err == nil || !strings.Contains(err.Error(), name+" (a trial") {
				t.Errorf("strict says %v", err)
			}
			// A process is held by it.
			cmd := exec.Command("/bin/true")
			held, err := s.Hold(cmd, Grant{})
			if err != nil {
				t.Fatal(err)
			}
			defer held.Release()
			o, _, err := step.Parse(cmd.Args[1+len(c.Args):])
			if err != nil || slices.Contains(o.Without, name) {
				t.Errorf("a process is started without it: %q, %v", cmd.Args, err)
			}
		})
	}
}

// Where every trial gets stuck nothing is known, and nothing is left out. What
// was in doubt is settled when trials go well again.
func TestAlwaysStuck(t *testing.T) {
	here := probed(t, conf(BestEffort))
	c, _ := unsteady(t, "stuck", "any", always, 100*time.Millisecond, 200*time.Millisecond)
	s := probed(t, c)
	if got := s.names(Holds); len(got) > 0 {
		t.Errorf("%q hold", got)
	}
	got := s.Unknown()
	for _, name := range here.names(Holds) {
		if !slices.Contains(got, name+" (a trial process did not answer within 200ms)") {
			t.Errorf("%s is %s: %q", name, s.state(name), got)
		}
	}
	c.Mode = Strict
	if _, err := Probe(t.Context(), c); err == nil {
		t.Error("strict starts")
	}
	s.conf.Args = conf(BestEffort).Args
	s.round(t.Context(), time.Minute, true)
	if got, want := s.names(Holds), here.names(Holds); !slices.Equal(got, want) {
		t.Errorf("%q hold, not %q", got, want)
	}
	s.Settle(t.Context()) // returns at once
}

// A program that is not there tells nothing of the system.
func TestTrialThatCanNotStart(t *testing.T) {
	c := conf(BestEffort)
	c.Path = "/no/such/program"
	here, s := probed(t, conf(BestEffort)), probed(t, c)
	for _, name := range here.names(Holds) {
		if !slices.Contains(s.names(Unknown), name) {
			t.Errorf("%s holds here, and is not unknown without a trial: %v", name, s.Missing())
		}
	}
}

func TestJudge(t *testing.T) {
	start := func(errno unix.Errno) error { return &os.PathError{Op: "fork/exec", Path: "x", Err: errno} }
	for _, test := range []struct {
		err  error
		want State
	}{
		{start(unix.EPERM), Missing}, {start(unix.EINVAL), Missing}, {start(unix.ENOSYS), Missing}, {start(unix.EACCES), Missing},
		{start(unix.EAGAIN), Unknown}, {start(unix.ENOMEM), Unknown}, {start(unix.EMFILE), Unknown}, {start(unix.ENOSPC), Unknown},
		{start(unix.ENOENT), Unknown}, {start(unix.EINTR), Unknown},
		{fmt.Errorf("in the step: %w", unix.ENOMEM), Unknown}, {fmt.Errorf("in the step: %w", unix.EOPNOTSUPP), Missing},
		{step.Inconclusive{Err: unix.EPERM}, Unknown},
	} {
		if got := step.Judge(test.err); got.State != test.want || got.Reason == "" {
			t.Errorf("%v: %+v", test.err, got)
		}
	}
}

// lack is how a system lacks a mechanism: by a sysctl that is 0, or by calls
// that fail.
type lack struct {
	sysctl string
	call   uintptr
	first  int64 // of the call's arguments; -1: any
	errno  unix.Errno
}

var lackOf = map[string]lack{
	UserNamespace:    {sysctl: "max_user_namespaces"},
	NetworkNamespace: {sysctl: "max_net_namespaces"},
	PIDNamespace:     {sysctl: "max_pid_namespaces"},
	IPCNamespace:     {sysctl: "max_ipc_namespaces"},
	Landlock:         {call: unix.SYS_LANDLOCK_CREATE_RULESET, first: -1, errno: unix.ENOSYS},
	Seccomp:          {call: unix.SYS_SECCOMP, first: -1, errno: unix.EINVAL},
	Limits:           {call: unix.SYS_PRLIMIT64, first: -1, errno: unix.EPERM},
	NoNewPrivs:       {call: unix.SYS_PRCTL, first: unix.PR_SET_NO_NEW_PRIVS, errno: unix.EINVAL},
}

// impoverish makes this system, a user namespace, one without the mechanism, and
// becomes poorHost, without privileges.
func impoverish(mechanism string) error {
	runtime.LockOSThread()
	r := lackOf[mechanism]
	if r.sysctl != "" {
		if err := os.WriteFile("/proc/sys/user/"+r.sysctl, []byte("0"), 0); err != nil {
			return err
		}
	}
	// What Exec leaves to a user who is not root.
	if err := errors.Join(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)); err != nil {
		return err
	}
	if r.call != 0 {
		const load, is, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
		refuse := unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(r.errno)}
		pass := unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW}
		filter := []unix.SockFilter{{Code: load, K: 0}, {Code: is, K: uint32(r.call), Jt: 1}, pass}
		if r.first >= 0 {
			filter = append(filter, unix.SockFilter{Code: load, K: 16}, unix.SockFilter{Code: is, K: uint32(r.first), Jt: 1}, pass)
		}
		filter = append(filter, refuse)
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
			return err
		}
	}
	return unix.Exec("/proc/self/exe", []string{os.Args[0], "poor-host"}, os.Environ())
}

// found is what poorHost prints.
type found struct {
	States map[string]State
	Why    map[string]string
	Runs   string // what a program said, or why it did not run
	Strict string // its error
}

func poorHost() {
	best, err := Probe(context.Background(), conf(BestEffort))
	if err != nil {
		panic(err)
	}
	f := found{map[string]State{}, map[string]string{}, "", ""}
	for _, m := range best.Report() {
		f.States[m.Name], f.Why[m.Name] = m.State, m.Reason
	}
	if f.Runs, err = run(best, Grant{}, "/bin/sh", "-c", "echo it runs"); err != nil {
		f.Runs = err.Error()
	}
	if _, err := Probe(context.Background(), conf(Strict)); err != nil {
		f.Strict = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(f)
}

// What the system refuses is missing, with the reason, and what rests on it;
// nothing else is.
func TestEachRefused(t *testing.T) {
	here := probed(t, conf(BestEffort))
	if !here.holds(UserNamespace) {
		t.Log("this system lets no other system be made in it: ", here.Missing())
		return
	}
	for name, r := range lackOf {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe", "impoverish", name)
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags: unix.CLONE_NEWUSER,
				// Not root, whom no namespace below could have without rights.
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getegid(), Size: 1}},
				AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE}, // for sysctls
			}
			out, err := cmd.CombinedOutput()
			var got found
			if err != nil || json.Unmarshal(out, &got) != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want := map[string]State{}
			for _, m := range here.Report() {
				want[m.Name] = m.State
			}
			want[name] = Missing
			if name == UserNamespace {
				for _, ns := range namespaces {
					want[ns.name] = Missing
				}
			}
			delete(want, Cgroup) // the other host is in the same one
			delete(got.States, Cgroup)
			if !maps.Equal(got.States, want) {
				t.Errorf("it found %v (%v), not %v", got.States, got.Why, want)
			}
			words := map[bool]string{true: "this system ", false: r.errno.Error()}[r.sysctl != ""]
			if name == Landlock {
				words = "this kernel has no Landlock"
			}
			if !strings.Contains(got.Why[name], words) {
				t.Errorf("it says %q, not %q", got.Why[name], words)
			}
			if !strings.Contains(got.Strict, name+" (") {
				t.Errorf("strict says %q", got.Strict)
			}
			if name != NoNewPrivs && got.Runs != "it runs" { // which is never left out
				t.Errorf("a program in what is left: %s", got.Runs)
			}
		})
	}
}
