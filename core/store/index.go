package store

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// settledAfter is how old a transcript without an end must be to count as cut
// off for good: by then its writer would long have locked it.
const settledAfter = time.Minute

// youngest is how old a change must be for its time to tell it from a later one:
// file systems count in steps.
const youngest = 2 * time.Second

// List implements [Store]. What has ended is read once and then known; each
// list reads the names anew, so other processes and the user may add and remove
// files.
func (f *Folder) List(ctx context.Context, q Query) ([]Info, error) {
	all, parts, err := f.all(ctx)
	if err != nil {
		return nil, err
	}
	if q.Text != "" {
		f.text.Prune(func() map[string]bool { return idsOf(all) })
	}
	target := strings.ToLower(q.Target)
	if q.Mode != "" || target != "" {
		all = slices.DeleteFunc(all, func(info Info) bool {
			return q.Mode != "" && info.Mode != q.Mode || !strings.Contains(strings.ToLower(info.Target), target)
		})
	}
	if q.Text != "" {
		found, err := f.search(ctx, all, parts, q)
		if err != nil {
			return nil, err
		}
		return merged(found, f.annotated(all, q.Text), q.Limit), nil
	}
	if q.Limit > 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return all, nil
}

// all returns all transcripts, the newest first, and the names of the files of
// the index of their text.
func (f *Folder) all(ctx context.Context) (all []Info, parts []string, err error) {
	f.listing.Lock()
	defer f.listing.Unlock()
	names, err := f.names()
	if err != nil {
		return nil, nil, err
	}
	if f.listed.all != nil {
		all = slices.Clone(f.listed.all)
		f.note(all, f.listed.notes)
		return all, f.listed.parts, nil
	}
	var saved map[string]known // only the first list needs it
	if len(f.index) == 0 {
		saved = f.remembered()
	}
	all = make([]Info, 0, len(names))
	var unknown, notes []string
	passing := false // some files are there for a moment only
	for _, name := range names {
		id, ok := strings.CutSuffix(name, suffix)
		if textindex.IsPart(name) {
			parts = append(parts, name)
			continue
		} else if strings.HasSuffix(name, notesSuffix) && ValidID(strings.TrimSuffix(name, notesSuffix)) {
			notes = append(notes, name)
			continue
		} else if !ok {
			f.sweep(name)
			passing = passing || name != indexName
			continue
		}
		if k, ok := f.index[id]; ok {
			all = append(all, k.Info)
		} else if ValidID(id) {
			unknown = append(unknown, id)
		}
	}
	still := len(all)
	gone := len(f.index) - still + len(saved)
	found, err := f.describeAll(ctx, unknown, saved)
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if still < len(f.index) {
		there := make(map[string]known, still)
		for _, info := range all {
			there[info.ID] = f.index[info.ID]
		}
		f.index = there
		f.text.FilesGone()
	}
	for i := range found {
		d := &found[i]
		if d.Info.ID == "" {
			continue
		}
		all = append(all, d.Info)
		if d.settled {
			f.index[d.Info.ID] = d.known
			if d.saved {
				gone--
			} else {
				f.unsaved++
			}
		}
	}
	f.unsaved += gone
	f.remember()
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(b.ID, a.ID) })
	if !f.listed.at.IsZero() && len(unknown) == 0 && !passing {
		f.listed.all, f.listed.parts, f.listed.notes = slices.Clone(all), parts, notes
	}
	f.note(all, notes)
	return all, parts, nil
}

func idsOf(all []Info) map[string]bool {
	ids := make(map[string]bool, len(all))
	for i := range all {
		ids[all[i].ID] = true
	}
	return ids
}

// names returns the names of all files, the last first. They are not read again while
// the folder's time shows that none came or went.
func (f *Folder) names() ([]string, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, plain(err)
	}
	defer dir.Close()
	stat, err := dir.Stat()
	if err != nil {
		return nil, plain(err)
	}
	if locks && stat.ModTime().Equal(f.listed.at) {
		return f.listed.names, nil
	}
	settled := time.Since(stat.ModTime()) >= youngest
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, plain(err)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	f.listed = listed{}
	if settled {
		f.listed = listed{names: names, at: stat.ModTime()}
	}
	return names, nil
}

// listed is what a folder held when it was last read.
type listed struct {
	names []string
	at    time.Time // its own; zero: it may have changed within a step of it
	all   []Info    // what a list of these names is, where none can change; else nil
	parts []string  // the files of the index of the text
	notes []string  // the files of notes
}

type described struct {
	known
	settled bool // it changes no more
	saved   bool // as the index had it
}

// describeAll reads what is not known yet, several at a time. One that cannot
// be read has no ID; that no file can be opened at all is an error.
func (f *Folder) describeAll(ctx context.Context, ids []string, saved map[string]known) ([]described, error) {
	found := make([]described, len(ids))
	var failed atomic.Pointer[error]
	each(ctx, len(ids), func(i int) {
		if k, ok := saved[ids[i]]; ok {
			if stat, err := f.root.Lstat(ids[i] + suffix); err == nil && k.fits(stat) {
				k.Info.Disk = diskUse(stat)
				found[i] = described{known: k, settled: true, saved: true}
				return
			}
		}
		d, err := f.describe(ids[i])
		if noneFree(err) {
			failed.Store(&err)
		} else if err == nil {
			found[i] = d
		}
	})
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return found, nil
}

func (f *Folder) describe(id string) (described, error) {
	file, err := f.open(id)
	if err != nil {
		return described{}, err
	}
	defer file.Close()
	ours, _ := f.writer(id)
	running := ours || isLocked(file) // before it is read: it may end meanwhile
	stat, err := file.Stat()
	if err != nil {
		return described{}, err
	}
	info, err := Describe(id, file, stat.Size())
	if err != nil {
		return described{}, err
	}
	info.Disk = diskUse(stat)
	if running && info.Ended == CutOff {
		info.Running, info.Ended = true, ""
	}
	old := locks && time.Since(stat.ModTime()) > settledAfter
	return described{known: known{info, stat.ModTime()}, settled: !running && (info.Ended != CutOff || old)}, nil
}

// each calls do for 0 to n-1, on as many goroutines as there are processors,
// until ctx is done.
func each(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
