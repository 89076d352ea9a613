package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store/textindex"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// indexedFolder is a folder of transcripts that are as old as the index wants them.
type indexedFolder struct {
	*Folder
	t   testing.TB
	dir string
	r   *rand.Rand
	age time.Duration
}

func newIndexedFolder(t testing.TB, seed uint64) *indexedFolder {
	f := &indexedFolder{t: t, dir: t.TempDir(), r: rand.New(rand.NewPCG(seed, 0)), age: 1000 * time.Hour}
	f.reopen()
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *indexedFolder) reopen() {
	if f.Folder != nil {
		f.Close()
	}
	folder, err := OpenFolder(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	f.Folder = folder
}

// some returns bytes of few kinds, so that texts hold much of each other.
func (f *indexedFolder) some(most int) string {
	const kinds = "aab b\"\\\n\r\x00\xff\u00fc"
	made := make([]byte, f.r.IntN(most))
	for i := range made {
		made[i] = kinds[f.r.IntN(len(kinds))]
	}
	return string(made)
}

func (f *indexedFolder) id(n int) string {
	return NewID(time.Unix(int64(1_700_000_000+n), 0), "s1", "raw")
}

func (f *indexedFolder) path(n int) string { return filepath.Join(f.dir, f.id(n)+suffix) }

// write writes transcript n, or writes it anew.
func (f *indexedFolder) write(n int, payloads ...string) {
	text := transcript.AppendHeader(nil, &transcript.Transcript{Mode: "raw"})
	for _, payload := range payloads {
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(payload)}}
		text = transcript.AppendEntry(text, &e)
	}
	text = appendRemark(text, 0, endedRemark("over"))
	if err := os.WriteFile(f.path(n), text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.age -= time.Minute
	at := time.Now().Add(-f.age)
	os.Chtimes(f.path(n), at, at)
}

// searched are the IDs that a search finds; scanned those whose text is read.
func (f *indexedFolder) searched(text string) (found, scanned []string) {
	all, err := f.List(context.Background(), Query{Text: text})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, info := range all {
		found = append(found, info.ID)
	}
	if all, err = f.List(context.Background(), Query{}); err != nil {
		f.t.Fatal(err)
	}
	for _, info := range all {
		if f.holds(context.Background(), info.ID, quoted(text)) {
			scanned = append(scanned, info.ID)
		}
	}
	return found, scanned
}

func (f *indexedFolder) compare(text string) {
	f.t.Helper()
	if found, scanned := f.searched(text); !slices.Equal(found, scanned) {
		f.t.Fatalf("a search for %q finds %d, and %d hold it", text, len(found), len(scanned))
	}
}

func (f *indexedFolder) indexFiles() []string {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	var paths []string
	for _, entry := range entries {
		if textindex.IsPart(entry.Name()) {
			paths = append(paths, filepath.Join(f.dir, entry.Name()))
		}
	}
	return paths
}

// Whatever happens to transcripts and index, a search finds what a scan finds.
func TestASearchFindsWhatAScanFinds(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		f := newIndexedFolder(t, seed)
		for range 100 {
			switch n := f.r.IntN(40); f.r.IntN(12) {
			case 0:
				os.Remove(f.path(n))
			case 1:
				f.Delete(f.id(n))
			case 2:
				f.reopen()
			case 3:
				f.text.Tidy(true)
			case 4:
				for _, name := range f.indexFiles() {
					f.spoil(name)
				}
			case 5:
				f.write(n, strings.Repeat(f.some(2000), 200))
			default:
				f.write(n, f.some(100), f.some(6000))
			}
			f.compare(f.some(12))
		}
	}
}

// spoil deletes, cuts or changes a file.
func (f *indexedFolder) spoil(name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		f.t.Fatal(err)
	}
	switch at := f.r.IntN(len(text)); f.r.IntN(3) {
	case 0:
		os.Remove(name)
	case 1:
		os.Truncate(name, int64(at))
	default:
		clear(text[at:min(len(text), at+f.r.IntN(10_000))])
		os.WriteFile(name, text, 0o600)
	}
}

