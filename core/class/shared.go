package class

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/register"
)

// This file is for a class that several workbenches hold. Its events are a value that they
// share, and what each has in its folder is a copy, with which it goes on while the value
// is out of reach: the class is read then, and not changed.

// ErrOther says that the folder has a class of its own, which is not the one that is shared
// under its name.
var ErrOther = errors.New("folder has another class than the one that is shared")

// ErrCopy says that a folder has the copy of a class that is shared, which is not changed
// for itself.
var ErrCopy = errors.New("folder has the copy of a class that is shared")

// copyFile marks the folder of a class that is shared.
const copyFile = "shared"

// IsCopy reports whether a folder has the copy of a class that is shared.
func IsCopy(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, copyFile))
	return err == nil
}

// OpenShared opens a class of which the events are in a value that other workbenches have
// too; without one, that of the folder, or a new one. Beside those of Open its errors are
// ErrOther, and register.ErrUnreachable if the folder has no copy. Follow it.
func OpenShared(folder string, in register.Value) (*Class, error) {
	c, err := openWith(folder, func(c *Class) error { return c.beginShared(in) })
	if !errors.Is(err, ErrEnded) {
		return c, err
	}
	lock, err := Lock(folder)
	if err == nil {
		err = Delete(folder, lock)
	}
	if err != nil {
		return nil, err
	}
	return openWith(folder, func(c *Class) error { return c.beginShared(in) })
}

// beginShared makes a class out of a folder and a value, and marks the folder. ErrEnded
// says that the folder is what is left of a class that has ended.
func (c *Class) beginShared(in register.Value) error {
	if err := c.begins(in); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.folder, copyFile), nil, 0o600)
}

func (c *Class) begins(in register.Value) error {
	c.in = in
	c.changing.Lock()
	defer c.changing.Unlock()
	for {
		shared, revision, err := c.load()
		isNew := c.state.Opened.IsZero()
		switch {
		case err != nil && isNew:
			return err
		case errors.Is(err, register.ErrUnreachable):
			return c.admitThose(c.state.all)
		case err != nil:
			return err
		case !shared.Ended.IsZero() && shared.Opened.Equal(c.state.Opened):
			return ErrEnded
		case !shared.Opened.IsZero() && shared.Ended.IsZero():
			if !isNew && !shared.Opened.Equal(c.state.Opened) {
				return ErrOther
			}
			return c.take(shared, revision)
		}
		c.revision = revision
		s := c.State()
		if isNew {
			e, _ := opens(s)
			err = c.add(s, e)
		} else {
			c.withHashes(s)
			err = c.share(s)
		}
		if !errors.Is(err, register.ErrChanged) {
			return err
		}
	}
}

// withHashes adds those of the users of students who have joined before the class was
// shared.
func (c *Class) withHashes(s *State) {
	for i := range s.all {
		if user, err := c.users.Find(s.all[i].ID); err == nil && !s.all[i].gone {
			s.all[i].user = user.Hash()
		}
	}
}

// load asks for the value. A class that there is not yet has a state without events.
func (c *Class) load() (*State, uint64, error) {
	text, revision, err := c.in.Load(context.Background())
	if err != nil {
		return nil, 0, err
	}
	s, err := parse(text)
	return s, revision, err
}

// ReadShared returns how a class is of which the events are in a value, and takes no part in
// it. Its errors are fs.ErrNotExist if there is none, ErrEnded, register.ErrUnreachable, and
// ctx's.
func ReadShared(ctx context.Context, in register.Value) (*State, error) {
	text, _, err := in.Load(ctx)
	if err != nil {
		return nil, err
	}
	s, err := parse(text)
	switch {
	case err != nil:
		return nil, err
	case !s.Ended.IsZero():
		return nil, ErrEnded
	case s.Opened.IsZero():
		return nil, fs.ErrNotExist
	}
	return s, nil
}

func parse(text []byte) (*State, error) {
	s := new(State)
	return s, s.applyAll("shared class", text)
}

// reload takes in what others have made of the class.
func (c *Class) reload() error {
	s, revision, err := c.load()
	if err != nil {
		return err
	}
	return c.take(s, revision)
}

// share puts a state into the value, and has the class be in it. Of one that has ended
// nothing is left there but that.
func (c *Class) share(s *State) error {
	left := s
	if !s.Ended.IsZero() {
		left = &State{Opened: s.Opened, Code: s.Code, Ended: s.Ended}
	}
	text, err := left.text()
	if err != nil {
		return err
	}
	if len(text) > register.MaxText {
		return ErrFull
	}
	revision, err := c.in.Set(context.Background(), text, c.revision)
	if err != nil {
		return err
	}
	c.revision = revision
	c.is(s)
	return c.rewrite(s)
}

// take has the class be in a state that others have made, and the users be its students.
func (c *Class) take(s *State, revision uint64) error {
	c.revision = revision
	err := c.admitThose(s.all)
	c.is(s)
	return errors.Join(err, c.rewrite(s))
}

// admitThose takes out the users of students who are gone, and adds those who have joined
// elsewhere. Who has another role here stays as he is.
func (c *Class) admitThose(all []Student) error {
	have, err := c.users.List()
	if err != nil {
		return err
	}
	known := map[string]access.User{}
	for _, user := range have {
		known[user.Name] = user
	}
	var add []access.User
	var remove []string
	for _, one := range all {
		user, is := known[one.ID]
		switch {
		case is && user.Role != access.Student:
		case one.gone && is:
			remove = append(remove, one.ID)
		case c.in != nil && !one.gone && one.user != "" && (!is || user.Hash() != one.user):
			user, err := access.User{Name: one.ID, Role: access.Student}.WithHash(one.user)
			if err != nil {
				return fmt.Errorf("student %s: %w", one.ID, err)
			}
			add = append(add, user)
		}
	}
	if len(add)+len(remove) == 0 {
		return nil
	}
	return c.users.Change(add, slices.Compact(remove))
}

// IsShared reports whether other workbenches may hold the class too.
func (c *Class) IsShared() bool { return c.in != nil }

// Follow takes in what other workbenches make of a shared class until ctx is done, and
// calls changed after each change, with the error of what could not be taken in: a change
// that cannot be understood, or a file.
func (c *Class) Follow(ctx context.Context, changed func(error)) {
	for {
		next := c.in.Changed()
		if took, err := c.takeNewest(); took {
			changed(err)
		}
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

// takeNewest takes in the newest that this workbench was told of the class.
func (c *Class) takeNewest() (took bool, err error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	text, revision := c.in.Get()
	if c.file == nil || revision <= max(c.revision, c.refused) { // it was closed, or nothing is new
		return false, nil
	}
	s, err := parse(text)
	if err != nil {
		c.refused = revision // so it is told once, and what stands there is not replaced
		return true, err
	}
	return true, c.take(s, revision)
}
