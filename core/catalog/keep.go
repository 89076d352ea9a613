package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// unusedFor is how long a copy stays that no installed plugin needs and that
// nobody kept again.
const unusedFor = 7 * 24 * time.Hour

// copies is the folder of the copies, one folder for each sum.
func copies(stateDir string) string { return filepath.Join(stateDir, "plugins") }

// Keep copies the plugin's file to
//
//	STATE/plugins/<sha256>/<name of the file>
//
// and returns the plugin as that copy. Source and Goldens stay what they were.
// A copy that is there already is taken once its sum has been checked, and
// replaced when that is wrong. The copy appears whole or not at all; only the
// user may read it, and nobody write. A file that is not the one that was found
// (its sum is another by now) is an error.
func Keep(p Plugin, stateDir string) (Plugin, error) {
	stateDir, err := filepath.Abs(stateDir)
	if err != nil {
		return Plugin{}, err
	}
	folder := filepath.Join(copies(stateDir), p.Sum)
	kept := p
	kept.Path = filepath.Join(folder, filepath.Base(p.Path))
	if sum, err := sumCopy(kept.Path); err == nil && sum == p.Sum && kept.seal() == nil {
		now := time.Now()
		os.Chtimes(kept.Path, now, now) // Prune goes by it
		return kept, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Plugin{}, fmt.Errorf("plugin %s cannot be kept: %w", p.Name, err)
	}
	sum, err := copyWhole(kept.Path, p.Path, p.Sum)
	switch {
	case errors.Is(err, errChanged):
		return Plugin{}, &Problem{Code: CodeChanging, Plugin: p.Name, Path: p.Path, What: fmt.Sprintf("changed while it was read: its sum was %s, now it is %s", Short(p.Sum), Short(sum)), Next: "try again", err: err}
	case err == nil:
		err = kept.seal()
	}
	if err != nil {
		return Plugin{}, fmt.Errorf("plugin %s cannot be kept: %w", p.Name, err)
	}
	return kept, nil
}

// seal sets the run bit where one is needed, and takes away the right to write.
func (p Plugin) seal() error {
	if p.Starlark {
		return os.Chmod(p.Path, 0o400)
	}
	return os.Chmod(p.Path, 0o500)
}

// Short is a sum as people are shown it.
func Short(sum string) string { return sum[:min(len(sum), 12)] }

var errChanged = errors.New("the file changed")

// copyWhole copies a file, by way of a temporary one, if its sum is the one
// that is wanted, and returns the sum that it has.
//
// No process may be forked while the copy is open for writing: the child would
// hold it open too, and the system refuses to start a program that someone
// could write to ("text file busy").
func copyWhole(to, from, want string) (sum string, err error) {
	from, err = filepath.EvalSymlinks(from)
	if err != nil {
		return "", err
	}
	in, err := plainfile.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	h := sha256.New()
	err = plainfile.Write(to, 0o600, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, h), in)
		if sum = hex.EncodeToString(h.Sum(nil)); err == nil && sum != want {
			err = errChanged
		}
		return err
	})
	return sum, err
}

// Prune removes copies that no installed plugin needs and that nobody kept for
// a week, among them what a killed program left half copied. A workbench that
// still runs one of them goes on, but cannot start it again.
func Prune(stateDir string) {
	needed := map[string]bool{}
	all, _ := Installed(stateDir)
	for _, i := range all {
		needed[i.Sum] = true
	}
	folders, _ := os.ReadDir(copies(stateDir))
	for _, f := range folders {
		folder := filepath.Join(copies(stateDir), f.Name())
		if isSum(f.Name()) && !needed[f.Name()] && unused(folder) {
			os.RemoveAll(folder)
		}
	}
}

// unused reports whether nothing in a folder was touched for a week.
func unused(folder string) bool {
	files, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || time.Since(info.ModTime()) < unusedFor {
			return false
		}
	}
	info, err := os.Stat(folder)
	return err == nil && (len(files) > 0 || time.Since(info.ModTime()) >= unusedFor)
}

func isSum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
