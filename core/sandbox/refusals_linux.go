package sandbox

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// Bounds of what a process can have the host do by calls that are refused.
const (
	maxRefusals = 16  // names that are kept
	maxAnswers  = 256 // calls that are answered; then the kernel does, by ENOSYS
)

// Refusals learns which system calls the filter refused to a process since it became
// its program. Calls that programs try and can do without are not among them.
type Refusals struct {
	path string
	done sync.WaitGroup

	mu       sync.Mutex
	open     *os.File // the listening socket, then its connection, then the kernel's notifications
	closed   bool
	names    []string
	answered int
}

// Refusals makes a socket at path, in a directory that exists, for one process:
// its Grant names it. It returns nil where nothing can be learned.
func (s *Sandbox) Refusals(path string) (*Refusals, error) {
	if s.conf.Mode == Off || s.state(Seccomp) == Missing {
		return nil, nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err == nil {
			err = unix.Listen(fd, 1)
		}
		if err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a socket for the sandbox cannot be made: %w", err)
	}
	r := &Refusals{path: path, open: os.NewFile(uintptr(fd), path)}
	r.done.Go(r.run)
	return r, nil
}

// socket is where the step finds it; "": nowhere.
func (r *Refusals) socket() string {
	if r == nil {
		return ""
	}
	return r.path
}

// Names returns the calls, in the order of their first time. Of a nil Refusals
// there are none.
func (r *Refusals) Names() []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

// Close ends it; what is refused from then on is answered by the kernel.
func (r *Refusals) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.closed = true
	r.open.Close()
	r.mu.Unlock()
	r.done.Wait()
}

// run takes the kernel's notifications from the step, and answers them.
func (r *Refusals) run() {
	if !r.follow(accept) || !r.follow(receive) {
		return
	}
	for r.answered < maxAnswers && r.wait(r.answer) {
	}
	r.open.Close()
}

// follow replaces the open file by the one that next gets from it.
func (r *Refusals) follow(next func(fd int) (int, error)) bool {
	fd := -1
	found := r.wait(func(from uintptr) bool {
		var err error
		fd, err = next(int(from))
		return err != unix.EAGAIN
	})
	r.open.Close()
	if !found || fd < 0 {
		return false
	}
	unix.SetNonblock(fd, true) // so that it can be waited for, and Close ends that
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = os.NewFile(uintptr(fd), r.path)
	if r.closed {
		r.open.Close()
	}
	return !r.closed
}

// wait calls ready each time that the open file may have something, until it
// returns true. It reports false when the file was closed before.
func (r *Refusals) wait(ready func(fd uintptr) bool) bool {
	raw, err := r.open.SyscallConn()
	return err == nil && raw.Read(ready) == nil
}

func accept(fd int) (int, error) {
	conn, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
	return conn, err
}

// receive takes the one file that the step sends.
func receive(fd int) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return -1, unix.EINVAL
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, unix.EINVAL
	}
	return fds[0], nil
}

// answer answers one notification, and reports false if none is there.
func (r *Refusals) answer(fd uintptr) bool {
	ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(ready, 0); n <= 0 || err != nil || ready[0].Revents&unix.POLLIN == 0 {
		return false // asking the kernel for one would wait
	}
	// struct seccomp_notif: id, pid, flags, struct seccomp_data, whose first is
	// the number. In newer kernels it may be longer.
	var request [256]byte
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno != unix.ENOENT // a signal had the call end before
	}
	number := binary.NativeEndian.Uint32(request[16:])
	r.note(number)
	// struct seccomp_notif_resp: id, value, error, flags.
	var response [24]byte
	copy(response[:8], request[:8])
	binary.NativeEndian.PutUint32(response[16:], uint32(-int32(step.Errno(number))))
	unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&response)))
	return true
}

func (r *Refusals) note(number uint32) {
	name := cmp.Or(step.Name(number), fmt.Sprint(number))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered++
	if !slices.Contains(r.names, name) && len(r.names) < maxRefusals {
		r.names = append(r.names, name)
	}
}

// KnowsCall reports whether Grant.Calls may name that system call.
func KnowsCall(name string) bool { return step.Known(name) }
