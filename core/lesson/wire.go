package lesson

import (
	"bytes"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// MaxJudged bounds what conditions look at, in bytes of each side of a connection.
// What a side says after that is left out.
const MaxJudged = 256 << 10

// wire is what crossed one connection, taken apart.
type wire struct {
	log    *transcript.Transcript
	pieces []convert.Crossing
	items  []item
	said   [core.Server + 1][]byte // the streams
	ends   [core.Server + 1][]int  // for each piece with bytes of a side, where in the stream it ends
	from   [core.Server + 1][]int  // … and its index in pieces
	first  *item                   // the first end of a stream
	known  []known                 // fields, once they were asked for
	past   int                     // the first entry past MaxJudged; the number of entries if there is none
}

// item is a line, or the end of a stream. A line counts from when its last byte has
// crossed; what follows the last line end is one too.
type item struct {
	side core.Side
	kind convert.Kind // Bytes for a line
	line []byte       // without its line end
	to   int          // where it ends in the side's stream
	at   int          // index in pieces
}

func newWire(t *transcript.Transcript) *wire {
	w := &wire{log: t, past: len(t.Entries)}
	ordered := slices.ContainsFunc(t.Entries, func(e transcript.Entry) bool {
		return e.Dir == transcript.Action && (e.Action.Kind == core.Close || e.Action.Kind == core.Failed)
	})
	for _, c := range convert.Crossings(t) {
		switch {
		case c.Implied && !(ordered && c.From == core.Client):
			continue // the session may be running
		case c.Kind == convert.Bytes:
			room := MaxJudged - len(w.said[c.From])
			if room <= 0 {
				w.past = min(w.past, c.Entry)
				continue
			}
			c.Data = c.Data[:min(len(c.Data), room)]
			w.said[c.From] = append(w.said[c.From], c.Data...)
			w.ends[c.From] = append(w.ends[c.From], len(w.said[c.From]))
			w.from[c.From] = append(w.from[c.From], len(w.pieces))
		}
		w.pieces = append(w.pieces, c)
	}
	for i, c := range w.pieces {
		if c.Kind != convert.Bytes {
			w.items = append(w.items, item{side: c.From, kind: c.Kind, to: len(w.said[c.From]), at: i})
		}
	}
	for _, side := range []core.Side{core.Client, core.Server} {
		at := 0
		for line := range bytes.Lines(w.said[side]) {
			at += len(line)
			text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			w.items = append(w.items, item{side, convert.Bytes, text, at, w.pieceOf(side, at-1)})
		}
	}
	slices.SortStableFunc(w.items, func(a, b item) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return a.to - b.to
	})
	for i := range w.items {
		if w.items[i].kind != convert.Bytes {
			w.first = &w.items[i]
			break
		}
	}
	return w
}

// pieceOf returns the index of the piece that a byte of a side's stream came in.
func (w *wire) pieceOf(side core.Side, offset int) int {
	i, _ := slices.BinarySearch(w.ends[side], offset+1)
	if i == len(w.ends[side]) {
		return max(0, len(w.pieces)-1)
	}
	return w.from[side][i]
}

// entryOf returns the index of the transcript's entry of a piece; -1 if there is none.
func (w *wire) entryOf(piece int) int {
	if piece < 0 || piece >= len(w.pieces) {
		return -1
	}
	return w.pieces[piece].Entry
}

// bare returns where the first LF of a side is that has no CR before it, -1 if there is
// none, and which line and which of its bytes that is, from 1.
func (w *wire) bare(side core.Side) (offset, line, column int) {
	at := 0
	for text := range bytes.Lines(w.said[side]) {
		at += len(text)
		line++
		if bytes.HasSuffix(text, []byte("\n")) && !bytes.HasSuffix(text, []byte("\r\n")) {
			return at - 1, line, len(text)
		}
	}
	return -1, 0, 0
}

// segments returns how many pieces hold bytes from one offset up to another.
func (w *wire) segments(side core.Side, from, to int) int {
	n, start := 0, 0
	for _, end := range w.ends[side] {
		if start < to && end > from {
			n++
		}
		start = end
	}
	return n
}
