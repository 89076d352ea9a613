package store

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/protocol-workbench/workbench/core/store/parts"
)

// pollEvery is how often a transcript that another process writes is looked at.
const pollEvery = 100 * time.Millisecond

// Follow implements [Store].
func (f *Folder) Follow(ctx context.Context, id string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		text, err := f.openAll(id)
		if err != nil {
			yield(nil, err)
			return
		}
		defer text.Close()
		t := &tail{folder: f, id: id, text: text}
		t.look()
		for block, err := range Blocks(t, func(held bool) (bool, bool, error) { return t.more(ctx, held) }) {
			if !yield(block, err) {
				return
			}
		}
	}
}

// tail waits for a text to grow.
type tail struct {
	folder *Folder
	id     string
	text   *parts.Reader
	over   bool            // nobody writes any more
	grown  <-chan struct{} // of a writer in this process
	whole  int64           // bytes that it has written, which end after an entry
	size   int64
}

// Read implements [io.Reader]. It does not read what a writer in this process has
// written in part.
func (t *tail) Read(p []byte) (int, error) {
	if t.grown != nil {
		p = p[:min(int64(len(p)), t.whole-t.text.At())]
		if len(p) == 0 {
			return 0, io.EOF
		}
	}
	return t.text.Read(p)
}

// look finds out whether anybody still writes, before the file is read: what
// was written until then is read first.
func (t *tail) look() {
	t.grown, t.whole = t.folder.writer(t.id)
	t.over = t.grown == nil && !isLocked(t.text.First())
}

// more waits until there may be more. A writer in this process writes whole
// entries. What another has written may be seen in part: it counts as whole
// once nothing has followed for a while.
func (t *tail) more(ctx context.Context, held bool) (goOn, whole bool, err error) {
	if t.over {
		return false, true, nil
	}
	if t.grown != nil && held {
		return true, true, nil // first hand out what is there
	}
	whole = t.grown != nil || t.settled()
	if whole && held {
		return true, true, nil
	}
	var poll <-chan time.Time
	if t.grown == nil {
		timer := time.NewTimer(pollEvery)
		defer timer.Stop()
		poll = timer.C
	}
	select {
	case <-t.grown:
	case <-poll:
	case <-ctx.Done():
		return false, false, ctx.Err()
	}
	t.look()
	return true, false, nil
}

// settled reports whether the text has the size that it had the last time.
func (t *tail) settled() bool {
	size, err := t.text.Written()
	if err != nil {
		return true
	}
	same := size == t.size
	t.size = size
	return same
}
