package practice

import "bytes"

// This file knows bytes and where a read begins; it knows no connections and no
// clock.

// word ends a connection if it is at the start of a line or of a read.
const word = "quit"

// maxHeld is the most that is held back: all of the word but its last byte.
const maxHeld = len(word) - 1

// scanner looks for the word in what a client sends. Its whole state is how much
// of the word the last read ended with: every read starts afresh, so it need not
// remember whether that read ended a line.
//
// The zero value is ready to use.
type scanner struct {
	held int // bytes held back; they are word[:held]
}

// feed takes the data of one read. To echo are word[:before], held back until
// now, and then read[:n]. What follows read[n] is held back or, after quit,
// dropped.
func (s *scanner) feed(read []byte) (before, n int, quit bool) {
	if s.held > 0 {
		more := common(word[s.held:], read)
		if s.held += more; s.held == len(word) {
			s.held = 0
			return 0, 0, true
		}
		if more == len(read) {
			return 0, 0, false
		}
		// Not the word after all. The read may still start with it: only the
		// first byte of the word can begin it, so what matched its middle
		// cannot be a beginning too.
		before, s.held = s.held-more, 0
	}
	for at := 0; ; {
		matched := common(word, read[at:])
		if matched == len(word) {
			return before, at, true
		}
		if at+matched == len(read) {
			s.held = matched
			return before, at, false
		}
		line := bytes.IndexByte(read[at+matched:], '\n')
		if line < 0 {
			return before, len(read), false
		}
		at += matched + line + 1
	}
}

// release stops waiting: word[:before] is to be echoed now.
func (s *scanner) release() (before int) {
	before, s.held = s.held, 0
	return before
}

// common returns the length of the longest common prefix.
func common(w string, b []byte) int {
	n := 0
	for n < len(w) && n < len(b) && w[n] == b[n] {
		n++
	}
	return n
}
