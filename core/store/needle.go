package store

import (
	"bytes"
	"context"
	"io"

	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// Needle is the text of a query as transcripts have it. It is here for engines.
type Needle struct{ printed []byte }

// NewNeedle returns what [Query.Text] looks for, or [ErrTextTooLong].
func NewNeedle(text string) (Needle, error) {
	if len(text) > MaxText {
		return Needle{}, ErrTextTooLong
	}
	return Needle{quoted(text)}, nil
}

// In reports whether the text of a transcript holds it.
func (n Needle) In(ctx context.Context, text io.Reader) bool {
	found := false
	searchIn(ctx, text, func(block []byte) bool {
		found = bytes.Contains(block, n.printed)
		return !found
	})
	return found
}

// Lacks reports for certain that the text of a filter does not hold it.
func (n Needle) Lacks(f textindex.Filter) bool { return f.Lacks(n.printed) }

// FilterOf reads the text of a transcript, of so many bytes, and returns the filter that
// a search asks with [Needle.Lacks]. ok is false if ctx is done.
func FilterOf(ctx context.Context, text io.Reader, size int64) (f textindex.Filter, ok bool) {
	f = textindex.NewFilter(size)
	ok = searchIn(ctx, text, func(block []byte) bool {
		f.Add(block)
		return true
	})
	return f.Folded(), ok
}
