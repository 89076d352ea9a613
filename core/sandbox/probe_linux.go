package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

const supported = true

// namespaces, each with the sysctl that says how many there may be.
var namespaces = []struct {
	name   string
	flag   uintptr
	sysctl string
}{
	{UserNamespace, unix.CLONE_NEWUSER, "max_user_namespaces"},
	{NetworkNamespace, unix.CLONE_NEWNET, "max_net_namespaces"},
	{PIDNamespace, unix.CLONE_NEWPID, "max_pid_namespaces"},
	{IPCNamespace, unix.CLONE_NEWIPC, "max_ipc_namespaces"},
}

// restsOn names what a mechanism needs for a user who is not root. The limit of
// threads counts only within a user namespace.
var restsOn = map[string]string{
	NetworkNamespace: UserNamespace, PIDNamespace: UserNamespace, IPCNamespace: UserNamespace, Limits: UserNamespace,
	Landlock: NoNewPrivs, Seccomp: NoNewPrivs,
}

// maxThreads bounds a process where the system can: see threads.
const maxThreads = 512

// probe finds out what holds here, in rounds of growing patience.
func (s *Sandbox) probe(ctx context.Context) {
	for i, limit := range s.conf.patience {
		s.round(ctx, limit, i == len(s.conf.patience)-1)
		if len(s.names(Unknown)) == 0 {
			return
		}
	}
}

// round tries on one process all that may hold. If that fails because something
// was refused, or if apart is set, it tries each unknown mechanism by itself.
func (s *Sandbox) round(ctx context.Context, limit time.Duration, apart bool) {
	s.openGroups()
	names := s.names(Holds, Unknown)
	found, err := s.try(ctx, limit, names)
	if err != nil {
		why := step.Judge(err)
		for _, name := range names { // which one is to blame is not known
			s.note(name, step.Finding{State: Unknown, Reason: why.Reason})
		}
		if apart || why.State == Missing {
			s.each(ctx, limit)
		}
		return
	}
	for name, f := range found {
		s.note(name, f)
	}
}

// each tries all that is unknown one by one, on a process each, if one can be
// started at all.
func (s *Sandbox) each(ctx context.Context, limit time.Duration) {
	if _, err := s.try(ctx, limit, nil); err != nil {
		for _, name := range s.names(Unknown) {
			s.note(name, step.Finding{State: Unknown, Reason: step.Judge(err).Reason})
		}
		return
	}
	var first, then []string // what others rest on comes first
	for _, name := range s.names(Unknown) {
		if restsOn[name] == "" {
			first = append(first, name)
		} else {
			then = append(then, name)
		}
	}
	for _, names := range [][]string{first, then} {
		var trials sync.WaitGroup
		for _, name := range names {
			trials.Go(func() { s.note(name, s.alone(ctx, limit, name)) })
		}
		trials.Wait()
	}
}

// alone tries one mechanism, with what it rests on if that holds.
func (s *Sandbox) alone(ctx context.Context, limit time.Duration, name string) step.Finding {
	names, base := []string{name}, s.state(restsOn[name])
	if base == Holds {
		names = append(names, restsOn[name])
	}
	found, err := s.try(ctx, limit, names)
	f := found[name]
	switch {
	case errors.Is(err, unix.ENOSPC) && noneAllowed(name):
		f = step.Finding{State: Missing, Reason: step.Refused(err)}
	case err != nil:
		f = step.Judge(err)
	}
	if f.State == Missing && base == Unknown {
		f = step.Finding{State: Unknown, Reason: "refused without a " + restsOn[name] + ", of which nothing is known yet"}
	}
	return f
}

// noneAllowed reports that the namespace is refused for good, not only while
// there are many of its kind.
func noneAllowed(name string) bool {
	allowed, err := os.ReadFile(filepath.Join("/proc/sys/user", sysctlOf(name)))
	return err == nil && strings.TrimSpace(string(allowed)) == "0"
}

// sysctlOf returns a namespace's, "" for what is none.
func sysctlOf(name string) string {
	for _, ns := range namespaces {
		if ns.name == name {
			return ns.sysctl
		}
	}
	return ""
}

