package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const supported = true

// namespaces are tried in this order: a user who is not root may make the
// others only within the first.
var namespaces = []struct {
	name string
	flag uintptr
}{
	{UserNamespace, unix.CLONE_NEWUSER},
	{NetworkNamespace, unix.CLONE_NEWNET},
	{PIDNamespace, unix.CLONE_NEWPID},
	{IPCNamespace, unix.CLONE_NEWIPC},
}

// finding is what the trial of one of Step's mechanisms found.
type finding struct{ Detail, Missing string }

const probeLimit = 5 * time.Second

// maxThreads bounds a process where the system can: see threads.
const maxThreads = 512

// probe starts a trial process in all namespaces. Where that fails they are
// tried one after the other.
func (s *Sandbox) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	s.order = order{without: slices.Clone(s.conf.Without), memory: s.conf.Memory, abi: s.conf.LandlockABI}
	if s.order.memory == 0 {
		s.order.memory = defaultMemory
	}
	found, err := s.try(ctx)
	if err != nil {
		wanted := s.order.without
		s.order.without = append(slices.Clone(wanted), allNamespaces()...)
		for _, ns := range namespaces {
			if slices.Contains(wanted, ns.name) {
				continue
			}
			with := s.order.without
			s.order.without = slices.DeleteFunc(slices.Clone(with), func(name string) bool { return name == ns.name })
			more, err := s.try(ctx)
			if err != nil {
				s.miss(ns.name, refused(err))
				s.order.without = with
				continue
			}
			found = more
		}
		if found == nil {
			found, err = s.try(ctx)
		} else {
			err = nil
		}
	}
	for i := range s.report {
		m := &s.report[i]
		f, ok := found[m.Name]
		switch {
		case slices.Contains(s.conf.Without, m.Name):
			m.Missing = leftOut
		case err != nil:
			m.Missing = refused(err)
		case ok && m.Missing == "":
			m.Detail, m.Missing = f.Detail, f.Missing
		}
		if m.Missing != "" && !slices.Contains(s.order.without, m.Name) {
			s.order.without = append(s.order.without, m.Name)
		}
	}
}

func allNamespaces() []string {
	var names []string
	for _, ns := range namespaces {
		names = append(names, ns.name)
	}
	return names
}

// try starts a trial process and returns what it found.
func (s *Sandbox) try(ctx context.Context) (map[string]finding, error) {
	o := s.order
	o.probe = true
	s.order.threads = s.threads()
	o.threads = s.order.threads
	cmd := exec.CommandContext(ctx, s.conf.Path, slices.Concat(s.conf.Args, o.args())...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"} // for a build with the race detector, which else takes a second to exit
	s.enclose(cmd)
	if err := cmd.Run(); err != nil {
		if words := strings.TrimSpace(stderr.String()); words != "" {
			err = fmt.Errorf("%w: %.200s", err, words)
		}
		return nil, err
	}
	var found map[string]finding
	if err := json.Unmarshal(stdout.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("the trial process answered with nonsense: %w", err)
	}
	return found, nil
}

// enclose sets the namespaces. Inside the user is nobody: root would keep all
// capabilities of the namespace.
func (s *Sandbox) enclose(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	for _, ns := range namespaces {
		if !slices.Contains(s.order.without, ns.name) {
			cmd.SysProcAttr.Cloneflags |= ns.flag
		}
	}
	if cmd.SysProcAttr.Cloneflags&unix.CLONE_NEWUSER != 0 {
		const nobody = 65534
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getegid(), Size: 1}}
	}
}

// threads returns the limit of threads, or 0 where it would be of no use: for
// root it is not enforced, and outside of a user namespace, as before Linux
// 5.14, it counts all that the user runs.
func (s *Sandbox) threads() uint64 {
	if os.Geteuid() == 0 || slices.Contains(s.order.without, UserNamespace) || !kernelAtLeast(5, 14) {
		return 0
	}
	return maxThreads
}

func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	var a, b int
	if unix.Uname(&name) != nil {
		return false
	}
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a > major || a == major && b >= minor
}

// refused says in words why a process could not be started.
func refused(err error) string {
	switch {
	case errors.Is(err, unix.EPERM):
		return "this system does not let this user make one"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EUSERS):
		return "this system allows no more of them; see the sysctl user.max_user_namespaces and its like"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return "this kernel has none"
	}
	return err.Error()
}
