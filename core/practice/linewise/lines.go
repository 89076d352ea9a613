package linewise

import "bytes"

// Lines cuts a client's stream into lines, each of which ends in LF. The zero value is
// ready to use. It searches each byte once, and holds what was added and not yet taken;
// how much that may be is for its owner to bound, by Held.
type Lines struct {
	held     []byte
	start    int // of held: where the next line begins
	searched int // of held: no LF before, from start on
	dropped  int // bytes of the next line that are no longer held
	count    int // lines taken
}

// Line is one line.
type Line struct {
	Text   []byte // without its end; valid until the next Add. Of a long line: nothing
	CRLF   bool   // its end was CR LF, and not LF alone
	Number int    // from 1, as counted from the stream's start
	Size   int    // bytes, its end included
	Long   bool   // Size is more than asked for
}

// Add appends bytes of the stream, which are copied.
func (l *Lines) Add(data []byte) {
	if l.start > 0 {
		n := copy(l.held, l.held[l.start:])
		l.held, l.searched, l.start = l.held[:n], l.searched-l.start, 0
	}
	if len(l.held) == 0 && cap(l.held) > keep {
		l.held = nil
	}
	l.held = append(l.held, data...)
}

const keep = 16 << 10 // bytes that an empty buffer may keep

// Held returns how many bytes wait to be taken.
func (l *Lines) Held() int { return len(l.held) - l.start }

// Inside reports whether the stream is inside a line.
func (l *Lines) Inside() bool { return l.Held()+l.dropped > 0 }

// Number returns the number of the line that comes next.
func (l *Lines) Number() int { return l.count + 1 }

// Next takes the next line, if all of it has come. Of a line of more than max bytes, its
// end included, only the size is told; its bytes are dropped as they come.
func (l *Lines) Next(max int) (Line, bool) {
	at := bytes.IndexByte(l.held[l.searched:], '\n')
	if at < 0 {
		l.searched = len(l.held)
		if n := l.Held() - 1; n >= max { // the last may be the CR of its end
			l.start, l.dropped = l.start+n, l.dropped+n
		}
		return Line{}, false
	}
	end := l.searched + at + 1
	text := l.held[l.start : end-1]
	l.count++
	line := Line{Number: l.count, Size: l.dropped + end - l.start}
	line.Text, line.CRLF = bytes.CutSuffix(text, []byte("\r"))
	if line.Size > max {
		line.Text, line.Long = nil, true
	}
	l.start, l.searched, l.dropped = end, end, 0
	return line, true
}
