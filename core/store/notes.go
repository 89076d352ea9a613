package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// Notes are what a person says of a transcript. They are kept beside it, in a file
// of the ID and ".json", and deleted with it.
type Notes struct {
	Title string            `json:"title,omitempty"` // on one line
	Tags  []string          `json:"tags,omitempty"`  // each on one line
	Text  string            `json:"text,omitempty"`
	Rows  map[uint64]string `json:"rows,omitempty"` // by the number of an event
}

// Bounds of notes, in bytes.
const (
	maxTitle    = 200
	maxTags     = 20 // tags
	maxTag      = 50
	maxNote     = 16 << 10
	maxRows     = 1000 // rows with a note
	maxRow      = 2 << 10
	MaxNotes    = 1 << 20 // of the file
	notesSuffix = ".json"
)

// ErrNotes says what of notes cannot be kept.
var ErrNotes = errors.New("notes cannot be kept")

// Check tells whether notes are within their bounds; [ErrNotes] if not.
func (n *Notes) Check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrNotes}, args...)...)
	}
	line := func(s string) bool {
		return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !core.Shows(r) })
	}
	switch {
	case len(n.Title) > maxTitle:
		return fail("title longer than %d bytes", maxTitle)
	case !line(n.Title):
		return fail("title has characters that do not show")
	case len(n.Tags) > maxTags:
		return fail("more than %d tags", maxTags)
	case len(n.Text) > maxNote:
		return fail("text longer than %d KiB", maxNote>>10)
	case len(n.Rows) > maxRows:
		return fail("notes on more than %d events", maxRows)
	}
	for _, tag := range n.Tags {
		if tag == "" || len(tag) > maxTag || !line(tag) {
			return fail("tag %.60q is empty, longer than %d bytes, or has characters that do not show", tag, maxTag)
		}
	}
	for number, text := range n.Rows {
		if text == "" || len(text) > maxRow {
			return fail("note on event %d is empty or longer than %d KiB", number, maxRow>>10)
		}
	}
	return nil
}

// Hold reports whether they hold a text, in whatever case; it is lower case.
func (n *Notes) Hold(text string) bool {
	holds := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if holds(n.Title) || holds(n.Text) || slices.ContainsFunc(n.Tags, holds) {
		return true
	}
	for _, row := range n.Rows {
		if holds(row) {
			return true
		}
	}
	return false
}

// Notes implements [Store].
func (f *Folder) Notes(id string) (Notes, error) {
	file, err := f.open(id)
	if err != nil {
		return Notes{}, err
	}
	file.Close()
	n, _, err := f.readNotes(id)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return n, err
}

// readNotes reads a file of notes.
func (f *Folder) readNotes(id string) (n Notes, stat fs.FileInfo, err error) {
	file, err := plainfile.OpenIn(f.root, id+notesSuffix)
	if err != nil {
		return n, nil, err
	}
	defer file.Close()
	if stat, err = file.Stat(); err != nil {
		return n, nil, plain(err)
	}
	text, err := io.ReadAll(io.LimitReader(file, MaxNotes))
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err == nil {
		err = n.Check()
	}
	if err != nil {
		return Notes{}, stat, fmt.Errorf("read the notes of %s: %w", id, err)
	}
	return n, stat, nil
}

// SetNotes implements [Store].
func (f *Folder) SetNotes(id string, n Notes) error {
	if err := n.Check(); err != nil {
		return err
	}
	file, err := f.open(id)
	if err != nil {
		return err
	}
	file.Close()
	if n.Title == "" && n.Text == "" && len(n.Tags)+len(n.Rows) == 0 {
		return f.forgetNotes(id)
	}
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	err = plainfile.Write(filepath.Join(f.path, id+notesSuffix), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return onDisk(err)
	}
	return nil
}

func (f *Folder) forgetNotes(id string) error {
	if err := f.root.Remove(id + notesSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return plain(err)
	}
	return nil
}

// noted are notes that were read, while their file is the same.
type noted struct {
	Notes
	size     int64
	modified time.Time
}

// note adds to each transcript what its notes say; names are those of the files of
// notes. The caller holds f.listing.
func (f *Folder) note(all []Info, names []string) {
	known := f.notes
	f.notes = make(map[string]noted, len(names))
	for _, name := range names {
		id := strings.TrimSuffix(name, notesSuffix)
		stat, err := f.root.Lstat(name)
		if err != nil {
			continue
		}
		n, ok := known[id]
		if !ok || n.size != stat.Size() || !n.modified.Equal(stat.ModTime()) || time.Since(n.modified) < youngest {
			n = noted{size: stat.Size(), modified: stat.ModTime()}
			n.Notes, _, _ = f.readNotes(id) // none, if they cannot be read
		}
		f.notes[id] = n
	}
	for i := range all {
		if n, ok := f.notes[all[i].ID]; ok {
			all[i].Annotate(n.Notes)
		}
	}
}

// Annotate adds what the notes of a transcript say.
func (info *Info) Annotate(n Notes) {
	info.Title, info.Tags, info.Noted = n.Title, n.Tags, n.Text != "" || len(n.Rows) > 0
}

// annotated returns those whose notes hold a text.
func (f *Folder) annotated(all []Info, text string) (found []Info) {
	text = strings.ToLower(text)
	f.listing.Lock()
	defer f.listing.Unlock()
	for _, info := range all {
		if n, ok := f.notes[info.ID]; ok && n.Hold(text) {
			found = append(found, info)
		}
	}
	return found
}

// Merged returns the transcripts of both, the newest first, at most limit if that is
// not 0.
func Merged(a, b []Info, limit int) []Info {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(b.ID, a.ID) })
	all = slices.CompactFunc(all, func(a, b Info) bool { return a.ID == b.ID })
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}
