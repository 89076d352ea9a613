// Command hostile is a plugin that tries what a plugin must not be able to do.
// Each message names an attempt and its argument; the answer is "allowed", or
// "denied: " and the error.
package main

import (
	"context"
	"errors"
	"fmt"
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
		select {}
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
	if try := attempts[name]; try == nil {
		answer = "there is no attempt " + name
	} else if err := try(arg); err != nil {
		answer = "denied: " + err.Error()
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
	"fill":      fill,
	"truncate":  func(path string) error { return syscall.Truncate(path, 0) },
	"chmod":     func(path string) error { return os.Chmod(path, 0o666) },
	"touch":     func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)) },

	"dial-tcp":   func(addr string) error { return dial("tcp", addr) },
	"dial-mptcp": func(addr string) error { return call(&net.Dialer{}, true, addr) },
	"dial-unix":  func(addr string) error { return dial("unix", addr) },
	"send-udp":   sendUDP,
	"listen-tcp": func(addr string) error { return listen(addr, false) },
	// What net.Listen does unless told otherwise.
	"listen-mptcp": func(addr string) error { return listen(addr, true) },

	"signal":   func(pid string) error { return syscall.Kill(number(pid), 0) },
	"stop":     func(pid string) error { return syscall.Kill(number(pid), syscall.SIGTERM) },
	"parent":   signalParent,
	"children": children,
	"limits":   prlimit,

	"memory":     func(size string) error { return memory(size, syscall.MAP_PRIVATE) },
	"shared":     func(size string) error { return memory(size, syscall.MAP_SHARED) },
	"stack":      func(size string) error { return memory(size, syscall.MAP_PRIVATE|syscall.MAP_GROWSDOWN) },
	"files":      files,
	"privileges": privileges,
	"env": func(name string) error {
		if os.Getenv(name) == "" {
			return errors.New("it is not set")
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

// fill makes a file in the directory where the plugin may make its socket, or
// may not any more, and writes to it.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write([]byte("x"))
	return err
}

func dial(network, addr string) error { return call(&net.Dialer{}, false, network+" "+addr) }

func call(d *net.Dialer, multipath bool, addr string) error {
	network, rest, ok := strings.Cut(addr, " ")
	if !ok {
		network, rest = "tcp", addr
	}
	d.Timeout = time.Second
	d.SetMultipathTCP(multipath)
	conn, err := d.Dial(network, rest)
	if err != nil {
		return err
	}
	return conn.Close()
}

func sendUDP(addr string) error {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("x"))
	return err
}

func listen(addr string, multipath bool) error {
	var c net.ListenConfig
	c.SetMultipathTCP(multipath)
	l, err := c.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// signalParent sends nothing to the parent, which is no process at all where
// its number is 0: that means the own group.
func signalParent(string) error {
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

// prlimit changes nothing of the limits of another process, by the call that
// could.
func prlimit(pid string) error {
	var old syscall.Rlimit
	const anyOf = syscall.RLIMIT_NOFILE
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(number(pid)), anyOf, 0, uintptr(unsafe.Pointer(&old)), 0, 0); errno != 0 {
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
		return fmt.Errorf("no_new_privs is set")
	}
	return nil
}
