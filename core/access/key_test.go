package access

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func openKey(t *testing.T, folder string) *Key {
	t.Helper()
	k, err := OpenKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func token(t *testing.T, k *Key) string {
	t.Helper()
	s, err := k.Token()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Everyone who opens the folder gets the one token, also all at once; and only its
// user may read the file.
func TestOpenKey(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	var all sync.WaitGroup
	tokens := make([]string, 8)
	for i := range tokens {
		all.Go(func() {
			if k, err := OpenKey(folder); err != nil {
				t.Error(err)
			} else {
				tokens[i], _ = k.Token()
			}
		})
	}
	all.Wait()
	for _, s := range tokens {
		if s != tokens[0] || len(s) != 43 {
			t.Errorf("tokens are %q", tokens)
		}
	}
	info, err := os.Stat(filepath.Join(folder, "token"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".token-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A file in the wrong shape is refused, with what to do; its content is never in
// the error.
func TestKeysThatAreRefused(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"can be read or written by others": func(path string) error { return os.Chmod(path, 0o640) },
		"has no token":                     func(path string) error { return os.WriteFile(path, []byte("hunter2\n"), 0o600) },
		"is no regular file": func(path string) error {
			os.Rename(path, path+".real")
			return os.Symlink(path+".real", path)
		},
	} {
		folder := t.TempDir()
		openKey(t, folder)
		if err := make(filepath.Join(folder, "token")); err != nil {
			t.Fatal(err)
		}
		_, err := OpenKey(folder)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "remove it") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (*Key)(nil).Token(); err == nil {
		t.Error("no key has a token")
	}
}

// What one process rotates, another follows; and a file that is gone takes its
// token with it.
func TestRotate(t *testing.T) {
	folder := t.TempDir()
	a, b := openKey(t, folder), openKey(t, folder)
	for range 20 { // several within one tick of the clock of the file system
		before := token(t, a)
		if err := b.Rotate(); err != nil {
			t.Fatal(err)
		}
		if after := token(t, a); after == before || after != token(t, b) {
			t.Fatalf("%q, then %q", before, after)
		}
	}
	if err := os.Remove(filepath.Join(folder, "token")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Token(); !os.IsNotExist(err) && err != fs.ErrNotExist {
		t.Errorf("the token of a file that is gone: %v", err)
	}
}
