//go:build unix

package plainfile

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	base, err := os.MkdirTemp("", "plain") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir, outside := filepath.Join(base, "in"), filepath.Join(base, "out")
	os.Mkdir(dir, 0o700)
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, path := range []string{outside, in("file")} {
		if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := errors.Join(os.Symlink(outside, in("link out")), os.Symlink("file", in("link in")), os.Symlink("nowhere", in("dangling")), os.Symlink("/dev/zero", in("device")),
		os.Mkdir(in("folder"), 0o700), syscall.Mkfifo(in("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{
		"file": "", "link out": "a symbolic link", "link in": "a symbolic link", "dangling": "a symbolic link", "device": "a symbolic link",
		"folder": "a folder", "pipe": "a named pipe", "socket": "a socket",
	} {
		for _, open := range []func() (*os.File, error){
			func() (*os.File, error) { return Open(in(name)) },
			func() (*os.File, error) { return OpenIn(root, name) },
		} {
			file, err := open()
			if want == "" {
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if text, err := io.ReadAll(file); string(text) != "text" {
					t.Errorf("%s: %q, %v", name, text, err)
				}
				file.Close()
				continue
			}
			var not *Error
			if !errors.As(err, &not) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := Open(in("missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if file, err := Open("/dev/null"); err == nil {
		file.Close()
		t.Error("a device was opened")
	}
}

// A name that is replaced while it is opened.
func TestSwappedWhileOpened(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	os.WriteFile(path, nil, 0o600)
	for _, put := range []func() error{
		func() error { return os.WriteFile(other, []byte("secret"), 0o600) },
		func() error { return errors.Join(os.Remove(other), syscall.Mkfifo(other, 0o600)) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		_, err := open(path, os.Lstat, func(_ string, flag int, perm fs.FileMode) (*os.File, error) { return os.OpenFile(other, flag, perm) })
		var not *Error
		if !errors.As(err, &not) {
			t.Error(err)
		}
	}
}
