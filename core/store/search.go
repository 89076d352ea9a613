package store

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// searchAtOnce is how many transcripts are searched before the limit of a
// search is looked at again.
const searchAtOnce = 512

// search returns those whose text holds q.Text, up to q.Limit.
func (f *Folder) search(ctx context.Context, all []Info, q Query) ([]Info, error) {
	n := newNeedle(q.Text)
	var found []Info
	for len(all) > 0 && (q.Limit <= 0 || len(found) < q.Limit) {
		batch := all[:min(len(all), searchAtOnce)]
		all = all[len(batch):]
		hits := make([]bool, len(batch))
		each(ctx, len(batch), func(i int) { hits[i] = f.holds(batch[i].ID, n) })
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, hit := range hits {
			if hit {
				found = append(found, batch[i])
			}
		}
	}
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	return found, nil
}

// needle is a text in the form that it has in a transcript.
type needle struct {
	text  []byte
	lines *regexp.Regexp // when it has line ends: the printer breaks lines there
}

func newNeedle(text string) needle {
	pieces := strings.SplitAfter(text, "\n")
	if pieces[len(pieces)-1] == "" {
		pieces = pieces[:len(pieces)-1]
	}
	for i, piece := range pieces {
		pieces[i] = quoted(piece)
	}
	if len(pieces) == 1 {
		return needle{text: []byte(pieces[0])}
	}
	for i, piece := range pieces {
		pieces[i] = regexp.QuoteMeta(piece)
	}
	return needle{lines: regexp.MustCompile(strings.Join(pieces, "\"\n *\""))}
}

// quoted returns what stands between the quotes of a payload.
func quoted(text string) string {
	e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(text)}}
	line := string(transcript.AppendEntry(nil, &e))
	return strings.TrimSuffix(line[strings.IndexByte(line, '"')+1:], "\"\n")
}

func (n needle) in(text []byte) bool {
	if n.lines != nil {
		return n.lines.Match(text)
	}
	return bytes.Contains(text, n.text)
}

var searchBuffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// holds reports whether a transcript's text holds n. A buffer begins with the
// last 16 KiB of the one before, so that what lies across is found.
func (f *Folder) holds(id string, n needle) bool {
	const overlap = 16 << 10
	file, err := f.open(id)
	if err != nil {
		return false
	}
	defer file.Close()
	b := searchBuffers.Get().(*[]byte)
	defer searchBuffers.Put(b)
	buf, held := *b, 0
	for {
		got, err := io.ReadFull(file, buf[held:])
		if n.in(buf[:held+got]) {
			return true
		}
		if err != nil {
			return false
		}
		held = copy(buf, buf[len(buf)-overlap:])
	}
}
