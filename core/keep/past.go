package keep

// headSize is how much is kept of an entry to know it again, in bytes: more than all
// that stands before its payload.
const headSize = 192

// maxHeads bounds the heads that a session remembers: of more, every other one goes.
const maxHeads = 4096

// Head is how an entry begins that has left memory.
type Head struct {
	I     uint64
	Entry []byte // at most the first headSize bytes of it, in JSON
}

// Read returns the entries from number i on, at most count, that are in memory and lie
// together, and the number after them: next is i where there are none yet. If i has left
// memory, missing says so, up to and without what is kept.
func (s *Session) Read(i, count uint64) (entries []byte, next uint64, missing *Range) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case i >= s.log.next:
		return nil, i, nil
	case i < s.log.first():
		return nil, i, s.missing(i)
	}
	return s.log.upTo(i, count)
}

// missing returns the range from i on that has left memory. mu is held.
func (s *Session) missing(i uint64) *Range {
	heads := s.log.heads
	return &Range{i, s.log.first(), s.log.oldest(), heads[:len(heads):len(heads)]}
}

// upTo returns at most count entries from number i on, which is kept.
func (l *log) upTo(i, count uint64) (entries []byte, next uint64, _ *Range) {
	entries, next, _ = l.from(i)
	if next-i <= count {
		return entries, next, nil
	}
	rest, _, _ := l.from(i + count) // in the same segment
	return entries[: len(entries)-len(rest) : len(entries)-len(rest)], i + count, nil
}

// remember takes the head of an entry that leaves memory.
func (l *log) remember(h Head) {
	if len(l.heads) == maxHeads {
		var fewer []Head // readers may hold the others
		for i := 0; i < len(l.heads); i += 2 {
			fewer = append(fewer, l.heads[i])
		}
		l.heads = fewer
	}
	l.heads = append(l.heads, h)
}
