package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// textIndex knows of transcripts that have ended which trigrams are in their text,
// so that a search need not read those that lack one of the text it looks for. It
// never says that a transcript holds a text: that is read. What it knows of a file
// counts while the file has the size and the time that it had, and it knows nothing
// but what is on the disk. It is a cache, in segments beside the transcripts, which
// all processes that use the folder share.
type textIndex struct {
	mu       sync.Mutex
	segments []*segment
	places   map[string]place // by ID; those in segments
	fresh    map[string]indexed
	bytes    int         // of filters that are fresh
	outdated atomic.Bool // it may know of transcripts that are gone
}

// place is where a transcript's filter is.
type place struct {
	in *segment
	at int // the column
}

// indexed is a filter that is in no segment yet.
type indexed struct {
	column
	filter filter
}

// Bounds of the filters that are in no segment yet.
const (
	maxFresh      = 64
	maxFreshBytes = 1 << 20
)

// youngest is how long ago a file must have been written for its time to tell that
// it is the same: file systems count in steps.
const youngest = 2 * time.Second

// lookUp takes note of which segments there are, by name. It says of each transcript
// whether the index knows it as it is now, and if so, whether its text lacks one of the
// trigrams with these hashes.
func (f *Folder) lookUp(ctx context.Context, names []string, all []Info, hashes []uint32) (lacks, known []bool) {
	x := &f.text
	now := make([]column, len(all))
	each(ctx, len(all), func(i int) { now[i] = f.column(all[i].ID) })
	lacks, known = make([]bool, len(all)), make([]bool, len(all))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open(f, names)
	matches := map[*segment][]byte{}
	for _, s := range slices.Clone(x.segments) {
		match, err := s.matching(f.root, hashes)
		if err != nil {
			x.drop(f, s)
			continue
		}
		matches[s] = match
	}
	for i, c := range now {
		id := all[i].ID
		d, isFresh := x.fresh[id]
		p, isPlaced := x.places[id]
		switch {
		case isFresh && d.column.is(c):
			known[i], lacks[i] = true, d.filter.lacks(hashes)
		case isPlaced && p.in.columns[p.at].is(c):
			known[i], lacks[i] = true, matches[p.in][p.at/8]>>(p.at%8)&1 == 0
		default:
			x.remove(id) // changed since
		}
	}
	return lacks, known
}

// column returns what a file is at present; the zero column if it is no transcript.
func (f *Folder) column(id string) column {
	info, err := f.root.Lstat(id + suffix)
	if err != nil {
		return column{}
	}
	return columnOf(id, info)
}

func columnOf(id string, info fs.FileInfo) column {
	if !info.Mode().IsRegular() {
		return column{}
	}
	return column{id, info.Size(), info.ModTime()}
}

func (c column) is(other column) bool {
	return c.ID == other.ID && c.Size == other.Size && c.Modified.Equal(other.Modified)
}

// open reads the heads of segments that others have written, and forgets those that
// are gone.
func (x *textIndex) open(f *Folder, names []string) {
	have := map[string]bool{}
	for _, s := range slices.Clone(x.segments) {
		have[s.name] = true
		if !slices.Contains(names, s.name) {
			x.forget(s)
		}
	}
	for _, name := range names {
		if have[name] {
			continue
		}
		s, err := openSegment(f.root, name)
		if err != nil {
			if errors.Is(err, errDamaged) {
				f.root.Remove(name)
			}
			continue
		}
		x.add(s)
		x.outdated.Store(true)
	}
}

// add takes a segment up. Of two that know the same, one counts, and all processes
// agree which.
func (x *textIndex) add(s *segment) {
	x.segments = append(x.segments, s)
	for i, c := range s.columns {
		if p, ok := x.places[c.ID]; ok && p.in.name > s.name && p.in.columns[p.at].is(c) {
			s.dead++
			continue
		}
		x.bury(c.ID)
		x.places[c.ID] = place{s, i}
	}
}

// bury notes that what is known of a transcript is of no use any more.
func (x *textIndex) bury(id string) {
	if p, ok := x.places[id]; ok {
		p.in.dead++
		delete(x.places, id)
	}
}

// forget lets go of a segment.
func (x *textIndex) forget(s *segment) {
	x.segments = slices.DeleteFunc(x.segments, func(other *segment) bool { return other == s })
	for _, c := range s.columns {
		if x.places[c.ID].in == s {
			delete(x.places, c.ID)
		}
	}
}

// drop deletes a segment that is damaged, or of no use.
func (x *textIndex) drop(f *Folder, s *segment) {
	x.forget(s)
	f.root.Remove(s.name)
}

// insert adds the filter of a transcript.
func (x *textIndex) insert(d indexed) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(d.ID)
	x.fresh[d.ID] = d
	x.bytes += 8 * len(d.filter)
}

// remove drops what is known of a transcript; its column goes at the next tidy.
func (x *textIndex) remove(id string) {
	if d, ok := x.fresh[id]; ok {
		x.bytes -= 8 * len(d.filter)
		delete(x.fresh, id)
	}
	x.bury(id)
}

