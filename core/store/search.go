package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store/parts"
	"github.com/protocol-workbench/workbench/core/store/textindex"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// How many transcripts are searched before the limit of a search is looked at again:
// as many as it leaves, within these bounds.
const (
	searchAtLeast = 64
	searchAtMost  = 512
)

// MaxText is how long a text may be that is candidate, in bytes.
const MaxText = 1 << 10

// ErrTextTooLong says that the text of a query is longer than [MaxText].
var ErrTextTooLong = fmt.Errorf("text is longer than %d bytes", MaxText)

// search returns those whose text holds q.Text, up to q.Limit. The index of the text
// tells which files need not be read, and takes in those that it did not know; segments
// are the names of its own. A text lies in one entry, and so in one part.
func (f *Folder) search(ctx context.Context, all []Info, segments []string, q Query) ([]Info, error) {
	if len(q.Text) > MaxText {
		return nil, ErrTextTooLong
	}
	printed := quoted(q.Text)
	of := make([][]textindex.File, len(all))
	each(ctx, len(all), func(i int) { of[i] = f.filesNow(all[i].ID) })
	lacks, known := f.text.LookUp(segments, slices.Concat(of...), printed)
	var found []Info
	for from := 0; from < len(all) && (q.Limit <= 0 || len(found) < q.Limit); {
		var batch []candidate
		most := searchAtMost
		if q.Limit > 0 {
			most = min(max(q.Limit-len(found), searchAtLeast), most)
		}
		for ; from < len(all) && len(batch) < most; from++ {
			n := len(of[from])
			s := candidate{from, of[from], lacks[:n], known[:n]}
			if lacks, known = lacks[n:], known[n:]; slices.Contains(s.lacks, false) {
				batch = append(batch, s)
			}
		}
		hits := make([]bool, len(batch))
		each(ctx, len(batch), func(i int) { hits[i] = f.hit(ctx, batch[i], all[batch[i].at].Running, printed) })
		f.text.Tidy(false)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, hit := range hits {
			if hit {
				found = append(found, all[batch[i].at])
			}
		}
	}
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	return found, nil
}

// candidate is a transcript that a search must read, and what the index says of its
// files.
type candidate struct {
	at           int // in the list
	files        []textindex.File
	lacks, known []bool
}

// hit reports whether a file of a transcript holds the printed text, and adds those to
// the index that it does not know.
func (f *Folder) hit(ctx context.Context, s candidate, running bool, printed []byte) (hit bool) {
	for i, file := range s.files {
		switch {
		case s.lacks[i] || hit && (s.known[i] || running):
		case s.known[i] || running:
			hit = f.holds(ctx, file.ID, printed)
		default:
			hit = f.scan(ctx, file.ID, printed) || hit
		}
	}
	return hit
}

// keyName returns the name of the file that the index of the text calls by a key: the
// ID for the first of a transcript's files, the name for the others.
func keyName(key string) string {
	if _, further := parts.First(key); further {
		return key
	}
	return key + suffix
}

// filesNow returns what the files of a transcript are at present.
func (f *Folder) filesNow(id string) (files []textindex.File) {
	before := int64(0)
	for file := f.fileNow(id); ; file = f.fileNow(parts.Name(id+suffix, before)) {
		if file.ID == "" {
			return files
		}
		files = append(files, file)
		if before += file.Size; file.Size < f.part {
			return files
		}
	}
}

// quoted returns what stands between the quotes of a payload, on one line.
func quoted(text string) []byte {
	e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(text)}}
	line := join(transcript.AppendEntry(nil, &e))
	return bytes.TrimSuffix(line[bytes.IndexByte(line, '"')+1:], []byte("\"\n"))
}

// join undoes, in place, that the printer breaks a payload into lines: it takes
// out each end of a line with the quotes around it where the next line goes on
// with a payload. What it returns is searched by the literal text, in a time
// that grows with the text alone.
func join(text []byte) []byte {
	kept, indent := text[:0], 0
	for {
		end := bytes.IndexByte(text, '\n') + 1
		if end == 0 {
			return append(kept, text...)
		}
		if end >= 2 && text[end-2] == '"' {
			next := text[end:]
			indent = indentOf(next, indent)
			if indent < len(next) && next[indent] == '"' {
				kept, text = append(kept, text[:end-2]...), next[indent+1:]
				continue
			}
		}
		kept, text = append(kept, text[:end]...), text[end:]
	}
}

