package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const (
	blockSize = 64 << 10
	// maxEntryText is more than any entry can be: an action that is all line
	// ends, each on a line of its own below a long indent.
	maxEntryText = 64 * core.MaxActionPayload
)

var errEntryTooLong = errors.New("an entry of the transcript is longer than any can be")

// Blocks cuts a transcript's text into blocks that end after whole entries,
// as [Store.Follow] yields them. At the end of what r has, more is asked
// whether to read on; it returns once there may be more, false at the end of
// the transcript. It is told whether a part of an entry may be held back, and
// whole says that there is none. A nil more ends at the end of r.
func Blocks(r io.Reader, more func(held bool) (goOn, whole bool, err error)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		buf, held := make([]byte, blockSize), 0
		emit := func(n int) bool {
			if n == 0 {
				return true
			}
			ok := yield(buf[:n:n], nil)
			held = copy(buf, buf[n:held])
			return ok
		}
		for {
			if held == len(buf) {
				if len(buf) >= maxEntryText {
					yield(nil, errEntryTooLong)
					return
				}
				buf = append(buf, make([]byte, len(buf))...)
			}
			n, err := r.Read(buf[held:])
			held += n
			switch {
			case err != nil && err != io.EOF:
				yield(nil, err)
				return
			case n > 0:
				if held == len(buf) && !emit(lastEntry(buf[:held])) {
					return
				}
				continue
			}
			goOn, whole, err := false, true, error(nil)
			if more != nil {
				goOn, whole, err = more(held > 0)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			n = held
			if !whole {
				n = lastEntry(buf[:held]) // the ones before it are
			}
			if !emit(n) || !goOn {
				return
			}
		}
	}
}

// lastEntry returns where the last entry begins, with the comments, rules and blank
// lines above it; 0 if there is none below the header.
func lastEntry(text []byte) int {
	begin := 0 // of an entry, once one is found
	for end := len(text); end > 0; {
		line := 1 + bytes.LastIndexByte(text[:end-1], '\n')
		switch c := text[line]; {
		case begin == 0 && (c == '>' || c == '<' || c == '-' || '0' <= c && c <= '9'):
			begin = line
		case begin != 0 && c != '#' && c != '~' && c != '\r' && c != '\n':
			return begin
		case begin != 0:
			begin = line
		}
		end = line
	}
	return 0
}

// Decoder makes entries of a transcript's text that comes in blocks, such as
// [Store.Follow] yields. The zero value expects the header in the first.
type Decoder struct {
	// Header is what stands above the first entry. Its CutOff is what the last block
	// tells.
	Header *transcript.Transcript
	n      uint64 // events so far
	lines  int    // of the blocks so far
}

// goOn returns what stands above each block but the first: Parse takes what follows
// as entries that go on from others, of a machine that is told of silence if the
// header says so.
func goOn(header *transcript.Transcript) []byte {
	above := []byte("workbench transcript v1\nmode m\n")
	if header.Quiet > 0 {
		above = fmt.Appendf(above, "quiet %v\n", header.Quiet)
	}
	return append(above, "state \"\"\n\n"...)
}

// Entries returns the entries of the next block, numbered on from those
// before. Its errors are a *transcript.SyntaxError under the given name.
func (d *Decoder) Entries(name string, block []byte) ([]transcript.Entry, error) {
	var above []byte
	if d.Header != nil {
		above = goOn(d.Header)
	}
	t, err := transcript.Parse(name, append(above, block...))
	var bad *transcript.SyntaxError
	if errors.As(err, &bad) {
		if d.Header != nil {
			bad.Line += d.lines - bytes.Count(above, []byte("\n"))
		}
		return nil, bad
	}
	for i := range t.Entries {
		t.Entries[i].N += d.n
	}
	if n := len(t.Entries); n > 0 {
		d.n = t.Entries[n-1].N
	}
	d.lines += bytes.Count(block, []byte("\n"))
	if d.Header == nil {
		header := *t
		header.Entries = nil
		d.Header = &header
	}
	d.Header.CutOff = t.CutOff
	return t.Entries, nil
}

// Golden makes a golden of a recording: it leaves out times, remarks, comments
// and how TLS was spoken, and of one that was cut off the last event, whose answer may not
// be there whole.
func Golden(t *transcript.Transcript) {
	entries := t.Entries
	if t.CutOff {
		for len(entries) > 0 && entries[len(entries)-1].Dir != transcript.Event {
			entries = entries[:len(entries)-1]
		}
		entries = entries[:max(0, len(entries)-1)]
	}
	t.Entries = slices.DeleteFunc(entries, func(e transcript.Entry) bool { return e.Dir == transcript.Remark })
	for i := range t.Entries {
		t.Entries[i].Timed, t.Entries[i].Comments = false, nil
	}
	t.TLS, t.HeaderComments, t.Trailing, t.CutOff = nil, nil, nil, false
}

// Parse reads a whole transcript of at most the given bytes. Only what needs all of it
// at once does: an entry takes several times the memory of its text.
func Parse(name string, r io.Reader, most int64) (*transcript.Transcript, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s is larger than %d MiB, which is the most that is read at once", name, most>>20)
	}
	return transcript.Parse(name, data)
}
