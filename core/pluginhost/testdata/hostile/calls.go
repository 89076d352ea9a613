package main

import (
	"errors"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// These are attempts by system calls that a plugin has no business with. Those
// that reach another process leave it as it is.
func init() {
	for name, try := range map[string]func(arg string) error{
		"remove": os.Remove,
		"mkdir":  func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Remove(path)) },
		"lock":   lock,

		"datagram":     func(addr string) error { return datagram(addr, unix.Sendto) },
		"datagram-msg": func(addr string) error { return datagram(addr, sendmsg) },

		"own":       own,
		"affinity":  affinity,
		"scheduler": scheduler,
		"priority":  func(pid string) error { return unix.Setpriority(unix.PRIO_PROCESS, number(pid), 0) },
		"io":        io,
		"pidfd":     pidfd,
		"leave":     leave,
		"outlive":   outlive,
		"become":    become,

		"zero":       zero,
		"grow-stack": growStack,
		"move-stack": moveStack,
		"memfd":      memfd,
		"space":      space,
		"pipe":       pipe,
		"semaphores": func(string) error { return ipc(unix.SYS_SEMGET, 1000, unix.SYS_SEMCTL) },
		"messages":   func(string) error { return ipc(unix.SYS_MSGGET, create, unix.SYS_MSGCTL) },
		"mqueue":     mqueue,
	} {
		attempts[name] = try
	}
}

// errnoOf makes an error of a raw call's.
func errnoOf(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

func lock(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_SH)
}

// datagram sends to a socket from one that needs no connection. An address that
// begins with @ has no path.
func datagram(addr string, send func(fd int, b []byte, flags int, to unix.Sockaddr) error) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	return send(pair[0], []byte("x"), 0, &unix.SockaddrUnix{Name: addr})
}

func sendmsg(fd int, b []byte, flags int, to unix.Sockaddr) error {
	return unix.Sendmsg(fd, b, nil, to, flags)
}

// own has the kernel kill a process when a pipe can be read.
func own(pid string) error {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	for _, set := range [][2]int{
		{unix.F_SETOWN, number(pid)}, {unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETFL, unix.O_ASYNC},
	} {
		if _, err := unix.FcntlInt(uintptr(p[0]), set[0], set[1]); err != nil {
			return err
		}
	}
	_, err := unix.Write(p[1], []byte("x"))
	return err
}

func affinity(pid string) error {
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(number(pid), &cpus); err != nil {
		return err
	}
	return unix.SchedSetaffinity(number(pid), &cpus)
}

func scheduler(pid string) error {
	var priority int32
	_, _, errno := unix.Syscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(number(pid)), unix.SCHED_NORMAL, uintptr(unsafe.Pointer(&priority)))
	return errnoOf(errno)
}

func io(pid string) error {
	const process = 1
	now, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, process, uintptr(number(pid)), 0)
	if errno == 0 {
		_, _, errno = unix.Syscall(unix.SYS_IOPRIO_SET, process, uintptr(number(pid)), now)
	}
	return errnoOf(errno)
}

func pidfd(pid string) error {
	fd, err := unix.PidfdOpen(number(pid), 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// leave joins another process group, where no signal to its own reaches it.
func leave(group string) error {
	if err := unix.Setpgid(0, number(group)); err != nil {
		return err
	}
	return unix.Setpgid(0, 0)
}

// outlive asks for no signal when the parent dies.
func outlive(string) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}

// become would run another program, were it there.
func become(string) error {
	if err := unix.Exec("/usr/no/such/program", nil, nil); err != unix.ENOENT {
		return err
	}
	return nil
}

// zero maps /dev/zero for sharing, which is memory of no file: to write it, and
// to read it.
func zero(size string) error {
	fd, err := unix.Open("/dev/zero", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, use := range []int{unix.PROT_WRITE, unix.PROT_READ} {
		var b []byte
		if b, err = unix.Mmap(fd, 0, number(size), use, unix.MAP_SHARED); err == nil {
			return unix.Munmap(b)
		}
	}
	return err
}

// growStack allows that for the first thread's stack.
func growStack(size string) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &now); err != nil {
		return err
	}
	more := now
	more.Cur = uint64(number(size))
	if err := unix.Setrlimit(unix.RLIMIT_STACK, &more); err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_STACK, &now)
}

// moveStack makes a page of the first thread's stack as large as that. The
// arguments lie on it, and it grows down to where it is used.
func moveStack(size string) error {
	page := unsafe.Add(unsafe.Pointer(unsafe.StringData(os.Args[0])), -1<<20)
	page = unsafe.Add(page, -int(uintptr(page)&0xfff))
	*(*byte)(page) = 1
	moved, _, errno := unix.Syscall6(unix.SYS_MREMAP, uintptr(page), 0x1000, uintptr(number(size)), unix.MREMAP_MAYMOVE, 0, 0)
	if errno == 0 {
		unix.Syscall(unix.SYS_MUNMAP, moved, uintptr(number(size)), 0)
	}
	return errnoOf(errno)
}

func memfd(size string) error {
	fd, err := unix.MemfdCreate("x", 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Ftruncate(fd, int64(number(size)))
}

// space maps that many bytes, only to read them.
func space(size string) error {
	b, err := unix.Mmap(-1, 0, number(size), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return err
	}
	return unix.Munmap(b)
}

// pipe makes a pipe that holds that many bytes.
func pipe(size string) error {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	_, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, number(size))
	return err
}

const create = unix.IPC_CREAT | 0o600

// ipc makes what System V calls for processes to talk by, and removes it.
func ipc(get, second, control uintptr) error {
	id, _, errno := unix.Syscall(get, unix.IPC_PRIVATE, second, create)
	if errno != 0 {
		return errno
	}
	if get == unix.SYS_SEMGET {
		_, _, errno = unix.Syscall(control, id, 0, unix.IPC_RMID)
	} else {
		_, _, errno = unix.Syscall(control, id, unix.IPC_RMID, 0)
	}
	return errnoOf(errno)
}

// mqueue makes a queue, and removes it: that there was one is what counts.
// Landlock forbids to open it, when it is made.
func mqueue(string) error {
	name, err := unix.BytePtrFromString("workbench-" + strconv.Itoa(os.Getpid()))
	if err != nil {
		return err
	}
	fd, _, opened := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), unix.O_RDWR|unix.O_CREAT, 0o600, 0, 0, 0)
	if opened == 0 {
		unix.Close(int(fd))
	}
	if _, _, errno := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(name)), 0, 0); errno == 0 {
		return nil
	}
	return errnoOf(opened)
}
