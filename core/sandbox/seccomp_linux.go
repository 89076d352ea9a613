package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A filter of system calls, for what no other mechanism stops on every kernel:
// connecting to a Unix socket that has a path, new processes of root, memory
// that no limit counts, and changes to files that need no open file. It names
// what is refused and lets all else pass, since a plugin's language decides
// what its runtime calls. A refused call fails with EPERM and ends nothing.

// refusedCalls are refused whatever their arguments. Those of one processor
// only are in refusedHere.
var refusedCalls = []uintptr{
	// To reach others: Unix sockets are listened on, and nothing is called.
	unix.SYS_CONNECT,
	// Does all of this without a system call for each.
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	// Changes to files by path, or by a file that is only read.
	unix.SYS_TRUNCATE, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
	unix.SYS_UTIMENSAT, unix.SYS_FILE_SETATTR,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	// What happens to files.
	unix.SYS_INOTIFY_ADD_WATCH, unix.SYS_FANOTIFY_MARK,
	// Other processes. kill and its like: see filter.
	unix.SYS_TKILL, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PIDFD_GETFD, unix.SYS_PTRACE, unix.SYS_KCMP,
	unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
	// Memory that RLIMIT_DATA does not count. Shared mmap: see filter.
	unix.SYS_SHMGET, unix.SYS_MEMFD_SECRET,
	// The kernel's less used doors.
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR,
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
}

// Offsets in struct seccomp_data. Of an argument the low half is looked at,
// which on the processors that we know comes first and is all that the kernel
// takes of those below.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

const (
	pass   = unix.SECCOMP_RET_ALLOW
	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	// absent makes C libraries use clone, whose flags a filter can see.
	absent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func argument(n uint32) unix.SockFilter { return load(offArgs + 8*n) }

func answer(value uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value}
}

func mask(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: k}
}

// jump skips yes instructions if what is loaded compares to k so, else no.
func jump(how uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, K: k, Jt: yes, Jf: no}
}

const (
	is      = unix.BPF_JEQ
	has     = unix.BPF_JSET // some of the bits
	atLeast = unix.BPF_JGE
)

// filter is the program for the process of that number.
func filter(pid uint32) []unix.SockFilter {
	f := []unix.SockFilter{
		load(offArch), jump(is, nativeArch, 1, 0), answer(refuse), // other calls have other numbers
		load(offNumber),
	}
	// on adds what is done for one call. What it says ends with an answer, so
	// that the number is still loaded for the next.
	on := func(call uintptr, body ...unix.SockFilter) {
		f = append(append(f, jump(is, uint32(call), 0, uint8(len(body)))), body...)
	}
	if x32 != 0 {
		f = append(f, jump(atLeast, x32, 0, 1), answer(refuse))
	}
	for _, call := range slices.Concat(refusedCalls, refusedHere) {
		on(call, answer(refuse))
	}
	on(unix.SYS_CLONE3, answer(absent))
	on(unix.SYS_CLONE, argument(0), jump(has, unix.CLONE_THREAD, 1, 0), answer(refuse), answer(pass))
	on(unix.SYS_SOCKET,
		argument(0), jump(is, unix.AF_UNIX, 0, 3),
		argument(1), mask(0xf), jump(is, unix.SOCK_STREAM, 1, 0),
		answer(refuse), answer(pass))
	on(unix.SYS_MMAP,
		argument(3), jump(has, unix.MAP_GROWSDOWN, 2, 0),
		mask(unix.MAP_SHARED|unix.MAP_ANONYMOUS), jump(is, unix.MAP_SHARED|unix.MAP_ANONYMOUS, 0, 1),
		answer(refuse), answer(pass))
	for _, call := range []uintptr{unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO} {
		on(call, argument(0), jump(is, pid, 1, 0), answer(refuse), answer(pass))
	}
	on(unix.SYS_PRLIMIT64, argument(0), jump(is, 0, 2, 0), jump(is, pid, 1, 0), answer(refuse), answer(pass))
	return append(f, answer(pass))
}

// filterCalls applies the filter to this thread and what it becomes, which
// keeps the process's number.
func filterCalls() error {
	if nativeArch == 0 {
		return errors.New("there is no filter for this processor")
	}
	f := filter(uint32(os.Getpid()))
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("this kernel takes no filter of system calls: %w", err)
	}
	return nil
}
