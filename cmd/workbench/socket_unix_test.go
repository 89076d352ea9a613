//go:build unix

package main

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A socket gets its name with its mode, and loses it at the end; what is there and alive,
// or not a socket, stays.
func TestListenSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	open := func() net.Listener {
		t.Helper()
		l, err := listenSocket(path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	refused := func(want string) {
		t.Helper()
		if l, err := listenSocket(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want %q", l, err, want)
		}
	}
	l := open()
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 || l.Addr().String() != path {
		t.Errorf("%v, %v, at %s", info.Mode(), err, l.Addr())
	}
	refused("another program listens")
	l.Close()
	l.Close()
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}

	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	l = open()
	os.Remove(path)
	put := func() { os.WriteFile(path, []byte("mine"), 0o600) }
	put()
	l.Close() // it is not its own any more
	refused("is not a socket")
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Error("the file is gone")
	}
	os.Remove(path)
	os.Symlink(filepath.Join(filepath.Dir(path), "elsewhere"), path)
	refused("is not a socket")
	os.Remove(path)
	if os.Getuid() == 0 {
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		stale.Close()
		os.Chown(path, 65534, 65534)
		refused("another account")
		os.Remove(path)
	}
	path = filepath.Join(t.TempDir(), "none", "socket")
	refused("none")
	path = "/tmp/" + strings.Repeat("x", 100)
	refused("at most 99")
}

// Of those that start at once, one gets it.
func TestListenSocketAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	var all sync.WaitGroup
	got := make(chan net.Listener, 4)
	for range cap(got) {
		all.Go(func() {
			if l, err := listenSocket(path); err == nil {
				got <- l
			}
		})
	}
	all.Wait()
	if len(got) != 1 {
		t.Errorf("%d got it", len(got))
	}
	for range len(got) {
		(<-got).Close()
	}
}
