//go:build linux

package step

import (
	"encoding/binary"
	"maps"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// verdict runs a filter as the kernel does, and returns its answer.
func verdict(t *testing.T, f []unix.SockFilter, arch, n uint32, args ...uint64) uint32 {
	t.Helper()
	data := make([]byte, 64) // struct seccomp_data
	binary.NativeEndian.PutUint32(data[offNumber:], n)
	binary.NativeEndian.PutUint32(data[offArch:], arch)
	for i, arg := range args {
		binary.NativeEndian.PutUint64(data[offArgs+8*i:], arg)
	}
	var a uint32
	for pc := 0; pc < len(f); pc++ {
		in := f[pc]
		var yes bool
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.NativeEndian.Uint32(data[in.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= in.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(in.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			yes = a == in.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			yes = a >= in.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			yes = a&in.K != 0
		default:
			t.Fatalf("instruction %d is %+v", pc, in)
		}
		if yes {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	t.Fatal("it ends without an answer")
	return 0
}

const self = 4321

var numbers = maps.Collect(native)

var secret = [3]uint64{1<<40 + 1, 1<<41 + 2, 1<<42 + 3}

func TestFilter(t *testing.T) {
	const (
		high = 1 << 32 // the low half is 0
		read = unix.PROT_READ
		rw   = unix.PROT_READ | unix.PROT_WRITE
	)
	plain := filter(self, secret, Order{}, false)
	for _, try := range []struct {
		name string
		args []uint64
		want bool
	}{
		{"socket", []uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK}, true},
		{"socket", []uint64{unix.AF_UNIX, unix.SOCK_DGRAM}, false},
		{"socket", []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, false},
		{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM}, false},
		{"socket", []uint64{unix.AF_NETLINK, unix.SOCK_STREAM}, false},
		{"socketpair", []uint64{unix.AF_UNIX, unix.SOCK_STREAM}, true},
		{"socketpair", []uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC}, false},
		{"connect", nil, false},
		{"bind", nil, false}, // without Grant.Sockets
		{"sendto", []uint64{3, 4, 5, 6, 0, 7}, true},
		{"sendto", []uint64{3, 4, 5, 6, high, 7}, false},
		{"sendmsg", nil, false}, {"sendmmsg", nil, false}, {"recvmsg", nil, false},
		{"kill", []uint64{self, 9}, true},
		{"kill", []uint64{0, 9}, false}, {"kill", []uint64{1<<64 - 1, 9}, false}, {"kill", []uint64{self + 1, 0}, false},
		{"tgkill", []uint64{self, self + 1, 9}, true}, {"tgkill", []uint64{1, 1, 9}, false}, {"tkill", []uint64{self, 9}, false},
		{"fcntl", []uint64{1, unix.F_GETFL}, true},
		{"fcntl", []uint64{1, unix.F_SETFL, unix.O_NONBLOCK}, true},
		{"fcntl", []uint64{1, unix.F_SETFL, unix.O_NONBLOCK | unix.O_ASYNC}, false},
		{"fcntl", []uint64{1, unix.F_SETOWN, 1}, false}, {"fcntl", []uint64{1, unix.F_SETOWN_EX, 1}, false},
		{"fcntl", []uint64{1, unix.F_SETSIG, 9}, false}, {"fcntl", []uint64{1, unix.F_NOTIFY, 1}, false},
		{"fcntl", []uint64{1, unix.F_SETLEASE, 1}, false}, {"fcntl", []uint64{1, unix.F_SETLK, 1}, false},
		{"fcntl", []uint64{1, unix.F_SETPIPE_SZ, 1 << 20}, false},
		{"ioctl", []uint64{1, unix.TCGETS}, true}, {"ioctl", []uint64{1, unix.TIOCSTI}, false},
		{"ioctl", []uint64{1, 0x5452}, false}, {"ioctl", []uint64{1, 0x8901}, false}, // FIOASYNC, FIOSETOWN
		{"mmap", []uint64{0, 1, rw, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}, true},
		{"mmap", []uint64{0, 1, read, unix.MAP_SHARED, 3}, true},
		{"mmap", []uint64{0, 1, rw, unix.MAP_SHARED, 3}, false},
		{"mmap", []uint64{0, 1, rw, unix.MAP_SHARED_VALIDATE, 3}, false},
		{"mmap", []uint64{0, 1, read, unix.MAP_SHARED | unix.MAP_ANONYMOUS}, false},
		{"mmap", []uint64{0, 1, rw, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_GROWSDOWN}, false},
		{"mmap", []uint64{0, 1, rw, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_HUGETLB}, false},
		{"mremap", nil, false}, {"remap_file_pages", nil, false}, {"memfd_create", nil, false}, {"mlockall", nil, false},
		{"madvise", []uint64{0, 1, unix.MADV_DONTNEED}, true}, {"madvise", []uint64{0, 1, unix.MADV_MERGEABLE}, false},
		{"openat", []uint64{0, 0, unix.O_RDONLY | unix.O_CLOEXEC | unix.O_DIRECTORY}, true},
		{"openat", []uint64{0, 0, unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC}, true},
		{"openat", []uint64{0, 0, unix.O_RDWR | unix.O_CREAT | unix.O_EXCL}, true},
		{"openat", []uint64{0, 0, unix.O_RDWR}, false}, {"openat", []uint64{0, 0, unix.O_RDWR | unix.O_CREAT}, false},
		{"openat", []uint64{0, 0, unix.O_ACCMODE}, false},
		{"openat2", nil, false}, {"open_by_handle_at", nil, false}, {"name_to_handle_at", nil, false},
		{"clone", []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, true},
		{"clone", []uint64{uint64(unix.SIGCHLD)}, false}, {"clone", []uint64{unix.CLONE_NEWUSER}, false}, {"clone3", nil, false},
		{"execve", []uint64{1, 2, 3, secret[0], secret[1], secret[2]}, true},
		{"execve", []uint64{1, 2, 3, secret[0], secret[1], secret[2] + high}, false},
		{"execve", []uint64{1, 2, 3, secret[0], secret[1] + 1, secret[2]}, false}, {"execve", []uint64{1, 2, 3}, false},
		{"execveat", []uint64{1, 2, 3, secret[0], secret[1], secret[2]}, false},
		{"prlimit64", []uint64{0, unix.RLIMIT_STACK, 0, 1}, true}, {"prlimit64", []uint64{self, unix.RLIMIT_STACK, 0, 1}, true},
		{"prlimit64", []uint64{0, unix.RLIMIT_STACK, high, 0}, false}, {"prlimit64", []uint64{1, unix.RLIMIT_STACK, 0, 1}, false},
		{"setrlimit", nil, false},
		{"prctl", []uint64{unix.PR_SET_NAME, 1}, true}, {"prctl", []uint64{unix.PR_SET_PDEATHSIG, 0}, false},
		{"prctl", []uint64{unix.PR_SET_DUMPABLE, 1}, false}, {"prctl", []uint64{unix.PR_SET_MM, 1}, false},
	} {
		n, known := numbers[try.name]
		if got := verdict(t, plain, nativeArch, n, try.args...); known && (got == pass) != try.want {
			t.Errorf("%s%#x: %#x", try.name, try.args, got)
		}
	}
}

// All that is not in the lists is refused: an older call as forbidden, a newer
// one as absent, and either is told to who wants to know.
func TestFilterOfTheRest(t *testing.T) {
	listed := map[string]bool{}
	list := func(names ...string) {
		for _, name := range names {
			if _, ok := numbers[name]; !ok && !strings.Contains(onlyElsewhere, " "+name+" ") {
				t.Errorf("there is no call %s", name)
			}
			if listed[name] {
				t.Errorf("%s is listed twice", name)
			}
			listed[name] = true
		}
	}
	for _, group := range allowed {
		list(strings.Fields(group.calls)...)
	}
	list(strings.Fields(unavailable)...)
	list(strings.Fields(forSocket)...)
	for _, c := range conditional(self, secret) {
		list(c.name)
	}
	plain, told := filter(self, secret, Order{}, false), filter(self, secret, Order{}, true)
	granted := filter(self, secret, Order{Sockets: "/x", Calls: []string{"memfd_create", "execve", "acct"}}, true)
	unlisted := []uint32{300000, 0x40000000, 0x40000000 + unix.SYS_READ, 1<<32 - 1} // two of them x32's
	for name, n := range native {
		if !listed[name] {
			unlisted = append(unlisted, n)
		}
	}
	for _, n := range unlisted {
		want := refuse
		if n >= firstNew {
			want = absent
		}
		if got := verdict(t, plain, nativeArch, n); got != want {
			t.Errorf("%d %s: %#x, want %#x", n, Name(n), got, want)
		}
		if got := verdict(t, told, nativeArch, n); got != tell {
			t.Errorf("%d %s: %#x is not told", n, Name(n), got)
		}
	}
	for _, group := range append(allowed, struct{ reason, calls string }{"", forSocket + " memfd_create execve acct"}) {
		for _, name := range strings.Fields(group.calls) {
			if n, ok := numbers[name]; ok && verdict(t, granted, nativeArch, n) != pass {
				t.Errorf("%s is refused", name)
			}
		}
	}
	if got := verdict(t, granted, unix.AUDIT_ARCH_I386, unix.SYS_READ); got != refuse {
		t.Errorf("a call of another processor: %#x", got)
	}
}

// onlyElsewhere are calls of the lists that the one or the other processor, or
// both in golang.org/x/sys of today, lack.
const onlyElsewhere = " access alarm arch_prctl dup2 epoll_create epoll_wait eventfd getdents getpgrp lstat mkdir open pause pipe poll readlink select stat time unlink "

// A filter has no jump out of it, and every way through it ends with an answer.
func TestFilterIsSound(t *testing.T) {
	if nativeArch == 0 {
		t.Fatal("this processor has no filter; add its numbers")
	}
	f := filter(1234, [3]uint64{1 << 40, 2, 3}, Order{Sockets: "x"}, true)
	if len(f) > 4096 { // BPF_MAXINSNS
		t.Errorf("it has %d instructions", len(f))
	}
	for i, in := range f {
		if in.Code&7 == unix.BPF_JMP && (i+1+int(in.Jt) >= len(f) || i+1+int(in.Jf) >= len(f) || in.Code&0xf0 == unix.BPF_JA && i+1+int(in.K) >= len(f)) {
			t.Errorf("instruction %d jumps out", i)
		}
	}
	if last := f[len(f)-1]; last.Code != unix.BPF_RET|unix.BPF_K || last.K != tell {
		t.Errorf("it ends with %+v", last)
	}
}