const spaces = "                                "

// indentOf returns how many spaces a line begins with; most payloads go on in lines of
// the same indent.
func indentOf(line []byte, likely int) int {
	if likely < min(len(line), len(spaces)) && line[likely] != ' ' && string(line[:likely]) == spaces[:likely] {
		return likely
	}
	return len(line) - len(bytes.TrimLeft(line, " "))
}

const (
	searchBlock = 256 << 10
	firstBlock  = 32 << 10
	// A block begins with the end of the one before, so that what lies across
	// is found: a text as it is printed, whose bytes take four each at most, and
	// the quotes, line end and indent that join takes out.
	searchOverlap = 16 << 10
)

var searchBlocks = sync.Pool{New: func() any { b := make([]byte, searchBlock); return &b }}

// holds reports whether a file holds the printed text. It looks at ctx before each
// block.
func (f *Folder) holds(ctx context.Context, key string, printed []byte) bool {
	file, err := plainfile.OpenIn(f.root, keyName(key))
	if err != nil {
		return false
	}
	defer file.Close()
	return Needle{printed}.In(ctx, file)
}

// searchIn hands out the text of a file in blocks that are joined, until goOn is
// false. It reports whether it came to the end.
func searchIn(ctx context.Context, file io.Reader, goOn func(text []byte) bool) (whole bool) {
	b := searchBlocks.Get().(*[]byte)
	defer searchBlocks.Put(b)
	block, held := (*b)[:firstBlock], 0 // a common word is found there
	for ctx.Err() == nil {
		n, err := io.ReadFull(file, block[held:])
		text := join(block[:held+n])
		if !goOn(text) {
			return false
		}
		if err != nil {
			return err == io.EOF || err == io.ErrUnexpectedEOF
		}
		block = *b
		held = copy(block, text[max(0, len(text)-searchOverlap):])
	}
	return false
}

// scan reports whether a file holds the printed text, and adds it to the index.
func (f *Folder) scan(ctx context.Context, key string, printed []byte) bool {
	file, err := plainfile.OpenIn(f.root, keyName(key))
	if err != nil {
		return false
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return false
	}
	made, found := textindex.NewFilter(before.Size()), false
	whole := searchIn(ctx, file, func(text []byte) bool {
		made.Add(text)
		found = found || printed != nil && bytes.Contains(text, printed)
		return true
	})
	after, err := file.Stat()
	was := textindex.File{ID: key, Size: before.Size(), Modified: before.ModTime()}
	if whole && err == nil && was.Is(textindex.File{ID: key, Size: after.Size(), Modified: after.ModTime()}) && was.Old() {
		f.text.Add(was, made)
	}
	return found
}

// Index adds the transcripts to the index of the text that were ended here a moment
// ago, and takes those out that were deleted.
func (f *Folder) Index(ctx context.Context) {
	f.mu.Lock()
	ended := f.ended
	f.ended = nil
	f.mu.Unlock()
	var young []string
	for _, id := range ended {
		files := f.filesNow(id)
		if ctx.Err() != nil || len(files) > 0 && !files[len(files)-1].Old() {
			young = append(young, id)
			continue
		}
		for _, file := range files {
			f.scan(ctx, file.ID, nil)
		}
	}
	f.mu.Lock()
	f.ended = append(f.ended, young...)
	f.mu.Unlock()
	f.text.Tidy(false)
}

// ForgetText takes what the index of its folder knows of a transcript out, whose file
// is at path: it was written anew without its secrets. That no index is there, or none
// of that transcript, is all right.
func ForgetText(path string) error {
	id, ok := strings.CutSuffix(filepath.Base(path), suffix)
	if !ok || !ValidID(id) {
		return nil
	}
	f, err := OpenFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	names, err := f.names()
	segments := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !textindex.IsPart(name) })
	f.text.Forget(segments, func(key string) bool { return key == id || strings.HasPrefix(key, id+suffix+".") })
	return errors.Join(err, f.Close())
}
