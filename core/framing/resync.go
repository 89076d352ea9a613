package framing

// Plausible reports whether bytes can be a frame, by more than its length: all of it if whole,
// else its beginning, which has at least one byte. Of a beginning it says no only if it says
// no of all that begin so. It should say yes of little: that is what a place is found by.
type Plausible func(frame []byte, whole bool) bool

// Search says whether a stream looks for the place where a frame begins.
type Search uint8

// The states of a search.
const (
	Unsought  Search = iota // nothing was missed, or Skip was told where it goes on
	Searching               // no place is known
	Found                   // a place was found, by what was plausible
)

// Bounds of a search. That of bytes bounds what is held and looked at again.
const (
	ResyncFrames = 3       // so many plausible frames, one after the other, are a place
	ResyncBytes  = 4 << 10 // or so many bytes of them
)

// Resync says that so many bytes were missed, as Skip does, and that the next one may be anywhere
// in a frame. Feed then passes over bytes until ResyncFrames frames follow each other that are
// Plausible, or the ResyncBytes bytes that have come are plausible as far as they go; it goes on
// with the first of these frames. That is a guess: once a frame comes after it that is not
// plausible, or that Cut or Most refuse, the search begins again after that one's first byte.
//
// Where a place is found depends on the bytes alone, not on how they were cut.
func (s *Stream) Resync(n int64) {
	s.Skip(n)
	s.Search = Searching
}

// find returns how many bytes lie before the place, in data, where frames are found or may
// still be.
func (s *Stream) find(data []byte, most int) (passed int) {
	for ; passed < len(data); passed++ {
		window := data[passed:min(len(data), passed+ResyncBytes)]
		switch found, more := s.begins(window, most); {
		case found:
			s.Search = Found
			return passed
		case more:
			return passed
		}
	}
	return passed
}

// begins reports whether plausible frames begin here, or whether more has to come to know.
func (s *Stream) begins(window []byte, most int) (found, more bool) {
	full, at := len(window) == ResyncBytes, 0
	for range ResyncFrames {
		if at == len(window) {
			return full, !full
		}
		n, err := s.Cut(window[at:], 0)
		if s.misplaced(window[at:], n, most, err) {
			return false, false
		}
		if n == 0 || n > len(window)-at {
			return full, !full
		}
		at += n
	}
	return true, false
}

// misplaced reports whether what Cut says of data shows that no frame begins there.
func (s *Stream) misplaced(data []byte, n, most int, err error) bool {
	if err != nil || n > most || n == 0 && len(data) >= most {
		return true
	}
	if n > 0 && n <= len(data) {
		return !s.Plausible(data[:n], true)
	}
	return !s.Plausible(data, false)
}
