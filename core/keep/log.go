package keep

import (
	"bytes"
	"sort"
)

const (
	firstSegment = 2 << 10  // bytes; each segment is twice as long as the one before it …
	lastSegment  = 64 << 10 // … up to this, but for an entry that is longer
	entryWeight  = 4        // what an entry counts beside its bytes
)

// log holds the newest entries of a session, in JSON, by their numbers.
type log struct {
	segments []segment
	next     uint64 // the number of the next entry
	size     int    // of all segments
	total    uint64 // bytes of all entries that ever came
	heads    []Head // of the first entry of each segment that was dropped
}

// segment is a run of entries, each followed by a comma. Bytes that were written
// never change, so readers need no lock for what they were given.
type segment struct {
	first uint64 // the number of its first entry
	from  uint64 // log.total before it
	data  []byte
	ends  []int // of each entry, in data
}

func (s *segment) size() int { return cap(s.data) + entryWeight*cap(s.ends) }

// add takes an entry, and drops the oldest segments while there is more than bound.
func (l *log) add(entry []byte, bound int) {
	s := l.open(len(entry) + 1)
	before := s.size()
	s.data = append(append(s.data, entry...), ',')
	s.ends = append(s.ends, len(s.data))
	l.size += s.size() - before
	l.total += uint64(len(entry) + 1)
	l.next++
	for l.size > bound && len(l.segments) > 1 {
		dropped := &l.segments[0]
		l.size -= dropped.size()
		l.remember(Head{dropped.first, bytes.Clone(l.oldest()[:min(headSize, dropped.ends[0]-1)])})
		l.segments[0] = segment{}
		l.segments = l.segments[1:]
	}
}

// open returns the segment to which so many bytes can be appended.
func (l *log) open(n int) *segment {
	length := firstSegment
	if len(l.segments) > 0 {
		last := &l.segments[len(l.segments)-1]
		if len(last.data)+n <= cap(last.data) {
			return last
		}
		length = min(2*cap(last.data), lastSegment)
	}
	l.segments = append(l.segments, segment{first: l.next, from: l.total, data: make([]byte, 0, max(n, length))})
	s := &l.segments[len(l.segments)-1]
	l.size += s.size()
	return s
}

// first returns the number of the oldest entry that is kept, or of the next.
func (l *log) first() uint64 {
	if len(l.segments) == 0 {
		return l.next
	}
	return l.segments[0].first
}

// oldest returns the oldest entry that is kept; there is one.
func (l *log) oldest() []byte {
	s := &l.segments[0]
	return s.data[:s.ends[0]-1]
}

// from returns the entries from number i on, which is kept, as far as they lie
// together; the number after them; and how many bytes had come by their end.
func (l *log) from(i uint64) (entries []byte, next, total uint64) {
	at := sort.Search(len(l.segments), func(at int) bool { return l.segments[at].first > i }) - 1
	s := &l.segments[at]
	start := 0
	if skipped := int(i - s.first); skipped > 0 {
		start = s.ends[skipped-1]
	}
	end := len(s.data)
	return s.data[start:end:end], s.first + uint64(len(s.ends)), s.from + uint64(end)
}