// What is known is not read again, by another process neither.
func TestWhatTheIndexRulesOutIsNotRead(t *testing.T) {
	f := newIndexedFolder(t, 1)
	for n := range 100 {
		f.write(n, fmt.Sprintf("number-%d-of-all", n), strings.Repeat("much more ", 1000))
	}
	f.searched("number-7-of-all")
	f.reopen()
	if names := f.indexFiles(); len(names) == 0 {
		t.Fatal("no index was written")
	} else if info, err := os.Stat(names[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the index is a file of mode %v, %v", info.Mode(), err)
	}
	all, parts, err := f.all(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := make([]textindex.File, len(all))
	for i := range all {
		now[i] = f.fileNow(all[i].ID)
	}
	lacks, known := f.text.LookUp(parts, now, quoted("number-7-of-all"))
	read := 0
	for i := range lacks {
		if !lacks[i] {
			read++
		}
		if !known[i] {
			t.Errorf("%s is not known", all[i].ID)
		}
	}
	if read == 0 || read > 10 {
		t.Errorf("%d of 100 are read", read)
	}
}

// Names are kept while the folder is as old as it was, and no longer.
func TestNamesAreReadAgainWhenOneComesOrGoes(t *testing.T) {
	f := newIndexedFolder(t, 1)
	list := func() int {
		all, err := f.List(t.Context(), Query{})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	f.write(1)
	f.write(2)
	if n := list(); n != 2 {
		t.Fatalf("%d are listed", n)
	}
	os.Chtimes(f.dir, time.Time{}, time.Now().Add(-time.Hour))
	list()
	f.listed.all = f.listed.all[:1] // believed as long as the names are not read again
	if n := list(); n != 1 {
		t.Errorf("the names were read again, though the folder is as old as it was: %d are listed", n)
	}
	f.write(3)
	if n := list(); n != 3 || !f.listed.at.IsZero() {
		t.Errorf("%d are listed, with names that may have changed since: %v", n, f.listed.at)
	}
	os.Remove(f.path(1))
	if n := list(); n != 2 {
		t.Errorf("after one was deleted, %d are listed", n)
	}
}

// A file's time tells nothing within a step of it: what was written just now may be
// written again.
func TestWhatIsYoungIsNotKnown(t *testing.T) {
	f := newIndexedFolder(t, 1)
	f.write(1, "before")
	now := time.Now()
	os.Chtimes(f.path(1), now, now)
	f.compare("behind")
	f.write(1, "behind")
	os.Chtimes(f.path(1), now, now)
	f.compare("behind")
}

// What is read while it changes is not what the file is before or after.
func TestWhatChangesWhileItIsReadIsNotKnown(t *testing.T) {
	f := newIndexedFolder(t, 1)
	f.write(1, "needle")
	before, err := os.Stat(f.path(1))
	if err != nil {
		t.Fatal(err)
	}
	f.scan(change{t.Context(), func() { f.write(1, "nothing") }}, f.id(1), nil)
	f.write(1, "needle")
	os.Chtimes(f.path(1), time.Time{}, before.ModTime())
	f.compare("needle")
}

// change does something when it is asked whether it is done.
type change struct {
	context.Context
	do func()
}

func (c change) Err() error {
	c.do()
	return nil
}

// A damaged index is deleted and made again.
func TestADamagedIndexIsMadeAgain(t *testing.T) {
	f := newIndexedFolder(t, 1)
	for n := range 100 {
		f.write(n, fmt.Sprintf("number-%d-of-all", n))
	}
	f.searched("number-7-of-all")
	f.reopen()
	before := f.indexFiles()
	for _, name := range before {
		text, _ := os.ReadFile(name)
		clear(text[len(text)/3:])
		os.WriteFile(name, text, 0o600)
	}
	f.compare("number-7-of-all")
	f.reopen()
	f.compare("number-8-of-all")
	for _, name := range f.indexFiles() {
		if slices.Contains(before, name) {
			t.Errorf("%s is still there", name)
		}
	}
	if len(f.indexFiles()) == 0 {
		t.Error("no index was made again")
	}
}

// What was deleted, or redacted, is in no file of the index any more.
func TestTheIndexForgets(t *testing.T) {
	f := newIndexedFolder(t, 1)
	for n := range 100 {
		f.write(n, "nothing of importance")
	}
	f.write(100, "PASS hunter2")
	f.write(101, "PASS hunter2")
	f.write(102, "PASS hunter2")
	f.searched("hunter2")
	f.reopen()
	before := []textindex.File{f.fileNow(f.id(100)), f.fileNow(f.id(101)), f.fileNow(f.id(102))}
	knows := func() (count int) {
		var parts []string
		for _, path := range f.indexFiles() {
			parts = append(parts, filepath.Base(path))
		}
		// Another process, which believes that the files are what they were.
		lacks, known := textindex.New(f.root, indexTemp, f.fileNow).LookUp(parts, before, []byte("hunter2"))
		for i := range before {
			if known[i] && !lacks[i] {
				count++
			}
		}
		return count
	}
	if n := knows(); n != 3 {
		t.Fatalf("the index has it of %d", n)
	}
	f.write(100, "PASS *******")
	if err := ForgetText(f.path(100)); err != nil {
		t.Fatal(err)
	}
	if n := knows(); n != 2 {
		t.Errorf("after it was redacted in one, the index has it of %d", n)
	}
	f.searched("other")
	f.Delete(f.id(101))
	f.Index(t.Context())
	if n := knows(); n != 1 {
		t.Errorf("after another was deleted, the index has it of %d", n)
	}
	f.searched("other")
	os.Remove(f.path(102))
	f.searched("other")
	f.Index(t.Context())
	if n := knows(); n != 0 {
		t.Errorf("after somebody removed the last, the index has it of %d", n)
	}
}

// A recording is in the index a moment after its end, without a search.
func TestRecordingsAreIndexedAsTheyEnd(t *testing.T) {
	f := folder(t)
	a := Record(f, quiet)
	r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
	r.Done(0, event(1, core.ServerBytes, "hello"), nil)
	r.End(0, "over")
	closeAll(t, a)
	path, _ := f.Path(r.ID())
	lookUp := func(text string) (lacks, known bool) {
		l, k := f.text.LookUp(nil, []textindex.File{f.fileNow(r.ID())}, []byte(text))
		return l[0], k[0]
	}
	f.Index(t.Context())
	if _, known := lookUp("hello"); known {
		t.Error("one is known that may change within a step of its file's time")
	}
	old := time.Now().Add(-time.Minute)
	os.Chtimes(path, old, old)
	f.Index(t.Context())
	if lacks, known := lookUp("hello"); lacks || !known {
		t.Errorf("it lacks what it holds: %v; it is known: %v", lacks, known)
	}
	if lacks, known := lookUp("other"); !lacks || !known {
		t.Errorf("it lacks what it does not hold: %v; it is known: %v", lacks, known)
	}
	if len(f.ended) != 0 {
		t.Errorf("%v wait", f.ended)
	}
}

// Searches, recordings and deletions may happen at once: each search finds what is
// there, whatever the others do to the index meanwhile.
func TestSearchWhileSessionsAreRecorded(t *testing.T) {
	f := folder(t)
	a := Record(f, quiet)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for m := range 30 {
				own := fmt.Sprintf("needle-%d-%d.", n, m)
				expect := func(want int) {
					if found, err := a.List(t.Context(), Query{Text: own}); err != nil || len(found) != want {
						t.Errorf("%s is found %d times, want %d: %v", own, len(found), want, err)
					}
				}
				r := a.Start(Header{Session: fmt.Sprint("s", n, "-", m), Mode: "raw"}, nil)
				r.Done(0, event(1, core.ServerBytes, own), nil)
				r.End(0, "over")
				expect(1)
				path, _ := f.Path(r.ID())
				os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour))
				f.Index(t.Context())
				expect(1) // from the index, or in it by then
				if m%3 == 0 && a.Delete(r.ID()) == nil {
					expect(0)
				}
				if m%10 == 9 {
					f.text.Tidy(true)
				}
			}
		})
	}
	all.Wait()
	closeAll(t, a)
	infos, _ := f.List(t.Context(), Query{})
	if found, err := f.List(t.Context(), Query{Text: "needle"}); err != nil || len(found) != len(infos) {
		t.Errorf("%d of %d are found, %v", len(found), len(infos), err)
	}
}
