//go:build linux

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// watched runs a program and returns which calls it made in vain.
func watched(t *testing.T, s *Sandbox, g Grant, program ...string) (stdout string, names []string, err error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "refusals") // a socket's name is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if g.Refusals, err = s.Refusals(filepath.Join(dir, "s")); err != nil {
		t.Fatal(err)
	}
	defer g.Refusals.Close()
	stdout, err = run(s, g, program...)
	return stdout, g.Refusals.Names(), err
}

// callInVain makes two calls that are refused, as often as it is told, and says how
// they failed.
func callInVain() {
	times, _ := strconv.Atoi(os.Args[2])
	answers := map[unix.Errno]int{}
	for range times {
		_, _, older := unix.Syscall(unix.SYS_ACCT, 0, 0, 0)
		_, _, newer := unix.Syscall(unix.SYS_PIDFD_GETFD, 0, 0, 0)
		answers[older]++
		answers[newer]++
	}
	fmt.Println(answers[unix.EPERM], answers[unix.ENOSYS])
}

func filtered(t *testing.T) *Sandbox {
	t.Helper()
	s := probed(t, conf(BestEffort))
	if !s.holds(Seccomp) {
		t.Fatal(s.Missing())
	}
	return s
}

func TestRefusals(t *testing.T) {
	s := filtered(t)
	out, names, err := watched(t, s, Grant{}, "/proc/self/exe", "caller", "3")
	if want := []string{"acct", "pidfd_getfd"}; err != nil || out != "3 3" || !slices.Equal(names, want) {
		t.Errorf("%q, %v, %v", out, names, err)
	}
	// One who calls without end is left to the kernel.
	out, names, err = watched(t, s, Grant{}, "/proc/self/exe", "caller", "1000")
	if want := fmt.Sprint(maxAnswers/2, 2000-maxAnswers/2); err != nil || out != want || len(names) != 2 {
		t.Errorf("%q, %v, %v; want %s", out, names, err, want)
	}
	// What is allowed reaches the kernel, which has its own reasons.
	out, names, err = watched(t, s, Grant{Calls: []string{"pidfd_getfd"}}, "/proc/self/exe", "caller", "1")
	if err != nil || out != "1 0" || !slices.Equal(names, []string{"acct"}) {
		t.Errorf("%q, %v, %v", out, names, err)
	}
	// Nobody listens: the process runs all the same.
	if out, err := run(s, Grant{Refusals: &Refusals{path: "/no/such/socket"}}, "/proc/self/exe", "caller", "3"); err != nil || out != "3 3" {
		t.Errorf("%q, %v", out, err)
	}
	if s = probed(t, conf(BestEffort, Seccomp)); s != nil {
		if r, err := s.Refusals("/no/such/folder/s"); r != nil || err != nil {
			t.Errorf("without a filter: %v, %v", r, err)
		}
	}
}

// A process becomes its program and no other, unless that is allowed.
func TestNoOtherProgram(t *testing.T) {
	s := filtered(t)
	program := []string{"/bin/sh", "-c", "exec /bin/echo it became another"}
	if out, names, err := watched(t, s, Grant{}, program...); err == nil || !slices.Equal(names, []string{"execve"}) {
		t.Errorf("%q, %v, %v", out, names, err)
	}
	if out, names, err := watched(t, s, Grant{Calls: []string{"execve"}}, program...); err != nil || out != "it became another" || names != nil {
		t.Errorf("%q, %v, %v", out, names, err)
	}
	// A script's interpreter is part of the one call.
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho it runs\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, names, err := watched(t, s, Grant{}, script); err != nil || out != "it runs" || names != nil {
		t.Errorf("%q, %v, %v", out, names, err)
	}
}
