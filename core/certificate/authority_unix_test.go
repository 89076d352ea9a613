//go:build unix

package certificate

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Whatever stands in the place of the certificate is replaced, and not waited for.
func TestAuthorityWithOtherThings(t *testing.T) {
	folder := t.TempDir()
	a, err := OpenAuthority(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for what, put := range map[string]func() error{
		"a named pipe": func() error { return syscall.Mkfifo(a.Path, 0o600) },
		"a link":       func() error { return os.Symlink(elsewhere, a.Path) },
		"a device":     func() error { return os.Symlink("/dev/zero", a.Path) },
	} {
		if err := os.Remove(a.Path); err != nil {
			t.Fatal(err)
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := FindAuthority(folder)
			done <- err
		}()
		select {
		case err := <-done:
			info, _ := os.Lstat(a.Path)
			if err != nil || !info.Mode().IsRegular() {
				t.Errorf("%s: %v, and there is %v", what, err, info)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s is waited for", what)
		}
	}
	if _, err := os.Lstat(elsewhere); err == nil {
		t.Error("a link was followed")
	}
}
