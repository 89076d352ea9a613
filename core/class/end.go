package class

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
)

// This file is for the end of a class: what is asked of one that is open, and the deletion
// of its folder. A folder is renamed before it is deleted, so that what a killed process
// leaves of it is never taken for a class.

// deleted begins the names of such folders. No class has a name that begins so.
const deleted = ".deleted-"

// Folder returns where the class is.
func (c *Class) Folder() string { return c.folder }

// End has the class end: nothing changes in it from now on, and Open and DeleteDue take it
// for one that is to be deleted. Delete it when nothing uses its folder any more.
func (c *Class) End() error {
	return c.change(func(s *State) (Event, error) {
		if !s.Ended.IsZero() {
			return Event{}, errNothing
		}
		return Event{Kind: Ended}, nil
	})
}

// Delete closes the class and deletes its folder.
func (c *Class) Delete() error {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.file.Close()
	c.file = nil
	return Delete(c.folder, c.lock)
}

// DeleteAfter has the class deleted by DeleteDue once it was not used for so long; 0: it is
// kept. Less than a second counts as a second.
func (c *Class) DeleteAfter(unused time.Duration) error {
	seconds := int64((unused + time.Second - 1) / time.Second)
	return c.change(func(s *State) (Event, error) {
		if s.DeleteAfter == time.Duration(seconds)*time.Second {
			return Event{}, errNothing
		}
		return Event{Kind: DeleteAfter, For: seconds}, nil
	})
}

// Use notes that the class is being used. An event is a use too, and so are Open and Close.
func (c *Class) Use() error {
	now := time.Now()
	return os.Chtimes(filepath.Join(c.folder, lockFile), now, now)
}

// used returns when the class in a folder was used last.
func used(folder string) (last time.Time) {
	for _, name := range []string{lockFile, eventsFile} {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// isDue reports whether the class in a folder is to be deleted: it has ended, or was not
// used for as long as it is kept. One that cannot be read is not.
func isDue(folder string, now time.Time) bool {
	s, err := Read(folder)
	if err != nil {
		return false
	}
	return !s.Ended.IsZero() || s.DeleteAfter > 0 && now.Sub(used(folder)) > s.DeleteAfter
}

// DeleteDue deletes those classes in a folder of classes that have ended or were not used
// for as long as they are kept, and what is left of others. It returns their names. One
// that is open stays.
func DeleteDue(classes string, now time.Time) (names []string, err error) {
	entries, err := os.ReadDir(classes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(classes, e.Name())
		switch {
		case !e.IsDir():
		case strings.HasPrefix(e.Name(), deleted):
			err = errors.Join(err, os.RemoveAll(path))
		case access.CheckName(e.Name()) == nil && isDue(path, now):
			ok, why := deleteDue(path, now)
			if ok {
				names = append(names, e.Name())
			}
			err = errors.Join(err, why)
		}
	}
	return names, err
}

// deleteDue deletes the class in a folder if nobody has it open, and nobody had since it
// was found due.
func deleteDue(folder string, now time.Time) (ok bool, err error) {
	lock, err := Lock(folder)
	if errors.Is(err, ErrOpen) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if !isDue(folder, now) {
		return false, lock.Close()
	}
	return true, Delete(folder, lock)
}

// Delete deletes the folder of a class, of which lock was returned by Lock. It closes lock.
func Delete(folder string, lock *os.File) error {
	aside, err := os.MkdirTemp(filepath.Dir(folder), deleted)
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	to := filepath.Join(aside, filepath.Base(folder))
	err = os.Rename(folder, to)
	lock.Close()
	if err != nil { // on Windows while a file in it is open
		err = os.Rename(folder, to)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("put the folder aside: %w", err), os.Remove(aside))
	}
	return os.RemoveAll(aside)
}
