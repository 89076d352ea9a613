package class

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
)

// A class that has ended stays ended, whatever is asked of it, and is then deleted.
func TestEnding(t *testing.T) {
	classes := t.TempDir()
	folder := filepath.Join(classes, "tuesday")
	c := open(t, folder)
	anna := join(t, c, "Anna")
	for range 2 {
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Join("Tom")
	for _, err := range []error{err, c.Remove(anna.ID), c.Hand(anna.ID, true), c.Pause(true), c.DeleteAfter(time.Hour)} {
		if !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
	}
	if users, _ := c.users.List(); len(users) != 1 {
		t.Errorf("users are %v", users)
	}
	if names, err := DeleteDue(classes, time.Now()); len(names) > 0 || err != nil {
		t.Errorf("deleted while it is open: %v, %v", names, err)
	}
	c.Close() // as if the process had been killed
	if _, err := Open(folder); !errors.Is(err, ErrEnded) {
		t.Errorf("opened: %v", err)
	}
	if names, err := DeleteDue(classes, time.Now()); !slices.Equal(names, []string{"tuesday"}) || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	wantEmpty(t, classes)
}

func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	if entries, err := os.ReadDir(folder); len(entries) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestDeleting(t *testing.T) {
	classes := t.TempDir()
	folder := filepath.Join(classes, "tuesday")
	c := open(t, folder)
	if err := c.Delete(); err != nil {
		t.Error(err)
	}
	wantEmpty(t, classes)
	c.Close()
	wantEmpty(t, classes)

	open(t, folder).Close()
	lock, err := Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := Delete(folder, lock); err != nil {
		t.Error(err)
	}
	if err := lock.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the lock is still open: %v", err)
	}
	wantEmpty(t, classes)
}

// What a process that was killed while it deleted a class has left is no class, and goes.
func TestHalfDeleted(t *testing.T) {
	classes := t.TempDir()
	half := filepath.Join(classes, deleted+"123", "tuesday", "transcripts")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"not a class", ".hidden"} {
		os.Mkdir(filepath.Join(classes, name), 0o700)
		os.WriteFile(filepath.Join(classes, name, eventsFile), nil, 0o600)
	}
	os.WriteFile(filepath.Join(classes, "file"), nil, 0o600)
	if names, err := DeleteDue(classes, time.Now()); len(names) > 0 || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	left := []string{}
	entries, _ := os.ReadDir(classes)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if !slices.Equal(left, []string{".hidden", "file", "not a class"}) {
		t.Errorf("there is %v", left)
	}
	if names, err := DeleteDue(filepath.Join(classes, "nowhere"), time.Now()); names != nil || err != nil {
		t.Errorf("without any class: %v, %v", names, err)
	}
}

// A class that is kept for some time is deleted once nobody has used it for longer.
func TestUnused(t *testing.T) {
	const kept = 36 * time.Hour
	classes := t.TempDir()
	for name, after := range map[string]time.Duration{"kept": kept, "taken-back": kept, "for-ever": 0, "open": kept, "broken": kept} {
		c := open(t, filepath.Join(classes, name))
		if err := c.DeleteAfter(after); err != nil {
			t.Fatal(err)
		}
		if c.State().DeleteAfter != after {
			t.Errorf("%s: %v", name, c.State().DeleteAfter)
		}
		if name != "open" {
			c.Close()
		}
	}
	c := open(t, filepath.Join(classes, "taken-back"))
	if c.State().DeleteAfter != kept {
		t.Errorf("it is not in the folder: %v", c.State().DeleteAfter)
	}
	again := State{}
	for _, e := range c.State().Events() {
		again.Apply(e)
	}
	if !reflect.DeepEqual(c.State(), &again) {
		t.Errorf("the fewest events add up to %+v", again)
	}
	if err := c.DeleteAfter(0); err != nil {
		t.Error(err)
	}
	c.Close()
	broken, err := os.OpenFile(filepath.Join(classes, "broken", eventsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	broken.WriteString("{\"event\":\"of a later version\"}\n")
	broken.Close()

	now := time.Now()
	for _, at := range []time.Time{now, now.Add(kept - time.Minute), now.Add(-1000 * time.Hour)} {
		if names, err := DeleteDue(classes, at); len(names) > 0 || err != nil {
			t.Errorf("at %v: %v, %v", at, names, err)
		}
	}
	// One that was used between a look at it and its lock stays.
	if ok, err := deleteDue(filepath.Join(classes, "kept"), now); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}

	// Each of its uses counts: an event, a start, a stop, and what says that it goes on.
	path := filepath.Join(classes, "kept")
	for what, use := range map[string]func(c *Class) error{
		"an event": func(c *Class) error { return c.Pause(true) },
		"Use":      (*Class).Use,
		"nothing":  func(*Class) error { return nil },
	} {
		long := now.Add(-2 * kept)
		os.Chtimes(filepath.Join(path, lockFile), long, long)
		os.Chtimes(filepath.Join(path, eventsFile), long, long)
		c := open(t, path)
		for i, use := range []func(c *Class) error{func(*Class) error { return nil }, use, (*Class).Close} {
			if i > 0 {
				os.Chtimes(filepath.Join(path, lockFile), long, long)
				os.Chtimes(filepath.Join(path, eventsFile), long, long)
			}
			if err := use(c); err != nil {
				t.Error(err)
			}
			if what != "nothing" && isDue(path, now) {
				t.Errorf("%s: it is due after use %d", what, i)
			}
		}
	}
	names, err := DeleteDue(classes, now.Add(kept+time.Minute))
	if !slices.Equal(names, []string{"kept"}) || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// A class is read while it is open, and while a line is being written.
func TestReadWhileOpen(t *testing.T) {
	folder := t.TempDir()
	if _, err := Read(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no class: %v", err)
	}
	c := open(t, folder)
	join(t, c, "Anna")
	c.file.WriteString(`{"event":"remo`)
	s, err := Read(folder)
	if err != nil || !reflect.DeepEqual(s, c.State()) {
		t.Errorf("%+v, %v; want %+v", s, err, c.State())
	}
}
