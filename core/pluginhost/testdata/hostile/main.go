// Command hostile is a plugin that tries what a plugin must not be able to do.
// Each message names an attempt and its argument; the answer is "allowed", or
// "denied: " and the error.
package main

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins"
)

func main() {
	if len(os.Args) > 1 { // one of "children"
		time.Sleep(math.MaxInt64) // an empty select is a deadlock to a binary without cgo
	}
	plugins.Serve(core.Discipline{
		Manifest: core.Manifest{Name: "hostile", Title: "Hostile", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return hostile{}, nil },
	})
}

type hostile struct{}

func (hostile) Handle(ev core.Event, out *core.Out) error {
	name, arg, _ := strings.Cut(string(ev.Data), " ")
	answer := "allowed"
	switch try := attempts[name]; {
	case name == "be-called": // the answer says where
		addr, err := listen(arg)
		answer += " " + addr
		if err != nil {
			answer = "denied: " + err.Error()
		}
	case try == nil:
		answer = "there is no attempt " + name
	default:
		if err := try(arg); err != nil {
			answer = "denied: " + err.Error()
		}
	}
	out.Text([]byte(answer))
	return nil
}

var attempts = map[string]func(arg string) error{
	"nothing":   func(string) error { return nil },
	"read":      func(path string) error { _, err := os.ReadFile(path); return err },
	"list":      func(path string) error { _, err := os.ReadDir(path); return err },
	"write":     func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
	"overwrite": overwrite,
	"truncate":  func(path string) error { return syscall.Truncate(path, 0) },
	"chmod":     func(path string) error { return os.Chmod(path, 0o666) },
	"touch":     func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)) },

	"tcp":   func(addr string) error { return dial("tcp", addr, false) },
	"mptcp": func(addr string) error { return dial("tcp", addr, true) },
	"unix":  func(addr string) error { return dial("unix", addr, false) },
	"udp":   func(addr string) error { return dial("udp", addr, false) },

	"signal":   func(pid string) error { return syscall.Kill(number(pid), 0) },
	"stop":     func(pid string) error { return syscall.Kill(number(pid), syscall.SIGTERM) },
	"parent":   parent,
	"children": children,
	"limits":   limits,

	"eat": func(size string) error { // what ends the process, if there is not so much
		if b := make([]byte, number(size)); b[len(b)-1] != 0 {
			return errors.New("it was used before")
		}
		return nil
	},
	"memory": func(size string) error { return memory(size, syscall.MAP_PRIVATE) },
	"shared": func(size string) error { return memory(size, syscall.MAP_SHARED) },
	"stack":  func(size string) error { return memory(size, syscall.MAP_PRIVATE|syscall.MAP_GROWSDOWN) },
	"segment": func(key string) error {
		if _, _, errno := syscall.Syscall(syscall.SYS_SHMGET, uintptr(number(key)), 0, 0); errno != 0 {
			return errno
		}
		return nil
	},
	"files": files,
	"inherited": func(fd string) error {
		_, err := syscall.Pread(number(fd), make([]byte, 1), 0)
		return err
	},
	"privileges": privileges,
	"env": func(name string) error {
		if os.Getenv(name) == "" {
			return errors.New("it is not there")
		}
		return nil
	},
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// overwrite opens a file that is there for writing, and changes nothing.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func dial(network, addr string, multipath bool) error {
	d := net.Dialer{Timeout: time.Second}
	d.SetMultipathTCP(multipath)
	conn, err := d.Dial(network, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("x"))
	return err
}

// listen listens as long as the process lives. "mptcp" is what net.Listen does
// unless told otherwise.
func listen(kind string) (string, error) {
	var c net.ListenConfig
	c.SetMultipathTCP(kind == "mptcp")
	l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), nil
}

// parent sends nothing to the parent, which is no process at all where
// its number is 0: that means the own group.
func parent(string) error {
	parent := os.Getppid()
	if parent == 0 {
		return errors.New("the parent has no number here")
	}
	return syscall.Kill(parent, 0)
}

// children starts that many processes, and ends them.
func children(count string) error {
	for range number(count) {
		p, err := os.StartProcess("/proc/self/exe", []string{"hostile", "child"}, &os.ProcAttr{})
		if err != nil {
			return err
		}
		defer p.Wait()
		defer p.Kill()
	}
	return nil
}

// limits asks for the limits of another process, by the call that changes them.
func limits(pid string) error {
	var now syscall.Rlimit
	_, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(number(pid)), syscall.RLIMIT_NOFILE,
		0, uintptr(unsafe.Pointer(&now)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// memory allocates that many bytes and uses a few.
func memory(size string, flags int) error {
	b, err := syscall.Mmap(-1, 0, number(size), syscall.PROT_READ|syscall.PROT_WRITE, flags|syscall.MAP_ANON)
	if err != nil {
		return err
	}
	b[len(b)-1] = 1
	return syscall.Munmap(b)
}

// files opens that many.
func files(count string) error {
	for range number(count) {
		fd, err := syscall.Dup(2)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
	}
	return nil
}

// privileges reports whether running a set-user-ID program would give rights.
func privileges(string) error {
	const getNoNewPrivs = 39
	if set, _, _ := syscall.RawSyscall6(syscall.SYS_PRCTL, getNoNewPrivs, 0, 0, 0, 0, 0); set == 1 {
		return errors.New("no_new_privs is set")
	}
	return nil
}
