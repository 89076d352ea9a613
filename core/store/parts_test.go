package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const testPart = 10_000

// inParts records a session whose n events are numbered, in small parts.
func inParts(t *testing.T, f *Folder, n int) (id string, remarks *remarkList) {
	t.Helper()
	f.part = testPart
	a := Record(f, quiet)
	remarks = &remarkList{}
	r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
	for i := range n {
		data := fmt.Sprintf("number %d\n%s\n", i+1, strings.Repeat("x", i%700))
		r.Done(time.Duration(i)*time.Millisecond, event(i+1, core.ServerBytes, data), []core.Action{action(core.SendBinary, data)})
	}
	r.End(time.Hour, "over")
	closeAll(t, a)
	return r.ID(), remarks
}

// partsOf returns the names of a transcript's files, in order.
func partsOf(f *Folder) []string {
	names, _ := filepath.Glob(filepath.Join(f.path, "*"+suffix+"*"))
	slices.Sort(names)
	return names
}

func TestALongRecordingHasParts(t *testing.T) {
	f := folder(t)
	const events = 300
	id, remarks := inParts(t, f, events)
	files := partsOf(f)
	if len(files) < 10 {
		t.Fatalf("%d files", len(files))
	}
	if want := fmt.Sprintf("the recording goes on in part %d", len(files)); !strings.Contains(remarks.all(), want) {
		t.Errorf("the session was told %q, want %q", remarks.all(), want)
	}
	var joined []byte
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if last := i == len(files)-1; len(data) < testPart && !last || len(data) > testPart+4000 {
			t.Errorf("part %d has %d bytes", i+1, len(data))
		}
		if data[0] == ' ' || data[len(data)-1] != '\n' {
			t.Errorf("part %d cuts an entry: %.40q … %q", i+1, data, data[max(0, len(data)-40):])
		}
		joined = append(joined, data...)
	}
	if got := text(t, f, id); got != string(joined) {
		t.Errorf("read as %d bytes of %d", len(got), len(joined))
	}
	numbered(t, string(joined), events)
	var followed bytes.Buffer
	for block, err := range f.Follow(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		followed.Write(block)
	}
	if !bytes.Equal(followed.Bytes(), joined) {
		t.Errorf("followed as %d bytes of %d", followed.Len(), len(joined))
	}
	infos, err := f.List(t.Context(), Query{})
	if err != nil || len(infos) != 1 {
		t.Fatalf("%d are listed, %v", len(infos), err)
	}
	if i := infos[0]; i.Size != int64(len(joined)) || i.Disk < i.Size || i.Ended != "over" || i.Running || i.Duration != 3600 {
		t.Errorf("%+v, of %d bytes", i, len(joined))
	}
	if err := f.Delete(id); err != nil || len(partsOf(f)) != 0 {
		t.Errorf("%v; there is left %q", err, partsOf(f))
	}
	if _, err := f.Open(id); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// numbered tells whether a transcript holds the events of inParts, each once.
func numbered(t *testing.T, text string, events int) {
	t.Helper()
	parsed, err := transcript.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range parsed.Entries {
		if e.Dir == transcript.Remark {
			continue
		}
		data := e.Action.Data
		if e.Dir == transcript.Event {
			data = e.Event.Data
			n++
		}
		if want := "number " + strconv.Itoa(n) + "\n"; !bytes.HasPrefix(data, []byte(want)) {
			t.Fatalf("entry %.40q, want %q", data, want)
		}
	}
	if n != events {
		t.Errorf("%d events, want %d", n, events)
	}
}

