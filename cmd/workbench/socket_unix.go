//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// maxSocketPath is what a socket's path may have, in bytes, on every system.
const maxSocketPath = 103

// listenSocket listens on a Unix socket of mode 0600. A socket of ours that nobody
// listens on any more is replaced. Close removes it.
func listenSocket(path string) (net.Listener, error) {
	// It gets its name last, so that nobody finds it before it has its mode.
	hidden := path + ".new"
	if len(hidden) > maxSocketPath {
		return nil, fmt.Errorf("the path has %d bytes; at most %d are possible", len(path), maxSocketPath-len(".new"))
	}
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, name := range []string{path, hidden} {
		if err := checkStale(name); err != nil {
			return nil, err
		}
	}
	os.Remove(hidden)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: hidden, Net: "unix"})
	if err != nil {
		return nil, plainfile.Unwritable(path, err)
	}
	l.SetUnlinkOnClose(false)
	err = errors.Join(os.Chmod(hidden, 0o600), os.Rename(hidden, path))
	info, statErr := os.Lstat(path)
	if err = errors.Join(err, statErr); err != nil {
		os.Remove(hidden)
		l.Close()
		return nil, err
	}
	s := &socketListener{Listener: l, path: path}
	s.close = sync.OnceValue(func() error {
		err := l.Close()
		if now, statErr := os.Lstat(path); statErr == nil && os.SameFile(info, now) {
			os.Remove(path)
		}
		return err
	})
	return s, nil
}

// socketListener has the socket's own path as its address.
type socketListener struct {
	net.Listener
	path  string
	close func() error
}

func (s *socketListener) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }
func (s *socketListener) Close() error   { return s.close() }

// lockFolder keeps two workbenches that start at once from replacing each other's
// socket.
func lockFolder(path string) (unlock func(), err error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	for deadline := time.Now().Add(time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { dir.Close() }, nil
		}
		if time.Now().After(deadline) {
			dir.Close()
			return nil, fmt.Errorf("lock the folder: %w", err)
		}
	}
}

// checkStale returns why a path cannot be taken; nil: nothing is there, or a socket that
// is ours and that nobody listens on.
func checkStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return plainfile.Unreadable(path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is not a socket; choose another path", path)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is a socket of another account; choose another path", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("another program listens on %s; stop it, or choose another path", path)
	}
	return nil
}

// inherited returns the socket that systemd has passed to this process, as in
// sd_listen_fds(3). What says so is gone from the environment afterwards, so that no
// child takes it for its own.
func inherited() (net.Listener, error) {
	const first = 3 // SD_LISTEN_FDS_START
	pid, n := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, errors.New("systemd has passed no socket to this process; start it by a socket unit, or listen on an address")
	}
	if n != "1" {
		return nil, fmt.Errorf("systemd has passed %q sockets; it must be 1, from a single ListenStream=", n)
	}
	syscall.CloseOnExec(first)
	file := os.NewFile(first, bySystemd)
	defer file.Close()
	kind, err := syscall.GetsockoptInt(first, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil || kind != syscall.SOCK_STREAM {
		return nil, errors.New("what systemd has passed is not a stream socket; use ListenStream=")
	}
	if listens, err := syscall.GetsockoptInt(first, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); err != nil || listens == 0 {
		return nil, errors.New("the socket that systemd has passed does not listen; use Accept=no")
	}
	return net.FileListener(file)
}
