package devloop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A save that counts is seen within patience; one that does not is waited for as
// long as a few saves take to settle.
const patience = time.Minute

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sees reports whether what is done counts as a save.
func sees(t *testing.T, w *watcher, limit time.Duration, do func()) bool {
	t.Helper()
	do()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return w.wait(ctx)
}

func TestWatchFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), "a")
	write(t, filepath.Join(dir, ".git", "index"), "a")
	write(t, filepath.Join(dir, "sub", "b.go"), "a")
	w, err := newWatcher(dir, 2*settle)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for what, do := range map[string]func(){
		"a file":             func() { write(t, filepath.Join(dir, "main.go"), "b") },
		"one in a subfolder": func() { write(t, filepath.Join(dir, "sub", "b.go"), "b") },
		"a rename": func() {
			write(t, filepath.Join(dir, "new~"), "b")
			if err := os.Rename(filepath.Join(dir, "new~"), filepath.Join(dir, "main.go")); err != nil {
				t.Fatal(err)
			}
		},
		"a removal": func() { os.Remove(filepath.Join(dir, "sub", "b.go")) },
	} {
		if !sees(t, w, patience, do) {
			t.Errorf("%s was not seen", what)
		}
	}
	for what, do := range map[string]func(){
		"a hidden folder":   func() { write(t, filepath.Join(dir, ".git", "index"), "b") },
		"an editor's copy":  func() { write(t, filepath.Join(dir, "main.go~"), "b") },
		"an editor's state": func() { write(t, filepath.Join(dir, ".main.go.swp"), "b") },
		"a change of mode":  func() { os.Chmod(filepath.Join(dir, "main.go"), 0o700) },
	} {
		if sees(t, w, 5*settle, do) {
			t.Errorf("%s counted", what)
		}
	}
	if !sees(t, w, patience, func() { os.Mkdir(filepath.Join(dir, "later"), 0o700) }) {
		t.Error("a new folder was not seen")
	}
	if !sees(t, w, patience, func() { write(t, filepath.Join(dir, "later", "c.go"), "b") }) {
		t.Error("a file in a new folder was not seen")
	}
}

func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.star")
	write(t, file, "a")
	write(t, filepath.Join(dir, "testdata", "x.golden"), "a")
	w, err := newWatcher(file, 2*settle)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if sees(t, w, 5*settle, func() { write(t, filepath.Join(dir, "other.star"), "b") }) {
		t.Error("another file counted")
	}
	if !sees(t, w, patience, func() { write(t, file, "b") }) {
		t.Error("the file was not seen")
	}
	if !sees(t, w, patience, func() { write(t, filepath.Join(dir, "testdata", "x.golden"), "b") }) {
		t.Error("a golden was not seen")
	}
}

// The folder may go away and come back: a branch is checked out, it is copied
// anew, it or a folder above it is moved.
func TestWatchFolderThatComesBack(t *testing.T) {
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	for _, only := range []string{"", "x.star"} {
		above := filepath.Join(t.TempDir(), "above")
		dir := filepath.Join(above, "plugin")
		fill := func() {
			write(t, filepath.Join(dir, "x.star"), "a")
			write(t, filepath.Join(dir, "testdata", "x.golden"), "a")
		}
		fill()
		w, err := newWatcher(filepath.Join(dir, only), 2*settle)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			what       string
			away, back func()
		}{
			{"removed and made again", func() { os.RemoveAll(dir) }, fill},
			{"moved there and back", func() { rename(dir, dir+"2") }, func() { rename(dir+"2", dir) }},
			{"with the folder above it moved there and back", func() { rename(above, above+"2") }, func() { rename(above+"2", above) }},
			{"replaced", func() { rename(above, above+"3"); fill() }, nil},
			{"replaced at once", func() { os.RemoveAll(dir); fill() }, nil},
		} {
			if !sees(t, w, patience, step.away) {
				t.Errorf("%q: %s: that it went was not seen", only, step.what)
			}
			if step.back != nil && !sees(t, w, patience, step.back) {
				t.Errorf("%q: %s: that it came was not seen", only, step.what)
			}
			for sees(t, w, 5*settle, func() {}) { // until the last of it has come
			}
			for _, file := range []string{"x.star", "testdata/x.golden"} {
				if !sees(t, w, patience, func() { write(t, filepath.Join(dir, file), "b") }) {
					t.Errorf("%q: %s: a save of %s was not seen", only, step.what, file)
				}
			}
		}
		w.close()
	}
}

// A link to a folder is as good as the folder.
func TestWatchLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	write(t, filepath.Join(dir, "plugin", "testdata", "x.golden"), "a")
	if err := os.Symlink(filepath.Join(dir, "plugin"), link); err != nil {
		t.Fatal(err)
	}
	w, err := newWatcher(link, 2*settle)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	golden := filepath.Join(link, "testdata", "x.golden")
	if found := goldens(link); len(found) != 1 || found[0].Path != golden {
		t.Errorf("the goldens are %v", found)
	}
	if !sees(t, w, patience, func() { write(t, golden, "b") }) {
		t.Error("a golden was not seen")
	}
}

// Goldens may come later than the script beside them.
func TestWatchFileWithoutGoldens(t *testing.T) {
	dir := t.TempDir()
	file, golden := filepath.Join(dir, "x.star"), filepath.Join(dir, "testdata", "x.golden")
	write(t, file, "a")
	w, err := newWatcher(file, 2*settle)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, text := range []string{"a", "b"} {
		if !sees(t, w, patience, func() { write(t, golden, text) }) {
			t.Errorf("the golden was not seen when %s was written", text)
		}
	}
}

func TestNothingToBuild(t *testing.T) {
	if _, err := New(Config{Source: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no plugin") {
		t.Errorf("got %v", err)
	}
}

func TestBoard(t *testing.T) {
	l := &Loop{board: board{changed: make(chan struct{})}}
	_, changed := l.State()
	l.Stayed("s1", 3, "diff")
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	l.Stayed("s2", 4, "diff")
	l.Moved("s1")
	l.Ended("s2")
	for i := range keepLines + 5 {
		l.Heard(fmt.Sprint(i))
	}
	s, _ := l.State()
	if s.Sessions.Moved != 1 || len(s.Sessions.Stayed) != 0 || len(s.Log) != keepLines || s.Log[0] != "5" {
		t.Errorf("the state is %+v", s)
	}
}
