package class

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/register"
)

// hold opens a class that others hold too, and follows it.
func hold(t *testing.T, folder string, in register.Value) *Class {
	t.Helper()
	c, err := OpenShared(folder, in)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var follows sync.WaitGroup
	follows.Go(func() {
		c.Follow(ctx, func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Cleanup(func() {
		stop()
		follows.Wait()
		c.Close()
	})
	return c
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
	}
}

// What one workbench does to a class holds at all, and students are users of all.
func TestSharedClassIsOne(t *testing.T) {
	in := new(register.Memory)
	folders := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	var all []*Class
	for _, folder := range folders {
		all = append(all, hold(t, folder, in))
	}
	a, b := all[0], all[1]
	if a.State().Code != b.State().Code {
		t.Fatalf("two workbenches have the codes %s and %s", a.State().Code, b.State().Code)
	}
	const each = 8
	var joining sync.WaitGroup
	for _, c := range all {
		joining.Go(func() {
			for range each {
				if _, err := c.Join("Anna"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	joining.Wait()
	for i, c := range all {
		eventually(t, "all joined everywhere", func() bool { return len(c.State().Students()) == each*len(all) })
		users, err := access.OpenUsers(UsersFile(folders[i]))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range c.State().Students() {
			here, err := users.Find(one.ID)
			there, _ := a.users.Find(one.ID)
			if err != nil || here != there {
				t.Errorf("workbench %d has user %s as %v, %v, and another one as %v", i, one.ID, here, err, there)
			}
		}
	}
	if err := errors.Join(a.Pause(true), a.Hand("anna-7", true), b.Remove("anna-9"), b.Send(Sent{Lesson: "x"})); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		eventually(t, "changed everywhere", func() bool {
			one, _ := c.Find("anna-7")
			_, err := c.users.Find("anna-9")
			return c.IsPaused() && !one.Hand.IsZero() && c.HasLeft("anna-9") && errors.Is(err, access.ErrNoUser) && c.Sent().Lesson == "x"
		})
	}
	want, _ := a.State().text()
	for _, folder := range folders {
		eventually(t, "the same in each folder", func() bool {
			s, err := Read(folder)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := s.text()
			return bytes.Equal(text, want)
		})
	}
}

// Out of reach a class is as it was, and nothing in it changes.
func TestSharedClassOutOfReach(t *testing.T) {
	in := new(register.Memory)
	in.Leave(true)
	folder := t.TempDir()
	if _, err := OpenShared(folder, in); !errors.Is(err, register.ErrUnreachable) {
		t.Fatalf("a class without a copy opens: %v", err)
	}
	in.Leave(false)
	a, b := hold(t, t.TempDir(), in), hold(t, folder, in)
	if _, err := a.Join("Anna"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "told", func() bool { return len(b.State().Students()) == 1 })
	in.Leave(true)
	if _, err := b.Join("Ben"); !errors.Is(err, register.ErrUnreachable) || len(b.State().Students()) != 1 {
		t.Errorf("somebody joined: %v", err)
	}
	if users, err := b.users.List(); err != nil || len(users) != 1 {
		t.Errorf("users are %v, %v", users, err)
	}
	code := b.State().Code
	b.Close()
	b = hold(t, folder, in)
	if _, ok := b.Find("anna"); !ok || b.State().Code != code {
		t.Errorf("the copy has %v", b.State())
	}
	in.Leave(false)
	if err := a.Pause(true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "told again", b.IsPaused)
}

// A class that was held by one workbench can be shared. One of the same name that is
// another class is not mixed with it.
func TestSharingAClass(t *testing.T) {
	in, folder := new(register.Memory), t.TempDir()
	c, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Join("Anna"); err != nil {
		t.Fatal(err)
	}
	own, _ := c.users.Find("anna")
	c.Close()
	hold(t, folder, in)
	b := hold(t, t.TempDir(), in)
	if user, err := b.users.Find("anna"); err != nil || user != own {
		t.Errorf("the other workbench has %v, %v, want %v", user, err, own)
	}
	if _, err := Open(folder); !errors.Is(err, ErrCopy) {
		t.Errorf("a copy opens as a class of its own: %v", err)
	}
	other := t.TempDir()
	if c, err = Open(other); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := OpenShared(other, in); !errors.Is(err, ErrOther) {
		t.Errorf("another class opens as the one that is shared: %v", err)
	}
}

// One that has ended is gone everywhere, also where its workbench did not run then, and
// leaves no name behind.
func TestEndOfASharedClass(t *testing.T) {
	in, away := new(register.Memory), t.TempDir()
	a, b, c := hold(t, t.TempDir(), in), hold(t, t.TempDir(), in), hold(t, away, in)
	if _, err := a.Join("Anna"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "told", func() bool { return len(c.State().Students()) == 1 })
	code := a.State().Code
	if err := os.WriteFile(filepath.Join(away, "recording"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := a.End(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ended", b.HasEnded)
	if _, err := b.Join("Ben"); !errors.Is(err, ErrEnded) {
		t.Errorf("somebody joins a class that has ended: %v", err)
	}
	if text, _ := in.Get(); bytes.Contains(text, []byte("anna")) || bytes.Contains(text, []byte("Anna")) {
		t.Errorf("it leaves %s", text)
	}
	d := hold(t, away, in)
	if s := d.State(); s.Code == code || len(s.all) != 0 || d.HasEnded() {
		t.Errorf("the next class is %v", s)
	}
	if _, err := os.Stat(filepath.Join(away, "recording")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a recording of the class that has ended is left")
	}
}

// A text that no class can have changes nothing, and is told once.
func TestSharedClassThatIsNone(t *testing.T) {
	in := new(register.Memory)
	c, err := OpenShared(t.TempDir(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, revision := in.Get()
	if _, err := in.Set(t.Context(), []byte("{}\n"), revision); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if took, err := c.takeNewest(); took != (i == 0) || took != (err != nil) {
			t.Errorf("time %d: took %t, %v", i, took, err)
		}
	}
	if err := c.Pause(true); err == nil {
		t.Error("the class is changed without being understood")
	}
	if text, _ := in.Get(); string(text) != "{}\n" || c.State().Code == "" {
		t.Errorf("the shared class is %q, and the copy %v", text, c.State())
	}
}
