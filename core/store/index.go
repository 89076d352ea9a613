package store

import (
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/parts"
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
	all, segments, err := f.all(ctx)
	if err != nil {
		return nil, err
	}
	if q.Text != "" {
		f.text.Prune(func() map[string]bool { return f.keysOf(all) })
	}
	if q.Mode != "" || q.Target != "" || q.Before != "" {
		q.Target = strings.ToLower(q.Target)
		all = slices.DeleteFunc(all, func(info Info) bool { return !q.matches(&info) })
	}
	if q.Text != "" {
		found, err := f.search(ctx, all, segments, q)
		if err != nil {
			return nil, err
		}
		return Merged(found, f.annotated(all, q.Text), q.Limit), nil
	}
	if q.Limit > 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return all, nil
}

// Info implements [Store].
func (f *Folder) Info(id string) (Info, error) {
	d, err := f.describe(id)
	if err != nil {
		return Info{}, err
	}
	if n, _, err := f.readNotes(id); err == nil {
		d.Info.Annotate(n)
	}
	return d.Info, nil
}

// all returns all transcripts, the newest first, and the names of the files of
// the index of their text.
func (f *Folder) all(ctx context.Context) (all []Info, segments []string, err error) {
	f.listing.Lock()
	defer f.listing.Unlock()
	names, err := f.names()
	if err != nil {
		return nil, nil, err
	}
	if f.listed.all != nil {
		all = slices.Clone(f.listed.all)
		f.note(all, f.listed.notes)
		return all, f.listed.segments, nil
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
			segments = append(segments, name)
			continue
		} else if strings.HasSuffix(name, notesSuffix) && ValidID(strings.TrimSuffix(name, notesSuffix)) {
			notes = append(notes, name)
			continue
		} else if _, further := parts.First(name); further && !f.orphan(name) {
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
		f.listed.all, f.listed.segments, f.listed.notes = slices.Clone(all), segments, notes
	}
	f.note(all, notes)
	return all, segments, nil
}

// keysOf returns what the index of the text calls all files of transcripts.
func (f *Folder) keysOf(all []Info) map[string]bool {
	keys := make(map[string]bool, len(all))
	for i := range all {
		keys[all[i].ID] = true
		if all[i].Size >= f.part {
			for _, file := range f.filesNow(all[i].ID) {
				keys[file.ID] = true
			}
		}
	}
	return keys
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
	names    []string
	at       time.Time // its own; zero: it may have changed within a step of it
	all      []Info    // what a list of these names is, where none can change; else nil
	segments []string  // the files of the index of the text
	notes    []string  // the files of notes
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
			if stat, err := f.root.Lstat(ids[i] + suffix); err == nil && stat.Mode().IsRegular() {
				if is := measure(f.parts(ids[i], stat)); k.fits(is) {
					k.Info.Disk = is.disk
					found[i] = described{known: k, settled: true, saved: true}
					return
				}
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
	running := f.isRunning(id, file) // before it is read: it may end meanwhile
	stat, err := file.Stat()
	if err != nil {
		return described{}, err
	}
	all := f.parts(id, stat)
	is := measure(all)
	info, err := Describe(id, partsAt{f, file, all}, is.size)
	if err != nil {
		return described{}, err
	}
	info.Disk = is.disk
	if running && info.Ended == CutOff {
		info.Running, info.Ended = true, ""
	}
	old := locks && time.Since(is.modified) > settledAfter
	return described{known: known{info, is.modified}, settled: !running && (info.Ended != CutOff || old)}, nil
}

// measured are the bytes of all files of a transcript, and the time of the newest.
type measured struct {
	size, disk int64
	modified   time.Time
}

func measure(all []parts.Part) (is measured) {
	is.size = all[len(all)-1].End()
	for _, p := range all {
		is.disk += diskUse(p.FileInfo)
		if p.ModTime().After(is.modified) {
			is.modified = p.ModTime()
		}
	}
	return is
}

// partsAt reads the parts of a transcript, of which the first is open.
type partsAt struct {
	folder *Folder
	first  io.ReaderAt
	all    []parts.Part
}

// ReadAt implements [io.ReaderAt].
func (r partsAt) ReadAt(buf []byte, from int64) (n int, err error) {
	for _, p := range r.all {
		at := from + int64(n)
		if n == len(buf) || at < p.Before || at >= p.End() {
			continue
		}
		piece := buf[n:min(int64(len(buf)), int64(n)+p.End()-at)]
		got, err := r.readAt(p, piece, at-p.Before)
		if n += got; got < len(piece) {
			return n, err
		}
	}
	if n < len(buf) {
		err = io.EOF
	}
	return n, err
}

func (r partsAt) readAt(p parts.Part, buf []byte, from int64) (int, error) {
	if p.Before == 0 {
		return r.first.ReadAt(buf, from)
	}
	file, err := plainfile.OpenIn(r.folder.root, p.Name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.ReadAt(buf, from)
}

// each calls do for 0 to n-1, on as many goroutines as there are processors, until ctx
// is done. Each call is a turn of package background.
func each(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				turn := background.Take(ctx)
				do(i)
				turn.End()
			}
		})
	}
	workers.Wait()
}
