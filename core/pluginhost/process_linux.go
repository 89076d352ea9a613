package pluginhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Self returns the path of this program's own executable, for built-in modes.
// It keeps naming the same build when the file is replaced or removed.
func Self() (string, error) { return "/proc/self/exe", nil }

// dieWithHost has a process killed when we die.
func dieWithHost(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// family returns a process and those of its descendants that still run.
func family(pid int) []int {
	all := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for _, child := range bytes.Fields(children) {
			if id, err := strconv.Atoi(string(child)); err == nil {
				all = append(all, family(id)...)
			}
		}
	}
	return all
}

// dying reports whether a process is on its way out, by the flags of its first
// thread: the ninth field of /proc/PID/stat, or its state; see proc_pid_stat(5).
func dying(pid int) bool {
	const exiting = 0x4 // PF_EXITING of linux/sched.h
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 7 {
		return false
	}
	flags, _ := strconv.ParseUint(string(fields[6]), 10, 64)
	return flags&exiting != 0 || fields[0][0] == 'Z' || fields[0][0] == 'X'
}

// starved returns for how long, in all, the threads of the processes were ready
// to run and waited for a processor: the second number of
// /proc/PID/task/TID/schedstat, in nanoseconds
// (Documentation/scheduler/sched-stats.rst). It is 0 where the kernel does not
// tell.
func starved(pids ...int) (all time.Duration) {
	for _, pid := range pids {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, thread := range threads {
			stat, _ := os.ReadFile(thread)
			if fields := bytes.Fields(stat); len(fields) > 1 {
				waited, _ := strconv.ParseInt(string(fields[1]), 10, 64)
				all += time.Duration(waited)
			}
		}
	}
	return all
}

// resident returns the resident memory of all the processes in bytes; see
// proc_pid_statm(5). The first of them must still run.
func resident(pids ...int) (sum uint64, err error) {
	for i, pid := range pids {
		var size, pages uint64
		statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err == nil {
			_, err = fmt.Sscan(string(statm), &size, &pages)
		}
		if err != nil && i == 0 { // another may just have ended
			return 0, err
		}
		sum += pages * uint64(os.Getpagesize())
	}
	return sum, nil
}

// socketFile is a Unix socket that can be dialled after its file is removed.
type socketFile struct{ file *os.File }

// openSocket opens the socket at path, and no other file that takes its place.
func openSocket(path string) (*socketFile, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(fd), path)
	info, err := file.Stat()
	if err == nil && info.Mode().Type() != os.ModeSocket {
		err = fmt.Errorf("%s is no socket", path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &socketFile{file}, nil
}

func (s *socketFile) dial(ctx context.Context) (net.Conn, error) {
	raw, err := s.file.SyscallConn() // keeps the number from becoming another file's
	if err != nil {
		return nil, err
	}
	var conn net.Conn
	closed := raw.Control(func(fd uintptr) {
		var d net.Dialer
		conn, err = d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", fd))
	})
	return conn, errors.Join(closed, err)
}

func (s *socketFile) close() { s.file.Close() }
