package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// A cgroup (version 2) bounds what nothing else does: memory of every kind, the
// kernel's for the process too, and all processes and threads together. Each
// plugin process gets one of its own:
//
//	DELEGATED/            the cgroup that the workbench was started in
//	DELEGATED/workbench   the workbench: a cgroup with limits for its children holds no process itself
//	DELEGATED/plugin-…    a plugin process, with what it starts
//
// That is done only in a cgroup which was delegated to the workbench, as by
// Delegate=yes of systemd or as a container's own, and in which no other
// process is.

const (
	hostGroup   = "workbench"
	groupPrefix = step.GroupPrefix

	groupTasks  = maxThreads // processes and threads of a plugin, its adapter's too
	groupWeight = 50         // of 100, which the workbench has: its share of a busy processor
)

// system is what this machine knows of cgroups.
type system struct {
	v2       mount // the cgroups of version 2
	memoryV1 mount // those of version 1 that count memory
	groups   atomic.Pointer[delegated]
}

// delegated is a cgroup in which there may be one for each process.
type delegated struct {
	dir         string
	controllers []string // "memory" and, where they are delegated too, "pids" and "cpu"
}

// mount says where a hierarchy of cgroups can be seen.
type mount struct {
	root string // the part of it that is seen
	at   string // "": nowhere
}

// look finds the mounts.
func (s *Sandbox) look() {
	if info, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		s.system.v2, s.system.memoryV1 = findMounts(string(info))
	}
}

// findMounts reads /proc/PID/mountinfo; see proc_pid_mountinfo(5).
func findMounts(info string) (v2, memoryV1 mount) {
	for line := range strings.Lines(info) {
		left, right, _ := strings.Cut(line, " - ")
		place, kind := strings.Fields(left), strings.Fields(right)
		if len(place) < 5 || len(kind) < 3 {
			continue
		}
		m := mount{unescape(place[3]), unescape(place[4])}
		switch {
		case kind[0] == "cgroup2" && v2.at == "":
			v2 = m
		case kind[0] == "cgroup" && memoryV1.at == "" && slices.Contains(strings.Split(kind[2], ","), "memory"):
			memoryV1 = m
		}
	}
	return v2, memoryV1
}

