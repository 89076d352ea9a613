package textindex

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// File is what a file was when its text was read. One of another size or time is not
// it. The zero File is none.
type File struct {
	ID       string
	Size     int64
	Modified time.Time
}

// Is reports whether both are the same.
func (f File) Is(other File) bool {
	return f.ID == other.ID && f.Size == other.Size && f.Modified.Equal(other.Modified)
}

// Old reports whether a file was written long enough ago for its time to tell that it
// is the same: file systems count in steps.
func (f File) Old() bool { return time.Since(f.Modified) >= step }

const step = 2 * time.Second

// Index is the index of the texts in one folder. Its methods may be called by any
// goroutine.
type Index struct {
	root     *os.Root
	temp     string
	now      func(id string) File
	outdated atomic.Bool // it may know of files that are gone

	mu       sync.Mutex
	segments []*segment
	places   map[string]place // by ID; those in segments
	fresh    map[string]indexed
	bytes    int // of filters that are fresh
}

// place is where a file's filter is.
type place struct {
	in *segment
	at int // the column
}

// indexed is a filter that is in no segment yet.
type indexed struct {
	File
	filter Filter
}

// Bounds of the filters that are in no segment yet.
const (
	maxFresh      = 64
	maxFreshBytes = 1 << 20
)

// New returns the index of the folder root. A file of it is written under a name that
// begins with temp before it has its own. now says what a file is at present.
func New(root *os.Root, temp string, now func(id string) File) *Index {
	return &Index{root: root, temp: temp, now: now, places: map[string]place{}, fresh: map[string]indexed{}}
}

// IsPart reports whether a file's name is one that the index gives to its own.
func IsPart(name string) bool { return strings.HasPrefix(name, segmentName) }

// LookUp says of each file whether the index knows it as it is now, and if so, whether
// its text lacks a gram of the given one. parts are the names of the index's files.
func (x *Index) LookUp(parts []string, now []File, text []byte) (lacks, known []bool) {
	hashes := gramsOf(text)
	lacks, known = make([]bool, len(now)), make([]bool, len(now))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open(parts)
	matches := map[*segment][]byte{}
	for _, s := range slices.Clone(x.segments) {
		match, err := s.matching(x.root, hashes)
		if err != nil {
			x.drop(s)
			continue
		}
		matches[s] = match
	}
	for i, file := range now {
		d, isFresh := x.fresh[file.ID]
		p, isPlaced := x.places[file.ID]
		switch {
		case isFresh && d.File.Is(file):
			known[i], lacks[i] = true, d.filter.lacks(hashes)
		case isPlaced && p.in.columns[p.at].Is(file):
			known[i], lacks[i] = true, matches[p.in][p.at/8]>>(p.at%8)&1 == 0
		default:
			x.remove(file.ID) // changed since
		}
	}
	return lacks, known
}

// Add adds a file and the filter of its text.
func (x *Index) Add(file File, f Filter) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(file.ID)
	d := indexed{file, f.Folded()}
	x.fresh[file.ID] = d
	x.bytes += 8 * len(d.filter)
}

// Remove drops what is known of a file; its column goes at the next Tidy.
func (x *Index) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
}

// Forget is Remove for the files that are named by is, those too that the index knows
// of from its own files which it has not seen yet: parts are the names of these.
func (x *Index) Forget(parts []string, is func(id string) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(parts) > 0 {
		x.open(parts)
	}
	for id := range x.fresh {
		if is(id) {
			x.remove(id)
		}
	}
	for id := range x.places {
		if is(id) {
			x.remove(id)
		}
	}
}

// remove drops what is known of a file.
func (x *Index) remove(id string) {
	if d, ok := x.fresh[id]; ok {
		x.bytes -= 8 * len(d.filter)
		delete(x.fresh, id)
	}
	x.bury(id)
}

// FilesGone has the next Prune look.
func (x *Index) FilesGone() { x.outdated.Store(true) }

// Prune drops what is known of files that are not there any more, if there may be any.
func (x *Index) Prune(there func() map[string]bool) {
	if !x.outdated.Swap(false) {
		return
	}
	all := there()
	x.Forget(nil, func(id string) bool { return !all[id] })
}

// Tidy writes what is fresh into segments, all of it or once there is enough, and
// those again that have columns of no use. That one cannot be written costs time,
// nothing else.
func (x *Index) Tidy(all bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	groups := map[int][]indexed{} // by the filters' size
	if all || len(x.fresh) >= maxFresh || x.bytes >= maxFreshBytes {
		for _, d := range x.fresh {
			if !x.now(d.ID).Is(d.File) {
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
		for fresh, more := x.write(log, fresh); more; fresh, more = x.write(log, fresh) {
		}
	}
}

// write makes one segment of what is fresh, of those that have columns of no use,
// and of those that are not much larger, as far as there is room. It reports what
// is left, if anything is.
func (x *Index) write(log int, fresh []indexed) (left []indexed, more bool) {
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
	var columns []File
	for _, d := range fresh {
		columns = append(columns, d.File)
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
			if err := r.merge(x.root, s, wheres[i]); err != nil {
				x.drop(s) // what it said is found out again
				return slices.Concat(fresh, left), true
			}
		}
		s, err := r.save(x.root, x.temp)
		if err != nil {
			return nil, false
		}
		defer x.add(s)
	}
	for _, s := range from {
		x.drop(s)
	}
	return left, len(left) > 0 || slices.ContainsFunc(x.segments, func(s *segment) bool { return s.log == log && s.dead > 0 })
}

// bySize returns the segments of such filters, those with columns of no use first,
// then by how many they have.
func (x *Index) bySize(log int) []*segment {
	all := slices.DeleteFunc(slices.Clone(x.segments), func(s *segment) bool { return s.log != log })
	slices.SortFunc(all, func(a, b *segment) int {
		if (a.dead > 0) != (b.dead > 0) {
			return b.dead - a.dead
		}
		return len(a.columns) - len(b.columns)
	})
	return all
}

// open reads the heads of segments that others have written, and forgets those that
// are gone.
func (x *Index) open(names []string) {
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
		s, err := openSegment(x.root, name)
		if err != nil {
			if errors.Is(err, errDamaged) {
				x.root.Remove(name)
			}
			continue
		}
		x.add(s)
		x.outdated.Store(true)
	}
}

// add takes a segment up. Of two that know the same, one counts, and all processes
// agree which.
func (x *Index) add(s *segment) {
	x.segments = append(x.segments, s)
	for i, c := range s.columns {
		if p, ok := x.places[c.ID]; ok && p.in.name > s.name && p.in.columns[p.at].Is(c) {
			s.dead++
			continue
		}
		x.bury(c.ID)
		x.places[c.ID] = place{s, i}
	}
}

// bury notes that what is known of a file is of no use any more.
func (x *Index) bury(id string) {
	if p, ok := x.places[id]; ok {
		p.in.dead++
		delete(x.places, id)
	}
}

// forget lets go of a segment.
func (x *Index) forget(s *segment) {
	x.segments = slices.DeleteFunc(x.segments, func(other *segment) bool { return other == s })
	for _, c := range s.columns {
		if x.places[c.ID].in == s {
			delete(x.places, c.ID)
		}
	}
}

// drop deletes a segment that is damaged, or of no use.
func (x *Index) drop(s *segment) {
	x.forget(s)
	x.root.Remove(s.name)
}