// try starts a trial process that is held by the mechanisms of those names, and
// returns what it found of each.
func (s *Sandbox) try(ctx context.Context, limit time.Duration, names []string) (map[string]step.Finding, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("a trial process did not answer within %v", limit))
	defer cancel()
	o := s.order(names)
	o.Probe = true
	cmd := exec.CommandContext(ctx, s.conf.Path, slices.Concat(s.conf.Args, o.Args())...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"} // for a build with the race detector, which else takes a second to exit
	cmd.WaitDelay = time.Second
	held, err := s.enclose(cmd, o)
	if err != nil {
		return nil, err
	}
	err = cmd.Run()
	held.Release()
	if err != nil {
		return nil, failure(ctx, err, strings.TrimSpace(stderr.String()))
	}
	said := map[string]step.Finding{}
	if err := json.Unmarshal(stdout.Bytes(), &said); err != nil {
		return nil, step.Inconclusive{Err: fmt.Errorf("a trial process answered with nonsense: %w", err)}
	}
	found := map[string]step.Finding{}
	for _, name := range names {
		f, ok := said[name]
		switch {
		case sysctlOf(name) != "":
			f.State = Holds
		case !ok || !slices.Contains([]State{Holds, Missing, Unknown}, f.State):
			f = step.Finding{State: Unknown, Reason: "the trial process did not say"}
		case name == Cgroup:
			f.Detail = s.system.groups.Load().limits(o.Memory)
		}
		found[name] = f
	}
	return found, nil
}

// failure says why a trial process failed. An error of the kernel's comes from
// its start.
func failure(ctx context.Context, err error, stderr string) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return step.Inconclusive{Err: context.Cause(ctx)}
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == unix.SIGSYS:
		return errors.New("this system kills who asks for it (SIGSYS)")
	case errors.As(err, new(unix.Errno)):
		return err
	}
	return step.Inconclusive{Err: fmt.Errorf("a trial process failed: %w: %.200s", err, stderr)}
}

// order is what step.Run is told, for a process that the mechanisms of those names
// hold.
func (s *Sandbox) order(names []string) step.Order {
	o := step.Order{
		Memory:  cmp.Or(s.conf.Memory, defaultMemory),
		ABI:     s.conf.LandlockABI,
		Without: slices.DeleteFunc(allMechanisms(), func(name string) bool { return slices.Contains(names, name) }),
	}
	o.Threads = threads(o)
	return o
}

// threads returns the limit of threads, or 0 where it would be of no use: for
// root it is not enforced, and outside of a user namespace, as before Linux
// 5.14, it counts all that the user runs.
func threads(o step.Order) uint64 {
	if os.Geteuid() == 0 || slices.Contains(o.Without, UserNamespace) || !kernelAtLeast(5, 14) {
		return 0
	}
	return maxThreads
}

// enclose has the command start in namespaces and a cgroup of its own. No user is
// mapped into the user namespace: so inside everybody is nobody, by the kernel's
// overflow ID, and root, who would keep all capabilities of the namespace, is not
// there.
func (s *Sandbox) enclose(cmd *exec.Cmd, o step.Order) (*Held, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	for _, ns := range namespaces {
		if !slices.Contains(o.Without, ns.name) {
			cmd.SysProcAttr.Cloneflags |= ns.flag
		}
	}
	if cmd.SysProcAttr.Cloneflags&unix.CLONE_NEWUSER != 0 {
		// As os/exec does it otherwise: until it runs the program, the child uses our
		// memory. To copy the page tables takes longer than all else if there are many
		// sessions. os/exec does not do so here since its child may have to wait for us
		// to map users, of whom there are none.
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_VM | unix.CLONE_VFORK
	}
	held := &Held{system: &s.system}
	if !slices.Contains(o.Without, Limits) {
		held.limit = o.Memory
	}
	if slices.Contains(o.Without, Cgroup) {
		return held, nil
	}
	var err error
	if held.group, err = s.system.newGroup(o.Memory); err != nil {
		return nil, err
	}
	held.before.file = filepath.Join(held.group.Name(), "memory.events")
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(held.group.Fd())
	return held, nil
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
