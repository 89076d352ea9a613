package linewise

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// Secrets marks passwords in a client's lines as they come, piece by piece: a mark
// reaches no earlier event. It judges by what the lines say, since a machine that waits
// for its world cannot tell yet what they will mean; what only looks like a password is
// marked too.
type Secrets struct {
	// Rule is told how a line begins, MaxStart bytes at most, and says from which byte
	// on it is secret (-1: it is not), and which lines after it are: after the next skip
	// lines, more lines.
	Rule func(start []byte) (from, skip, more int)

	start      []byte // of the line so far
	size       int    // of the line so far
	count      int    // lines that are over
	skip, more int    // lines, as the rule said of line by
	by         int
}

// MaxStart is how many bytes of a line a Rule sees.
const MaxStart = 64

// Mark marks what is secret of data, the payload of the event being answered.
func (s *Secrets) Mark(data []byte, out *core.Out) {
	for at := 0; at < len(data); {
		piece := data[at:]
		end := bytes.IndexByte(piece, '\n')
		if end >= 0 {
			piece = piece[:end]
		}
		s.start = append(s.start, piece[:min(len(piece), MaxStart-len(s.start))]...)
		from, skip, more, by := s.rule()
		if from >= 0 {
			first := max(from-s.size, 0)
			last := len(bytes.TrimSuffix(piece, []byte("\r"))) // the line's end stays
			if first < last {
				out.Secret(false, at+first, at+last)
			}
		}
		s.size += len(piece)
		at += len(piece)
		if end >= 0 {
			s.start, s.size, s.skip, s.more, s.by = s.start[:0], 0, skip, more, by
			s.count++
			at++
		}
	}
}

// rule says from where this line is secret, and what counts after it by which line.
func (s *Secrets) rule() (from, skip, more, by int) {
	switch {
	case s.skip > 0:
		return -1, s.skip - 1, s.more, s.by
	case s.more > 0:
		return 0, 0, s.more - 1, s.by
	}
	from, skip, more = s.Rule(s.start)
	return from, skip, more, s.count + 1
}

// Forget says that the lines after the one of this number, from 1, are not secret after
// all: it was refused.
func (s *Secrets) Forget(number int) {
	if s.by == number {
		s.skip, s.more = 0, 0
	}
}