// unescape undoes what the kernel does to blanks and the like in a path.
func unescape(path string) string {
	for _, c := range []string{" ", "\t", "\n", `\`} {
		path = strings.ReplaceAll(path, fmt.Sprintf(`\%03o`, c[0]), c)
	}
	return path
}

// dir returns where the cgroup of that path is, or "".
func (m mount) dir(path string) string {
	rel, err := filepath.Rel(m.root, path)
	if m.at == "" || path == "" || err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.Join(m.at, rel)
}

// membership reads /proc/PID/cgroup: the path of the process's cgroup of
// version 2, and of the one of version 1 that counts its memory; "": there is
// none.
func membership(text string) (v2, memoryV1 string) {
	for line := range strings.Lines(strings.TrimSuffix(text, "\n")) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(parts) < 3:
		case parts[0] == "0":
			v2 = parts[2]
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			memoryV1 = parts[2]
		}
	}
	return v2, memoryV1
}

// openGroups prepares for cgroups while it is unknown whether they can be made.
func (s *Sandbox) openGroups() {
	if s.state(Cgroup) != Unknown || s.system.groups.Load() != nil {
		return
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		s.note(Cgroup, step.Judge(err))
		return
	}
	own, _ := membership(string(text))
	dir := s.system.v2.dir(own)
	if dir == "" {
		s.note(Cgroup, step.Finding{State: Missing, Reason: "this system shows no cgroup of version 2"})
		return
	}
	d, err := takeOver(dir, os.Getpid())
	if err != nil {
		s.note(Cgroup, step.Judge(err))
		return
	}
	s.system.groups.Store(d)
}

// takeOver makes the cgroup at dir, which the process of that number is in, one
// that has others below it. It changes nothing where somebody else may count on
// how it is.
func takeOver(dir string, pid int) (*delegated, error) {
	d := &delegated{dir: dir}
	if filepath.Base(dir) == hostGroup { // it was taken over before
		d.dir = filepath.Dir(dir)
	}
	if err := isOurs(dir, d.dir, pid); err != nil {
		return nil, err
	}
	offered, err := os.ReadFile(filepath.Join(d.dir, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"memory", "pids", "cpu"} {
		if slices.Contains(strings.Fields(string(offered)), name) {
			d.controllers = append(d.controllers, name)
		}
	}
	if !slices.Contains(d.controllers, "memory") {
		return nil, errors.New("the cgroup of the workbench cannot limit memory: the controller is not delegated")
	}
	ours := filepath.Join(d.dir, hostGroup)
	if dir != ours {
		if err := os.Mkdir(ours, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if err := enter(ours, pid); err != nil {
			unix.Rmdir(ours)
			return nil, err
		}
	}
	if err := d.enable(); err != nil {
		enter(d.dir, pid)
		unix.Rmdir(ours)
		return nil, err
	}
	left, _ := filepath.Glob(filepath.Join(d.dir, groupPrefix+"*"))
	for _, group := range left {
		unix.Rmdir(group) // of a workbench that was killed; one with processes stays
	}
	return d, nil
}

// enable hands the controllers on to the cgroups below. It does without one that
// cannot be, except memory's.
func (d *delegated) enable() error {
	var enabled []string
	for _, name := range d.controllers {
		err := setting(d.dir, "cgroup.subtree_control", "+"+name)
		if err != nil && name == "memory" {
			return err
		}
		if err == nil {
			enabled = append(enabled, name)
		}
	}
	d.controllers = enabled
	return nil
}

// isOurs returns an error if a change in the cgroup top may concern anyone but the
// process of that number, which is in own.
func isOurs(own, top string, pid int) error {
	procs, err := os.ReadFile(filepath.Join(own, "cgroup.procs"))
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(procs)) != strconv.Itoa(pid) {
		return errors.New("the cgroup of the workbench has other processes too: none was delegated to it alone")
	}
	if own != top {
		if procs, err = os.ReadFile(filepath.Join(top, "cgroup.procs")); err != nil {
			return err
		}
		if len(procs) > 0 {
			return errors.New("the cgroup above the workbench has processes of its own")
		}
	}
	entries, err := os.ReadDir(top)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != hostGroup && !strings.HasPrefix(e.Name(), groupPrefix) {
			return errors.New("the cgroup of the workbench has others below it that are not the workbench's")
		}
	}
	if marked(top, "invocation_id") && !marked(top, "delegate") {
		return errors.New("the cgroup of the workbench is systemd's: it was not delegated by Delegate=yes")
	}
	return nil
}

// marked reports whether systemd has written the attribute of a unit to its
// cgroup.
func marked(dir, attribute string) bool {
	for _, class := range []string{"trusted.", "user."} {
		if n, err := unix.Getxattr(dir, class+attribute, nil); err == nil && n > 0 {
			return true
		}
	}
	return false
}

func enter(dir string, pid int) error { return setting(dir, "cgroup.procs", strconv.Itoa(pid)) }

// setting writes a value to a file that the kernel has made.
func setting(dir, name, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// newGroup makes a cgroup for one process. memory is in bytes, 0: unlimited.
func (s *system) newGroup(memory uint64) (*os.File, error) {
	d := s.groups.Load()
	if d == nil {
		return nil, step.Inconclusive{Err: errors.New("whether there can be a cgroup for a process is not known yet")}
	}
	dir, err := os.MkdirTemp(d.dir, groupPrefix)
	if err != nil {
		return nil, err
	}
	if err := d.limit(dir, memory); err != nil {
		unix.Rmdir(dir)
		return nil, err
	}
	group, err := os.Open(dir)
	if err != nil {
		unix.Rmdir(dir)
	}
	return group, err
}

// limit sets the limits of a process's cgroup.
func (d *delegated) limit(dir string, memory uint64) error {
	most := "max"
	if memory > 0 {
		most = strconv.FormatUint(memory, 10)
	}
	for _, l := range []struct {
		name, value string
		absent      bool // on some kernels
	}{
		{"memory.max", most, false},
		{"memory.swap.max", "0", true},  // where swap is not counted
		{"memory.oom.group", "1", true}, // before Linux 4.19
		{"pids.max", strconv.Itoa(groupTasks), false},
		{"cpu.weight", strconv.Itoa(groupWeight), false},
	} {
		controller, _, _ := strings.Cut(l.name, ".")
		if !slices.Contains(d.controllers, controller) {
			continue
		}
		if err := setting(dir, l.name, l.value); err != nil && !(l.absent && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// limits describes the limits in words.
func (d *delegated) limits(memory uint64) string {
	words := []string{step.MemoryWords(memory)}
	if slices.Contains(d.controllers, "pids") {
		words = append(words, fmt.Sprintf("%d processes and threads", groupTasks))
	}
	if slices.Contains(d.controllers, "cpu") {
		words = append(words, "half of the workbench's share of the processor")
	}
	return strings.Join(words, ", ")
}

// emptyLimit is how long what is killed in a cgroup may take to be gone.
const emptyLimit = 5 * time.Second

// Release kills what is left of a process that has ended, and removes what was
// made for it.
func (h *Held) Release() error {
	if h.group == nil {
		return nil
	}
	dir := h.group.Name()
	h.group.Close()
	setting(dir, "cgroup.kill", "1") // since Linux 5.14
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Since(began) > emptyLimit {
			return fmt.Errorf("cgroup %s is left: %w", dir, err)
		}
	}
}
