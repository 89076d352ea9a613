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

// watcher watches a folder and those below it.
type watcher struct {
	*fsnotify.Watcher
	only string // the one file that counts, and goldens; "": all
}

func newWatcher(source string) (*watcher, error) {
	inner, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{Watcher: inner}
	root := folderOf(source)
	if root != source {
		w.only = source
	}
	if err := w.addAll(root); err != nil {
		inner.Close()
		return nil, err
	}
	return w, nil
}

// addAll watches a folder with those below it, but for hidden ones. Folders are
// watched and not files: an editor may put a new file in an old one's place.
func (w *watcher) addAll(root string) error {
	if w.only != "" {
		if testdata := filepath.Join(root, "testdata"); isDir(testdata) {
			w.Add(testdata)
		}
		return w.Add(root)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil || !d.IsDir():
			return nil
		case path != root && hidden(path):
			return filepath.SkipDir
		}
		return w.Add(path)
	})
}

// wait returns true after the next save, and false when ctx ends.
func (w *watcher) wait(ctx context.Context) bool {
	quiet := time.NewTimer(settle)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case e, ok := <-w.Events:
			if !ok {
				return false
			}
			if e.Has(fsnotify.Create) && isDir(e.Name) && !hidden(e.Name) && w.only == "" {
				w.addAll(e.Name)
			}
			if w.counts(e) {
				quiet.Reset(settle)
			}
		case <-w.Errors: // events were lost: there may have been a save
			quiet.Reset(settle)
		case <-quiet.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// counts reports whether a build may depend on what happened.
func (w *watcher) counts(e fsnotify.Event) bool {
	name := filepath.Base(e.Name)
	switch {
	case e.Op == fsnotify.Chmod, hidden(e.Name), strings.HasSuffix(name, "~"):
		return false
	case w.only != "":
		return e.Name == w.only || strings.HasSuffix(name, ".golden")
	}
	return true
}

func (w *watcher) close() error { return w.Close() }

func hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
