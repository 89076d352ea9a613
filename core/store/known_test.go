package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
)

// putEnded writes a transcript that has ended, some time ago.
func putEnded(t *testing.T, dir string, n int, target string) (id, path string) {
	t.Helper()
	id = store.NewID(time.Unix(1_700_000_000+int64(n), 0), "s1", "raw")
	path = filepath.Join(dir, id+".transcript")
	text := "workbench transcript v1\nmode raw\ntarget \"" + target + "\"\n\n0.000 -- recorded 2026-01-02T15:04:05Z, session s1\n1.000 -- ended: over\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 123)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return id, path
}

// targets returns what a new process would list.
func targets(t *testing.T, dir string) string {
	t.Helper()
	infos, err := openFolder(t, dir).List(t.Context(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, info := range infos {
		all = append(all, info.Target)
	}
	return strings.Join(all, " ")
}

// The index saves another process the reading, and is believed no longer than a
// file stays what it was.
func TestTheIndexIsRemembered(t *testing.T) {
	dir := t.TempDir()
	_, first := putEnded(t, dir, 1, "a:1")
	_, second := putEnded(t, dir, 2, "b:2")
	_, third := putEnded(t, dir, 3, "c:3")
	if got := targets(t, dir); got != "c:3 b:2 a:1" {
		t.Fatal(got)
	}
	replace := func(path, old, new string) time.Time {
		stat, err := os.Stat(path)
		text, err2 := os.ReadFile(path)
		if err := errors.Join(err, err2, os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600)); err != nil {
			t.Fatal(err)
		}
		return stat.ModTime()
	}
	was := replace(first, "a:1", "x:1")
	os.Chtimes(first, was, was)
	if got := targets(t, dir); got != "c:3 b:2 a:1" {
		t.Errorf("it was read again: %s", got)
	}
	replace(first, "x:1", "y:1") // another time
	was = replace(second, "b:2", "bb:2")
	os.Chtimes(second, was, was) // another size
	os.Remove(third)
	putEnded(t, dir, 4, "d:4")
	if got := targets(t, dir); got != "d:4 bb:2 y:1" {
		t.Errorf("what changed was not read again: %s", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".index-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Whatever stands under the index's name, the list is right.
func TestIndexThatIsNone(t *testing.T) {
	dir := t.TempDir()
	_, path := putEnded(t, dir, 1, "a:1")
	index := filepath.Join(dir, ".index")
	targets(t, dir)
	good, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Stat(index); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", stat.Mode(), err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	write := func(data []byte) func() error { return func() error { return os.WriteFile(index, data, 0o600) } }
	for name, put := range map[string]func() error{
		"empty":     write(nil),
		"cut":       write(good[:len(good)-1]),
		"longer":    write(append(good[:len(good):len(good)], "more"...)),
		"noise":     write(bytes.Repeat([]byte{0xf8, 1, 0xff}, 1000)),
		"version":   write(bytes.Replace(good, []byte("index v1"), []byte("index v2"), 1)),
		"a folder":  func() error { return os.Mkdir(index, 0o700) },
		"link in":   func() error { return os.Symlink(filepath.Base(path), index) },
		"link out":  func() error { return errors.Join(os.WriteFile(outside, good, 0o600), os.Symlink(outside, index)) },
		"a pipe":    func() error { return mkfifo(index) },
		"bad names": write(bytes.ReplaceAll(good, []byte("-s1-raw"), []byte("/../../"))),
	} {
		os.Remove(index)
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if got := targets(t, dir); got != "a:1" {
			t.Errorf("%s: %q", name, got)
		}
		if text, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(text, []byte("workbench transcript")) {
			t.Errorf("%s: the transcript became %q", name, text)
		}
		if name == "link out" {
			if text, _ := os.ReadFile(outside); !bytes.Equal(text, good) {
				t.Errorf("%s: the file outside was written to", name)
			}
		}
	}
}

func TestHalfAnIndexIsSwept(t *testing.T) {
	dir := t.TempDir()
	old, young := filepath.Join(dir, ".index-OLD"), filepath.Join(dir, ".index-YOUNG")
	os.WriteFile(old, nil, 0o600)
	os.WriteFile(young, nil, 0o600)
	hourAgo := time.Now().Add(-time.Hour)
	os.Chtimes(old, hourAgo, hourAgo)
	targets(t, dir)
	if _, err := os.Stat(old); err == nil {
		t.Error("what a process left that died is there")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error("what another process writes is gone")
	}
}

// Under the names of transcripts there may be anything.
func TestWhatIsNoRegularFile(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	inside, path := putEnded(t, dir, 0, "a:1")
	outside := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("workbench transcript v1\nmode raw\n\n0.0 -- ended: secret\n"), 0o600)
	name := func(n int) (string, string) {
		id := store.NewID(time.Unix(int64(n), 0), "s1", "raw")
		return id, filepath.Join(dir, id+".transcript")
	}
	for n, put := range []func(path string) error{
		func(path string) error { return os.Symlink(outside, path) },
		func(path string) error { return os.Symlink(inside+".transcript", path) },
		func(path string) error { return os.Symlink("nowhere", path) },
		func(path string) error { return os.Symlink("/dev/zero", path) },
		func(path string) error { return os.Mkdir(path, 0o700) },
		mkfifo,
	} {
		id, at := name(n + 1)
		if err := errors.Join(put(at), put(at+".new")); err != nil {
			t.Fatal(err)
		}
		hourAgo := time.Now().Add(-time.Hour)
		os.Chtimes(at+".new", hourAgo, hourAgo)
		if r, err := f.Open(id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%d: open: %v", n, err)
			if err == nil {
				r.Close()
			}
		}
		for _, err := range f.Follow(t.Context(), id) {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%d: follow: %v", n, err)
			}
		}
		if err := f.Delete(id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%d: delete: %v", n, err)
		}
		if w, err := f.Create(id); err == nil {
			w.Close()
			t.Errorf("%d: a recording took the place", n)
		}
	}
	for _, q := range []store.Query{{}, {Text: "ended"}, {Text: "secret"}} {
		infos, err := f.List(t.Context(), q)
		if err != nil || len(infos) > 1 || len(infos) == 1 && infos[0].ID != inside {
			t.Errorf("%+v: listed %+v, %v", q, infos, err)
		}
	}
	if r, err := f.Open(inside); err != nil {
		t.Error(err)
	} else {
		io.Copy(io.Discard, r)
		r.Close()
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
