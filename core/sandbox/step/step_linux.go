package step

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Run is the half of the sandbox inside the process: it takes away what the
// arguments say and becomes the program that they name. It returns only when
// that fails, with the exit status, after words on standard error; what was to
// be taken away and could not be is a failure.
//
//	[--without=MECHANISM,…] [--memory=BYTES] [--threads=N] [--landlock=ABI] [--sockets=DIR] [--read=PATH]…
//	[--calls=NAME,…] [--refusals=PATH] -- PATH ARGUMENT…
func Run(args []string) int {
	// Everything below is a property of the thread that becomes the program.
	runtime.LockOSThread()
	err := step(args)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "sandbox-exec:", err)
	return 1
}

func step(args []string) error {
	o, program, err := Parse(args)
	if err != nil {
		return err
	}
	if o.Probe {
		return json.NewEncoder(os.Stdout).Encode(o.try())
	}
	file := program[0]
	if !path.IsAbs(file) {
		wd, err := os.Getwd()
		if err != nil {
			return err
		}
		file = path.Join(wd, file)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	tell := teller(o.Refusals)
	if err := closeFiles(); err != nil {
		return err
	}
	if err := dropPrivileges(); err != nil {
		return err
	}
	if !slices.Contains(o.Without, Landlock) {
		if err := restrictFiles(o, file, o.landlockABI()); err != nil {
			return err
		}
	}
	env := os.Environ()
	if !slices.Contains(o.Without, Limits) {
		env = withMemoryLimit(env, o.Memory)
		if err := limit(o); err != nil {
			return err
		}
	}
	secret, err := newSecret()
	if err != nil {
		return fmt.Errorf("the system gives no random number: %w", err)
	}
	if !slices.Contains(o.Without, Seccomp) {
		if err := filterCalls(o, secret, tell); err != nil {
			return err
		}
	}
	err = become(file, program, env, secret)
	if errors.Is(err, unix.EACCES) && !slices.Contains(o.Without, Landlock) {
		return fmt.Errorf("%s cannot be run: %w; "+
			"if it is a script, its interpreter must be below /usr, /bin or the plugin's own folder", program[0], err)
	}
	return fmt.Errorf("%s cannot be run: %w", program[0], err)
}

// try applies each mechanism to this process and checks that it holds.
func (o Order) try() map[string]Finding {
	found := map[string]Finding{}
	note := func(name string, try func() (detail string, err error)) {
		if slices.Contains(o.Without, name) {
			return
		}
		f := Finding{State: Holds}
		detail, err := try()
		if err != nil {
			f = Judge(err)
		}
		f.Detail = detail
		found[name] = f
	}
	note(Cgroup, func() (string, error) { return "", tryGroup() })
	note(NoNewPrivs, func() (string, error) { return "", dropPrivileges() })
	note(Landlock, func() (string, error) { return fmt.Sprintf("ABI %d", o.landlockABI()), tryLandlock(o.landlockABI()) })
	note(Limits, func() (string, error) {
		unlimited := o
		unlimited.Memory = 0 // this process has to go on, and the race detector's needs terabytes
		return o.limits(), limit(unlimited)
	})
	note(Seccomp, func() (string, error) { return "", trySeccomp() })
	return found
}

func tryLandlock(abi int) error {
	if err := restrictFiles(Order{}, "/proc/self/exe", abi); err != nil {
		return err
	}
	switch _, err := os.ReadDir("/"); {
	case err == nil:
		return errors.New("the kernel accepts the rules and does not keep them")
	case !errors.Is(err, unix.EACCES):
		return Inconclusive{Err: err}
	}
	return nil
}

// tryGroup checks that this process was started in a cgroup for it.
func tryGroup() error {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return Inconclusive{Err: err}
	}
	for line := range strings.Lines(string(text)) {
		group, v2 := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::")
		if v2 && strings.HasPrefix(path.Base(group), GroupPrefix) {
			return nil
		}
	}
	return errors.New("this kernel does not start a process in it")
}

func trySeccomp() error {
	secret, err := newSecret()
	if err != nil {
		return Inconclusive{Err: err}
	}
	if err := filterCalls(Order{}, secret, nil); err != nil {
		return err
	}
	if !errors.Is(unix.Connect(-1, &unix.SockaddrUnix{Name: "x"}), unix.EPERM) {
		return errors.New("the kernel accepts the filter and does not apply it")
	}
	return nil
}

// closeFiles lets the program inherit standard input, output and error alone:
// who started the host may have left it more.
func closeFiles() error {
	err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	files, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, f := range files {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// dropPrivileges gives up all capabilities, and the way to get them back.
func dropPrivileges() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs cannot be set: %w", err)
	}
	unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) // before Linux 4.3 there are none
	var none [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("the capabilities cannot be given up: %w", err)
	}
	return nil
}

// landlockABI is the version of Landlock that is used.
func (o Order) landlockABI() int {
	abi := LandlockABI()
	if o.ABI > 0 {
		abi = min(abi, o.ABI)
	}
	return abi
}

// What a process may use, beside the memory that is asked for.
const (
	maxFiles = 1280     // sessions have a connection each, up to about as many; see docs/security.md
	maxStack = 8 << 20  // bytes of the first thread's, which RLIMIT_DATA does not count
	maxSpace = 64 << 30 // bytes of addresses; see limit
	maxQueue = 64       // signals that wait, and timers
)

func limit(o Order) error {
	limits := []struct {
		resource int
		value    uint64
		on       bool
	}{
		{unix.RLIMIT_NOFILE, maxFiles, true},
		{unix.RLIMIT_CORE, 0, true},
		{unix.RLIMIT_FSIZE, 0, true},
		{unix.RLIMIT_NPROC, o.Threads, o.Threads > 0},
		{unix.RLIMIT_STACK, maxStack, true},
		{unix.RLIMIT_MEMLOCK, 0, true},
		{unix.RLIMIT_MSGQUEUE, 0, true},
		{unix.RLIMIT_SIGPENDING, maxQueue, true},
		{unix.RLIMIT_DATA, o.Memory, o.Memory > 0},
		// Runtimes reserve many times the addresses that they use. What this
		// bounds is the page tables of memory that RLIMIT_DATA does not count:
		// 1/512 of it.
		{unix.RLIMIT_AS, max(maxSpace, 2*o.Memory), o.Memory > 0},
	}
	for _, l := range limits {
		if !l.on {
			continue
		}
		if err := lower(l.resource, l.value); err != nil {
			return fmt.Errorf("resource limit %d cannot be set: %w", l.resource, err)
		}
	}
	return nil
}

// lower sets a limit, or leaves a lower one that is there.
func lower(resource int, value uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}

// limits describes the limits in words.
func (o Order) limits() string {
	words := []string{fmt.Sprintf("%d open files", maxFiles), MemoryWords(o.Memory)}
	if o.Threads > 0 {
		words = append(words, fmt.Sprintf("%d threads", o.Threads))
	} else {
		words = append(words, "threads unlimited for this user")
	}
	return strings.Join(words, ", ")
}

func MemoryWords(memory uint64) string {
	if memory == 0 {
		return "memory unlimited in a build with the race detector"
	}
	return fmt.Sprintf("%d MiB of memory", memory>>20)
}

// withMemoryLimit has a plugin in Go collect its garbage before the limit ends
// it.
func withMemoryLimit(env []string, memory uint64) []string {
	set := slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "GOMEMLIMIT=") })
	if memory == 0 || set {
		return env
	}
	return append(env, fmt.Sprintf("GOMEMLIMIT=%d", memory/8*7))
}
