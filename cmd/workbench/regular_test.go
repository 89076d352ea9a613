//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/store"
)

const secretTranscript = "workbench transcript v1\nmode raw\n\n0.000 >> client text \"SECRET\"\n0.100 -- ended: over\n"

// otherThings puts what is no regular file under names that name makes.
func otherThings(t *testing.T, name func(n int) string) (names []string) {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte(secretTranscript), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, put := range []func(path string) error{
		func(path string) error { return os.Symlink(outside, path) },
		func(path string) error { return os.Symlink("nowhere", path) },
		func(path string) error { return os.Symlink("/dev/zero", path) },
		func(path string) error { return syscall.Mkfifo(path, 0o600) },
		func(path string) error {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			defer syscall.Close(fd)
			short := filepath.Base(path) // a socket takes 107 bytes
			old, err := os.Getwd()
			return errors.Join(err, os.Chdir(filepath.Dir(path)), syscall.Bind(fd, &syscall.SockaddrUnix{Name: short}), os.Chdir(old))
		},
	} {
		path := name(n)
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	t.Cleanup(func() {
		if text, _ := os.ReadFile(outside); string(text) != secretTranscript {
			t.Errorf("the file outside became %q", text)
		}
	})
	return names
}

// ends runs a command that has to end at once, and fails if it tells a secret.
func ends(t *testing.T, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), args, &out, &out) }()
	select {
	case code = <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%q does not end", args)
	}
	if strings.Contains(out.String(), "SECRET") {
		t.Errorf("%q: %s", args, out.String())
	}
	return code, out.String()
}

// In the store, commands open regular files and nothing else.
func TestStoreWithOtherThings(t *testing.T) {
	dir := t.TempDir()
	var ids []string
	otherThings(t, func(n int) string {
		ids = append(ids, store.NewID(time.Unix(int64(n), 0), "s1", "raw"))
		return filepath.Join(dir, ids[n]+".transcript")
	})
	ids = append(ids, store.NewID(time.Unix(99, 0), "s1", "raw"))
	os.Mkdir(filepath.Join(dir, ids[5]+".transcript"), 0o700)
	t.Setenv("XDG_STATE_HOME", filepath.Dir(dir))
	os.Mkdir(filepath.Join(filepath.Dir(dir), "workbench"), 0o700)
	os.Symlink(dir, filepath.Join(filepath.Dir(dir), "workbench", "transcripts"))
	for _, id := range ids {
		for _, args := range [][]string{
			{"transcript", "show", id}, {"transcript", "show", "--json", id}, {"transcript", "follow", id}, {"transcript", "diff", id, id}, {"transcript", "rules", id, id}, {"transcript", "delete", id},
			{"transcript", "redact", "--match", "x", id}, {"transcript", "redact", "--match", "SECRET", id}, {"transcript", "convert", "--to", "rfc", id},
			{"replay", "--in-process", id}, {"replay", "--in-process", "--update", id}, {"play", "server", id}, {"play", "client", "--to", "127.0.0.1:1", id},
		} {
			if code, out := ends(t, args...); code == 0 {
				t.Errorf("%q went well: %s", args, out)
			}
		}
	}
	for _, args := range [][]string{{"transcript", "list"}, {"transcript", "list", "--json"}, {"transcript", "list", "--text", "SECRET"}} {
		if code, out := ends(t, args...); code != 0 || strings.Contains(out, "s1-raw") {
			t.Errorf("%q: %d, %s", args, code, out)
		}
	}
}

// … and so they do with goldens that they find in a folder.
func TestGoldensThatAreOtherThings(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.golden")
	os.WriteFile(good, []byte("workbench transcript v1\nmode raw\n\n<< pass-through client\n<< pass-through server\n>> client text \"a\"\n"), 0o600)
	names := otherThings(t, func(n int) string { return filepath.Join(dir, string(rune('a'+n))+".golden") })
	for _, args := range [][]string{{"replay", "--in-process", dir}, {"replay", "--in-process", "--update", dir}} {
		code, out := ends(t, args...)
		if code != command.Unusable || !strings.Contains(out, "6 transcripts, 1 same, 5 unusable") {
			t.Errorf("%q: %d, %s", args, code, out)
		}
		for _, name := range names {
			if !strings.Contains(out, name+" cannot be read: not a regular file but ") {
				t.Errorf("%q does not say what is wrong with %s: %s", args, name, out)
			}
		}
	}
}

// What the user names may be a link or a pipe, as the shell's <(…) is.
func TestNamedLinksAndPipes(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	text := strings.ReplaceAll(secretTranscript, "SECRET", "hello")
	os.WriteFile(file, []byte(text), 0o600)
	if err := errors.Join(os.Symlink("file", link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link, pipe} {
		if name == pipe {
			go func() {
				if w, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil {
					w.WriteString(text)
					w.Close()
				}
			}()
		}
		if code, out := ends(t, "transcript", "show", name); code != 0 || out != text {
			t.Errorf("%s: %d, %q", name, code, out)
		}
	}
}

// Plugins: the copies that run, and what is in their place.
func TestPluginsThatAreOtherThings(t *testing.T) {
	own := pluginHome(t)
	source := writePlugin(t, filepath.Join(t.TempDir(), "shout.star"), "x")
	says(t, workbench(t, "plugin", "install", source), "^Installed shout")
	state, _ := catalog.StateDir()
	copies, _ := filepath.Glob(filepath.Join(state, "plugins", "*", "shout.star"))
	if len(copies) != 1 {
		t.Fatal(copies)
	}
	for _, put := range []func(path string) error{
		func(path string) error { return os.Symlink(source, path) },
		func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		os.Remove(copies[0])
		if err := put(copies[0]); err != nil {
			t.Fatal(err)
		}
		if _, out := ends(t, "plugin", "list"); !strings.Contains(out, "plugin shout: "+copies[0]+" cannot be read: not a regular file but ") {
			t.Error(out)
		}
	}
	os.MkdirAll(own, 0o700)
	linked := filepath.Join(own, "linked.star")
	if err := errors.Join(os.Symlink(source, linked), syscall.Mkfifo(filepath.Join(own, "pipe.star"), 0o600), syscall.Mkfifo(filepath.Join(own, "workbench-plugin-p"), 0o700)); err != nil {
		t.Fatal(err)
	}
	_, out := ends(t, "plugin", "list")
	says(t, out, "linked +starlark", "plugin pipe: .*pipe.star is no file", "plugin p: .*workbench-plugin-p is no file")
	entry := filepath.Join(state, "plugins", "installed", "shout.json")
	os.Remove(entry)
	syscall.Mkfifo(entry, 0o600)
	if _, out := ends(t, "plugin", "list"); !strings.Contains(out, "shout.json cannot be read: not a regular file but a named pipe") {
		t.Error(out)
	}
}

// What a folder of lessons links to is not offered, and nothing in it is waited for.
func TestLessonsWithOtherThings(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	const text = "# Outside\n\n## Step\n"
	if err := os.WriteFile(filepath.Join(outside, "lesson.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "outside")); err != nil {
		t.Fatal(err)
	}
	if all, err := lessonsIn(folder); err == nil {
		t.Errorf("%d lessons are found behind a link", len(all))
	}
	for _, path := range otherThings(t, func(n int) string { return filepath.Join(t.TempDir(), "teapot.txtar") }) {
		done := make(chan error, 1)
		go func() {
			_, err := lessonsIn(filepath.Dir(path))
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: %v", path, err)
			}
		case <-time.After(time.Minute):
			t.Fatal("a lesson is waited for")
		}
	}
}
