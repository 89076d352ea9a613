package step

import "golang.org/x/sys/unix"

// The system calls that a plugin's process may make, by what they are for. The
// runtimes of Go, C, Rust, CPython, node, Perl, Ruby and Java were watched; the
// calls beside those that they make are of the same kind. Every call reaches
// nothing but the process itself and the files that Landlock leaves it.
// Some exist on one kind of processor only.
var allowed = []struct{ reason, calls string }{
	{"memory that RLIMIT_DATA or RLIMIT_AS counts", "brk munmap mprotect mincore pkey_mprotect"},
	{"its threads", `futex futex_waitv sched_yield set_robust_list set_tid_address rseq gettid exit exit_group
		sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu
		arch_prctl restart_syscall`},
	{"its signals", `rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigpending sigaltstack
		pause alarm setitimer getitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete`},
	{"time", "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times"},
	{"its pipes, and files that are open", `read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2
		lseek close close_range dup dup2 dup3 pipe pipe2 fadvise64`},
	{"pairs of sockets for itself", "recvfrom shutdown getsockname getpeername getsockopt"},
	{"waiting for them", `poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
		epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime`},
	{"files to read", `stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat
		getdents getdents64 getcwd chdir fchdir umask getxattr lgetxattr fgetxattr`},
	{"who and where it is", `getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid
		getsid capget uname sysinfo getrusage getrlimit getpriority getrandom`},
	{"waiting for children that it cannot have", "wait4 waitid"},
}

// forSocket is for the socket of a process that has Order.Sockets: go-plugin
// makes a file first, for its name.
const forSocket = "unlink unlinkat bind listen accept accept4"

// unavailable are calls that runtimes try and can do without. They are answered
// like all that is not allowed, but nobody is told.
const unavailable = `clone3 pkey_alloc pkey_free io_uring_setup
	connect flock mkdir mkdirat ftruncate fsync
	mremap` // which also moves the stack to where it is as large as one likes, and no limit counts it

// Calls that are allowed with some arguments only. Each line of tests is one way
// to be allowed. self is the process's number.
func conditional(self uint32, secret [3]uint64) []call {
	const (
		// Which golang.org/x/sys does not name; the same on both processors.
		fionread, fionbio, fionclex, fioclex = 0x541b, 0x5421, 0x5450, 0x5451
	)
	open := func(flags uint32) [][]test {
		return [][]test{
			{in(flags, unix.O_ACCMODE, unix.O_RDONLY, unix.O_WRONLY)},
			// Mapped for reading and writing a file can be memory that nothing
			// counts, as /dev/zero is. A new one is bounded by RLIMIT_FSIZE.
			{in(flags, unix.O_ACCMODE|unix.O_CREAT|unix.O_EXCL, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)},
		}
	}
	stream := [][]test{{in(0, all, unix.AF_UNIX), in(1, 0xf, unix.SOCK_STREAM)}}
	toSelf := [][]test{{in(0, all, self)}}
	return []call{
		{"execve", true, [][]test{{equal(3, secret[0]), equal(4, secret[1]), equal(5, secret[2])}}},
		{"mmap", false, [][]test{
			{without(3, unix.MAP_SHARED|unix.MAP_GROWSDOWN|unix.MAP_HUGETLB)},
			{without(3, unix.MAP_ANONYMOUS|unix.MAP_GROWSDOWN|unix.MAP_HUGETLB), without(2, unix.PROT_WRITE)}, // a file, to read
		}},
		{"madvise", false, [][]test{{in(2, all, unix.MADV_NORMAL, unix.MADV_RANDOM, unix.MADV_SEQUENTIAL, unix.MADV_WILLNEED,
			unix.MADV_DONTNEED, unix.MADV_FREE, unix.MADV_DONTFORK, unix.MADV_DOFORK, unix.MADV_HUGEPAGE, unix.MADV_NOHUGEPAGE,
			unix.MADV_DONTDUMP, unix.MADV_DODUMP, unix.MADV_WIPEONFORK, unix.MADV_KEEPONFORK, unix.MADV_POPULATE_READ,
			unix.MADV_POPULATE_WRITE, unix.MADV_COLLAPSE, unix.MADV_GUARD_INSTALL, unix.MADV_GUARD_REMOVE)}}},
		{"clone", true, [][]test{{with(0, unix.CLONE_THREAD)}}},
		{"kill", false, toSelf}, {"tgkill", false, toSelf}, {"rt_sigqueueinfo", false, toSelf}, {"rt_tgsigqueueinfo", false, toSelf},
		{"prlimit64", false, [][]test{{in(0, all, 0, self), equal(2, 0)}}},
		{"prctl", false, [][]test{{in(0, all, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_GET_DUMPABLE,
			unix.PR_CAPBSET_READ, unix.PR_GET_NO_NEW_PRIVS, unix.PR_GET_SECCOMP, unix.PR_GET_PDEATHSIG,
			unix.PR_GET_THP_DISABLE, unix.PR_SET_THP_DISABLE, unix.PR_GET_TIMERSLACK)}}},
		{"open", false, open(1)}, {"openat", false, open(2)},
		{"socket", false, stream}, {"socketpair", false, stream},
		{"sendto", false, [][]test{{equal(4, 0)}}},
		{"setsockopt", false, [][]test{{in(1, all, unix.SOL_SOCKET), in(2, all, unix.SO_REUSEADDR, unix.SO_BROADCAST)}}}, // Go sets them
		{"fcntl", false, [][]test{
			{in(1, all, unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_GETPIPE_SZ)},
			{in(1, all, unix.F_SETFL), without(2, unix.O_ASYNC)},
		}},
		{"ioctl", false, [][]test{{in(1, all, unix.TCGETS, unix.TCGETS2, unix.TIOCGWINSZ, unix.TIOCGPGRP, fionread, fionbio,
			fionclex, fioclex)}}},
	}
}
