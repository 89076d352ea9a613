package step

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newSecret is what opens execve once; see filter.
func newSecret() (secret [3]uint64, err error) {
	var b [24]byte
	// Package crypto/rand would have to be initialised. So few bytes come whole.
	if _, err := unix.Getrandom(b[:], 0); err != nil {
		return secret, err
	}
	for i := range secret {
		secret[i] = binary.NativeEndian.Uint64(b[8*i:])
	}
	return secret, nil
}

// filterCalls applies the filter to this thread and what it becomes, which
// keeps the process's number. What is refused is reported to tell's reader, if tell
// is not nil and the kernel can, as it does from Linux 5.0 on.
func filterCalls(o Order, secret [3]uint64, tell func(listener int)) error {
	if nativeArch == 0 {
		return errors.New("no filter for this processor")
	}
	self := uint32(os.Getpid())
	if tell != nil {
		listener, err := apply(filter(self, secret, o, true), unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
		tell(listener)
		if err == nil {
			return nil
		}
	}
	if _, err := apply(filter(self, secret, o, false), 0); err != nil {
		return fmt.Errorf("this kernel takes no filter of system calls: %w", err)
	}
	return nil
}

func apply(f []unix.SockFilter, flags uintptr) (listener int, err error) {
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// teller returns how a listener is handed to whoever listens at path, or nil if
// nobody does. It does so on a thread of its own, started before: the one that
// has the filter may send nothing, and limits keep it from starting another.
func teller(path string) func(listener int) {
	if path == "" {
		return nil
	}
	conn, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	if err := unix.Connect(conn, &unix.SockaddrUnix{Name: path}); err != nil {
		unix.Close(conn)
		return nil
	}
	ready, listeners, sent := make(chan struct{}), make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(ready)
		if l := <-listeners; l >= 0 {
			unix.Sendmsg(conn, []byte{0}, unix.UnixRights(l), nil, 0)
			unix.Close(l) // if nobody has it, the kernel answers by ENOSYS
		}
		unix.Close(conn)
		close(sent)
		select {} // its end would be the thread's
	}()
	<-ready
	return func(listener int) {
		listeners <- listener
		<-sent
	}
}

// become runs the program in this process's place, by the one call of execve
// that the filter lets through.
func become(path string, args, env []string, secret [3]uint64) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings(args)
	if err != nil {
		return err
	}
	envp, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return err
	}
	// A thread that another one starts meanwhile would be an error to the
	// runtime, as syscall.Exec knows. With one processor, which this thread does
	// not give up, there is none.
	runtime.GOMAXPROCS(1)
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVE, uintptr(unsafe.Pointer(name)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])),
		uintptr(secret[0]), uintptr(secret[1]), uintptr(secret[2]))
	return errno
}
