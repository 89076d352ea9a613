package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Held is one process that Hold has prepared, to its end. Its methods are safe
// for concurrent use, Release but for the others.
type Held struct {
	system *system
	group  *os.File // its cgroup; nil: none of its own
	limit  uint64   // of its memory, in bytes; 0: none

	mu           sync.Mutex
	before, last count
}

// count is how often the kernel has killed for lack of memory where a process
// is.
type count struct {
	file  string // that tells; "": not known
	kills int
}

// Look notes how often the kernel has killed for lack of memory where the
// process of that number is. Call it when the process was started, and every now
// and then: what happened before the last call but one is not taken for the end of
// this process.
//
// It reports whether the process and its children hold more memory than they may:
// RLIMIT_DATA forgets what is written and then made read-only.
func (h *Held) Look(pid int) (over bool) {
	if h.group != nil {
		return false // nobody else is in there, and the kernel keeps its limit
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := count{file: h.system.killCounter(pid)}
	now.kills, _ = killsIn(now.file)
	h.before, h.last = h.last, now
	if h.before.file != now.file {
		h.before = now
	}
	return h.limit > 0 && memoryOf(pid) > h.limit/4*5 // its stacks and page tables come on top of what the limit counts
}

// memoryOf returns what only a process holds, and the page tables for it, in
// bytes, together with that of all its children.
func memoryOf(pid int) (size uint64) {
	folder := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return 0 // it is gone
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		if name == "RssAnon" || name == "RssShmem" || name == "VmPTE" {
			kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			size += kib << 10
		}
	}
	tasks, _ := os.ReadDir(folder + "/task")
	for _, task := range tasks {
		children, _ := os.ReadFile(folder + "/task/" + task.Name() + "/children")
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				size += memoryOf(n)
			}
		}
	}
	return size
}

// OutOfMemory reports whether the process, which was ended by a SIGKILL that the
// caller knows nothing of, used up the memory that there was. The kernel says
// so, or it had three quarters of what it may have, which is as close as a
// program in Go comes: its heap grows by 64 MiB.
func (h *Held) OutOfMemory(state *os.ProcessState) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if kills, err := killsIn(h.before.file); err == nil && kills > h.before.kills {
		return true
	}
	return h.limit > 0 && peak(state) >= h.limit/4*3
}

// killCounter returns the file in which the kernel counts whom it kills for lack
// of memory where the process of that number is: of its cgroup, else of the whole
// system.
func (s *system) killCounter(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return "/proc/vmstat"
	}
	v2, memoryV1 := membership(string(text))
	for _, c := range []struct{ dir, name string }{{s.memoryV1.dir(memoryV1), "memory.oom_control"}, {s.v2.dir(v2), "memory.events"}} {
		file := filepath.Join(c.dir, c.name)
		if _, err := killsIn(file); c.dir != "" && err == nil {
			return file
		}
	}
	return "/proc/vmstat"
}

// killsIn reads a counter: a line "oom_kill N" among others.
func killsIn(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return strconv.Atoi(strings.TrimSpace(n))
		}
	}
	return 0, fs.ErrNotExist
}

// peak returns the most memory, in bytes, that a process which has ended had at
// once, or one that it had waited for; 0: not known. The kernel begins to count
// in the parent, before the program runs: what the parent had itself tells
// nothing.
func peak(state *os.ProcessState) uint64 {
	var own unix.Rusage
	used, ok := state.SysUsage().(*syscall.Rusage)
	if !ok || unix.Getrusage(unix.RUSAGE_SELF, &own) != nil || used.Maxrss <= own.Maxrss {
		return 0
	}
	return uint64(used.Maxrss) << 10
}
