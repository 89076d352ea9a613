package devloop

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long nothing may be written before a save counts as complete:
// editors write in steps.
const settle = 40 * time.Millisecond

// lookTime is how often the watched folder itself is looked for: no event tells
// that it is back, or that a folder above it was moved.
const lookTime = 500 * time.Millisecond

// watcher watches a folder and those below it. It finds the folder again that
// went away and came back, as when another branch is checked out.
type watcher struct {
	root  string
	only  string // the one file that counts, and goldens; "": all
	modes bool   // a change of a file's mode counts too
	look  time.Duration
	inner *fsnotify.Watcher // nil while the folder is away
	sees  fs.FileInfo       // the folder that inner watches
}

// newWatcher watches a source, and looks for its folder each time that look says.
func newWatcher(source string, look time.Duration) (*watcher, error) {
	w := &watcher{root: folderOf(source), look: look}
	if w.root != source {
		w.only = source
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	return w, nil
}

// begin watches the folder that is there now, with nothing left of the watch
// on the one before.
func (w *watcher) begin() error {
	info, err := os.Stat(w.root)
	if err != nil {
		return err
	}
	if w.inner, err = fsnotify.NewWatcher(); err != nil {
		return err
	}
	w.sees = info
	if err := w.addAll(w.root); err != nil {
		w.close()
		return err
	}
	return nil
}

// close ends the watch.
func (w *watcher) close() error {
	if w.inner == nil {
		return nil
	}
	err := w.inner.Close()
	w.inner = nil
	return err
}

// addAll watches a folder with those below it, but for hidden ones. Folders are
// watched and not files: an editor may put a new file in an old one's place.
func (w *watcher) addAll(root string) error {
	if w.only != "" {
		if isDir(w.testdata()) {
			w.inner.Add(w.testdata())
		}
		return w.inner.Add(root)
	}
	return walk(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil || !d.IsDir():
			return nil
		case path != root && hidden(path):
			return filepath.SkipDir
		}
		return w.inner.Add(path)
	})
}

// wait returns true after the next save, and false when ctx ends.
func (w *watcher) wait(ctx context.Context) bool {
	quiet := time.NewTimer(settle)
	quiet.Stop()
	defer quiet.Stop()
	look := time.NewTicker(w.look)
	defer look.Stop()
	for {
		var events chan fsnotify.Event
		var lost chan error
		if w.inner != nil {
			events, lost = w.inner.Events, w.inner.Errors
		}
		select {
		case e, ok := <-events:
			if !ok {
				return false
			}
			if w.counts(e) {
				quiet.Reset(settle)
			}
			w.follow(e)
		case <-lost: // events were lost: there may have been a save
			quiet.Reset(settle)
		case <-look.C:
			if w.moved() {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// follow watches folders that are new, and no longer a root that is gone.
func (w *watcher) follow(e fsnotify.Event) {
	switch {
	case w.takesAway(e):
		w.close()
	case e.Has(fsnotify.Create) && w.counts(e) && isDir(e.Name):
		w.addAll(e.Name)
	}
}

// moved looks for the folder, watches it when it is back or another one, and
// reports whether it has come or gone.
func (w *watcher) moved() bool {
	info, err := os.Stat(w.root)
	if w.inner != nil {
		if err == nil && os.SameFile(info, w.sees) {
			return false
		}
		w.close()
		if err != nil {
			return true
		}
	}
	return err == nil && w.begin() == nil
}

// counts reports whether a build may depend on what happened.
func (w *watcher) counts(e fsnotify.Event) bool {
	name := filepath.Base(e.Name)
	switch {
	case w.takesAway(e):
		return true
	case e.Op == fsnotify.Chmod && !w.modes, hidden(e.Name), strings.HasSuffix(name, "~"):
		return false
	case w.only != "":
		return e.Name == w.only || e.Name == w.testdata() || strings.HasSuffix(name, ".golden")
	}
	return true
}

// takesAway reports whether the folder itself is gone.
func (w *watcher) takesAway(e fsnotify.Event) bool {
	return e.Name == w.root && e.Op&(fsnotify.Remove|fsnotify.Rename) != 0
}

func (w *watcher) testdata() string { return filepath.Join(w.root, "testdata") }

// walk is filepath.WalkDir for a root that may be a link to a folder.
func walk(root string, do fs.WalkDirFunc) error {
	return filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		return do(filepath.Clean(path), d, err)
	})
}

func hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