// prune drops what is known of transcripts that are not there any more.
func (x *textIndex) prune(all []Info) {
	there := make(map[string]bool, len(all))
	for i := range all {
		there[all[i].ID] = true
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range x.fresh {
		if !there[id] {
			x.remove(id)
		}
	}
	for id := range x.places {
		if !there[id] {
			x.remove(id)
		}
	}
}

// tidy writes what is fresh into segments, all of it or once there is enough, and
// those again that have columns of no use. That one cannot be written costs time,
// nothing else.
func (x *textIndex) tidy(f *Folder, all bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	groups := map[int][]indexed{} // by the filters' size
	if all || len(x.fresh) >= maxFresh || x.bytes >= maxFreshBytes {
		for _, d := range x.fresh {
			if !f.column(d.ID).is(d.column) {
				continue // deleted or changed since
			}
			groups[d.filter.log()] = append(groups[d.filter.log()], d)
		}
		clear(x.fresh)
		x.bytes = 0
	}
	for _, s := range x.segments {
		if _, ok := groups[s.log]; !ok && s.dead > 0 {
			groups[s.log] = nil
		}
	}
	for log, fresh := range groups {
		slices.SortFunc(fresh, func(a, b indexed) int { return strings.Compare(a.ID, b.ID) })
		for fresh, more := x.write(f, log, fresh); more; fresh, more = x.write(f, log, fresh) {
		}
	}
}

// write makes one segment of what is fresh, of those that have columns of no use,
// and of those that are not much larger, as far as there is room. It reports what
// is left, if anything is.
func (x *textIndex) write(f *Folder, log int, fresh []indexed) (left []indexed, more bool) {
	n := min(len(fresh), mostColumns(log))
	fresh, left = fresh[:n], fresh[n:]
	var from []*segment
	for _, s := range x.bySize(log) {
		live := len(s.columns) - s.dead
		if n+live <= mostColumns(log) && (s.dead > 0 || len(s.columns) <= 2*n) {
			from = append(from, s)
			n += live
		}
	}
	var columns []column
	for _, d := range fresh {
		columns = append(columns, d.column)
	}
	wheres := make([][]int, len(from))
	for i, s := range from {
		wheres[i] = make([]int, 8*s.rowBytes())
		for at := range wheres[i] {
			wheres[i][at] = -1
			if at < len(s.columns) && x.places[s.columns[at].ID] == (place{s, at}) {
				wheres[i][at] = len(columns)
				columns = append(columns, s.columns[at])
			}
		}
	}
	if len(columns) > 0 {
		r := newRows(log, columns)
		for i, d := range fresh {
			r.set(i, d.filter)
		}
		for i, s := range from {
			if err := r.merge(f.root, s, wheres[i]); err != nil {
				x.drop(f, s) // what it said is found out again
				return slices.Concat(fresh, left), true
			}
		}
		s, err := r.save(f.root)
		if err != nil {
			return nil, false
		}
		defer x.add(s)
	}
	for _, s := range from {
		x.drop(f, s)
	}
	return left, len(left) > 0 || slices.ContainsFunc(x.segments, func(s *segment) bool { return s.log == log && s.dead > 0 })
}

// bySize returns the segments of such filters, those with columns of no use first,
// then by how many they have.
func (x *textIndex) bySize(log int) []*segment {
	all := slices.DeleteFunc(slices.Clone(x.segments), func(s *segment) bool { return s.log != log })
	slices.SortFunc(all, func(a, b *segment) int {
		if (a.dead > 0) != (b.dead > 0) {
			return b.dead - a.dead
		}
		return len(a.columns) - len(b.columns)
	})
	return all
}

// Index adds the transcripts to the index of the text that were ended here a moment
// ago, and takes those out that were deleted.
func (f *Folder) Index(ctx context.Context) {
	f.mu.Lock()
	ended := f.ended
	f.ended = nil
	f.mu.Unlock()
	var young []string
	for _, id := range ended {
		if c := f.column(id); ctx.Err() != nil || c.ID != "" && time.Since(c.Modified) < youngest {
			young = append(young, id)
			continue
		}
		f.scan(ctx, id, nil)
	}
	f.mu.Lock()
	f.ended = append(f.ended, young...)
	f.mu.Unlock()
	f.text.tidy(f, false)
}

// ForgetText takes what the index of its folder knows of a transcript out, whose file
// is at path: it was written anew without its secrets. That no index is there, or none
// of that transcript, is all right.
func ForgetText(path string) error {
	id, ok := strings.CutSuffix(filepath.Base(path), suffix)
	if !ok || !ValidID(id) {
		return nil
	}
	f, err := OpenFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	names, err := f.names()
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isSegment(name) })
	f.text.mu.Lock()
	f.text.open(f, names)
	f.text.remove(id)
	f.text.mu.Unlock()
	return errors.Join(err, f.Close())
}

// isSegment reports whether a file's name is one of a segment.
func isSegment(name string) bool { return strings.HasPrefix(name, segmentName) }

// scan reports whether a transcript's text holds the printed text, and adds it to
// the index.
func (f *Folder) scan(ctx context.Context, id string, printed []byte) bool {
	file, err := f.open(id)
	if err != nil {
		return false
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return false
	}
	made, found := newFilter(before.Size()), false
	whole := searchIn(ctx, file, func(text []byte) bool {
		made.add(text)
		found = found || printed != nil && bytes.Contains(text, printed)
		return true
	})
	after, err := file.Stat()
	c := columnOf(id, before)
	if whole && err == nil && c.is(columnOf(id, after)) && time.Since(c.Modified) >= youngest {
		f.text.insert(indexed{c, made.folded()})
	}
	return found
}