func TestASearchFindsInEachPart(t *testing.T) {
	f := folder(t)
	const events = 100
	id, _ := inParts(t, f, events)
	for _, path := range partsOf(f) {
		at := time.Now().Add(-time.Hour)
		os.Chtimes(path, at, at) // old enough to be known
	}
	for range 2 { // read, then known
		for n := range events {
			infos, err := f.List(t.Context(), Query{Text: fmt.Sprintf("number %d\n", n+1)})
			if err != nil || len(infos) != 1 || infos[0].ID != id {
				t.Fatalf("%d is found in %d, %v", n+1, len(infos), err)
			}
		}
		if infos, err := f.List(t.Context(), Query{Text: "number 101\n"}); err != nil || len(infos) != 0 {
			t.Errorf("what is in none is found in %d, %v", len(infos), err)
		}
	}
	files := f.filesNow(id)
	if _, known := f.text.LookUp(nil, files, []byte("number")); len(files) != len(partsOf(f)) || slices.Contains(known, false) {
		t.Errorf("of %d files, known are %v", len(files), known)
	}
	if err := ForgetText(filepath.Join(f.path, id+suffix)); err != nil {
		t.Error(err)
	}
	other := folderAt(t, f.path)
	all, segments, err := other.all(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if _, known := other.text.LookUp(segments, files, []byte("number")); slices.Contains(known, true) {
		t.Errorf("after it was forgotten, known are %v", known)
	}
}

func folderAt(t *testing.T, path string) *Folder {
	t.Helper()
	f, err := OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	f.part = testPart
	t.Cleanup(func() { f.Close() })
	return f
}

// The next process knows a transcript in parts by its index, while none has changed.
func TestTheIndexKnowsParts(t *testing.T) {
	f := folder(t)
	id, _ := inParts(t, f, 100)
	at := time.Now().Add(-time.Hour)
	for _, path := range partsOf(f) {
		os.Chtimes(path, at, at)
	}
	want, err := f.List(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	saved := f.remembered()
	if _, ok := saved[id]; !ok {
		t.Fatalf("the index has %d", len(saved))
	}
	describes := func(saved bool) {
		t.Helper()
		g := folderAt(t, f.path)
		found, err := g.describeAll(t.Context(), []string{id}, g.remembered())
		if err != nil || found[0].saved != saved {
			t.Errorf("%+v, %v; want it from the index: %v", found, err, saved)
		}
		if got := found[0].Info; saved && (got.Size != want[0].Size || got.Disk != want[0].Disk) {
			t.Errorf("got %+v, want %+v", got, want[0])
		}
	}
	describes(true)
	files := partsOf(f)
	os.Truncate(files[len(files)-1], 10)
	describes(false)
}

// After a power cut a part may be short: the text ends there, and what is left of it is
// no part of anything.
func TestAPartThatIsShortEndsTheText(t *testing.T) {
	f := folder(t)
	id, _ := inParts(t, f, 100)
	files := partsOf(f)
	os.Truncate(files[1], testPart+10)
	first, _ := os.ReadFile(files[0])
	second, _ := os.ReadFile(files[1])
	if got := text(t, f, id); got != string(first)+string(second) {
		t.Errorf("read as %d bytes", len(got))
	}
	g := folderAt(t, f.path)
	infos, err := g.List(t.Context(), Query{})
	if err != nil || len(infos) != 1 || infos[0].Ended != CutOff || infos[0].Size != int64(len(first)+len(second)) {
		t.Errorf("%+v, %v", infos, err)
	}
	if err := g.Delete(id); err != nil || len(partsOf(f)) != 0 {
		t.Errorf("%v; there is left %q", err, partsOf(f))
	}
}

// A process may die while it deletes: what is left is no transcript, and goes.
func TestPartsWithoutTheFirstAreSweptAway(t *testing.T) {
	f := folder(t)
	id, _ := inParts(t, f, 100)
	os.Remove(filepath.Join(f.path, id+suffix))
	list := func(want int) {
		t.Helper()
		if infos, err := folderAt(t, f.path).List(t.Context(), Query{}); err != nil || len(infos) != 0 || len(partsOf(f)) != want {
			t.Errorf("%d are listed, %v; %d files are left, want %d", len(infos), err, len(partsOf(f)), want)
		}
	}
	list(len(partsOf(f))) // they are young
	at := time.Now().Add(-2 * settledAfter)
	for _, path := range partsOf(f) {
		os.Chtimes(path, at, at)
	}
	other := filepath.Join(f.path, "mine.transcript.000000010000")
	os.WriteFile(other, nil, 0o600)
	os.Chtimes(other, at, at)
	list(1) // whose name is no ID
}

// A session goes on being recorded in the part that it has if no other can be made.
func TestNoFurtherPartCanBeMade(t *testing.T) {
	f := folder(t)
	f.part = 100
	w, err := f.Create(NewID(time.Now(), "s1", "raw"))
	if err != nil {
		t.Fatal(err)
	}
	header := "workbench transcript v1\nmode raw\n\n"
	line := ">> server \"" + strings.Repeat("x", 80) + "\"\n"
	for _, piece := range []string{header, line} {
		if _, err := w.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	root := f.root
	f.root, _ = os.OpenRoot(t.TempDir())
	f.root.Close() // in which nothing can be made
	n, err := w.Write([]byte(line))
	f.root = root
	if err != nil || n != len(line) || len(partsOf(f)) != 1 {
		t.Errorf("%d, %v, %d files", n, err, len(partsOf(f)))
	}
	w.Write([]byte(line + line + line))
	id := w.(*folderWriter).id
	if got := text(t, f, id); got != header+strings.Repeat(line, 5) || len(partsOf(f)) != 3 {
		t.Errorf("%q in %d files", got, len(partsOf(f)))
	}
	w.Close()
}

// The running recordings together have a bound, beyond their first parts.
func TestRunningRecordingsShareTheirRoom(t *testing.T) {
	f := folder(t)
	f.part = testPart
	a := Record(f, quiet)
	a.further.Store(MaxFurther - 3*testPart)
	var remarks remarkList
	r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
	for n := range 200 {
		r.Done(0, event(n+1, core.ServerBytes, strings.Repeat("x", 1000)), nil)
		a.settle(t.Context())
		r.follow(1) // has it written now
		r.follow(-1)
		a.settle(t.Context())
	}
	r.End(0, "over")
	closeAll(t, a)
	if n := len(partsOf(f)); n < 4 || n > 6 || a.Counters.Full.Load() != 1 {
		t.Errorf("%d parts, %d full; the session was told %q", n, a.Counters.Full.Load(), remarks.all())
	}
	if s := r.State(); s.Code != CodeFull || s.Part != len(partsOf(f)) || s.Most == 0 {
		t.Errorf("%d parts, but stands as %+v", len(partsOf(f)), s)
	}
	if left := a.further.Load(); left != MaxFurther-3*testPart {
		t.Errorf("after its end %d bytes are counted, want %d", left, MaxFurther-3*testPart)
	}
}

// What a store keeps is trimmed by whole transcripts, with all their parts.
func TestTrimmingTakesWholeTranscripts(t *testing.T) {
	f := folder(t)
	var ids []string
	for range 3 {
		id, _ := inParts(t, f, 100)
		ids = append(ids, id)
		time.Sleep(2 * time.Millisecond) // for another ID
	}
	infos, err := f.List(t.Context(), Query{})
	if err != nil || len(infos) != 3 {
		t.Fatal(infos, err)
	}
	a := Record(f, quiet)
	closeAll(t, a) // which has trimmed, with nothing to do
	a.maxAll = infos[0].Disk + infos[0].Disk/2
	a.trim(t.Context())
	infos, err = f.List(t.Context(), Query{})
	if err != nil || len(infos) != 1 || infos[0].ID != ids[2] {
		t.Fatal(infos, err)
	}
	for _, path := range partsOf(f) {
		if !strings.Contains(path, ids[2]) {
			t.Errorf("there is left %s", path)
		}
	}
	numbered(t, text(t, f, ids[2]), 100)
}

func TestNextEntry(t *testing.T) {
	const text = "one\n  \"more\"\n\ttab\ntwo\nthree\n"
	for from, want := range map[int64]int{1: 18, 4: 18, 17: 18, 18: 18, 19: 22, 22: 22, 23: 28, 28: 28, 100: 28} {
		if got := nextEntry([]byte(text), from); got != want {
			t.Errorf("from %d: %d, want %d", from, got, want)
		}
	}
}
