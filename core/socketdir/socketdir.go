// Package socketdir makes a directory for Unix sockets that only this user may
// enter and that does not outlive its maker for long: the next process that makes
// one removes what a dead process left.
//
// What this package is not for: it makes no socket.
package socketdir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Dir is such a directory. It is named after our process, and a file in it is
// locked as long as we live. That is how a later process knows that it may remove
// what we left: a number alone can be another process's by then.
type Dir struct {
	Path string
	lock *os.File
}

const lockName = "lock"

var dirName = regexp.MustCompile(`^workbench-([0-9]+)-[a-z0-9]{4}$`)

// Open removes what dead processes left in base and makes a directory there. An
// empty base stands for the user's runtime directory, else the one for temporary
// files. The sockets' paths may be so many bytes longer than the directory's.
func Open(base string, longer int) (*Dir, error) {
	bases := []string{base}
	if base == "" {
		bases = []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"}
	} else if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for the plugins' sockets: %w", err)
	}
	var errs []error
	for _, base := range bases {
		if base == "" || !filepath.IsAbs(base) && len(bases) > 1 {
			continue
		}
		base, err := filepath.Abs(base)
		if err == nil {
			sweep(base)
			var d *Dir
			if d, err = makeDir(base, longer); err == nil {
				return d, nil
			}
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("no place for the plugins' sockets; set XDG_RUNTIME_DIR to a directory of yours with a short name: %w", errors.Join(errs...))
}

func makeDir(base string, longer int) (*Dir, error) {
	for range 100 {
		// A name is never used again, so that a process that is about to remove an
		// abandoned directory cannot hit a new one.
		path := filepath.Join(base, fmt.Sprintf("workbench-%d-%.4s", os.Getpid(), strings.ToLower(rand.Text())))
		if room := maxSocket - longer; len(path) > room {
			return nil, fmt.Errorf("%s has %d bytes, and sockets below it leave room for %d", path, len(path), room)
		}
		err := os.Mkdir(path, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process swept it away as abandoned
		}
		if err != nil {
			return nil, err
		}
		if lockFile(lock) && isStill(lock) {
			return &Dir{path, lock}, nil
		}
		lock.Close() // the same, a moment later
	}
	return nil, fmt.Errorf("no directory in %s stays", base)
}

// Remove removes the directory.
func (d *Dir) Remove() error {
	d.lock.Close()
	return os.RemoveAll(d.Path)
}

// sweep removes the directories of processes that died without doing so.
func sweep(base string) {
	entries, _ := os.ReadDir(base)
	for _, e := range entries {
		name := dirName.FindStringSubmatch(e.Name())
		info, err := e.Info()
		if name == nil || err != nil || !info.IsDir() || !isOurs(info) {
			continue
		}
		path := filepath.Join(base, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			// Between making the directory and the lock, or died there.
			if pid, _ := strconv.Atoi(name[1]); !isAlive(pid) {
				os.RemoveAll(path)
			}
			continue
		}
		if err != nil {
			continue
		}
		if lockFile(lock) {
			os.RemoveAll(path)
		}
		lock.Close()
	}
}

// isStill reports whether the file is still the one at its name.
func isStill(f *os.File) bool {
	opened, err1 := f.Stat()
	named, err2 := os.Stat(f.Name())
	return err1 == nil && err2 == nil && os.SameFile(opened, named)
}
