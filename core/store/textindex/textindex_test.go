package textindex

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A text lacks nothing that it holds, in a filter of any size.
func TestATextLacksNoPartOfItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(t, "text")
		from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
		part := text[from : from+rapid.IntRange(1, len(text)-from).Draw(t, "length")]
		f := NewFilter(rapid.Int64Range(0, 1<<20).Draw(t, "size"))
		f.Add(text)
		if hashes := gramsOf(part); f.lacks(hashes) || f.Folded().lacks(hashes) {
			t.Errorf("it lacks %q", part)
		}
	})
}

// What comes once a filter is nearly full is not looked at, and not missed.
func TestAFullFilterLacksNothing(t *testing.T) {
	f := NewFilter(1 << 10)
	random := rand.NewChaCha8([32]byte{})
	for range 100 {
		block := make([]byte, 4<<10)
		random.Read(block)
		f.Add(block)
	}
	if f.bits() != len(f)*64 {
		t.Errorf("%d of %d bits are set", f.bits(), len(f)*64)
	}
	f.Add([]byte("and this"))
	if hashes := gramsOf([]byte("and this")); f.lacks(hashes) || f.Folded().lacks(hashes) {
		t.Error("it lacks what came last")
	}
}

// indexOf returns an index of a new folder in which files are what they were.
func indexOf(t *testing.T, files ...File) *Index {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return New(root, "new-", func(id string) File {
		for _, f := range files {
			if f.ID == id {
				return f
			}
		}
		return File{}
	})
}

func parts(t *testing.T, x *Index) []string {
	t.Helper()
	entries, err := os.ReadDir(x.root.Name())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func add(x *Index, file File, text string) {
	f := NewFilter(int64(len(text)))
	f.Add([]byte(text))
	x.Add(file, f)
}

// Numbers tell texts apart that hold each three digits.
func TestNumbersRuleOut(t *testing.T) {
	f := NewFilter(96 << 10)
	for n := range 1000 {
		f.Add(fmt.Appendf(nil, " %03d ", n))
	}
	f = f.Folded()
	for n := range 1000 {
		if part := fmt.Appendf(nil, "%03d ", n); f.lacks(gramsOf(part)) {
			t.Errorf("it lacks %q", part)
		}
	}
	held := 0
	for n := range 10_000 {
		if !f.lacks(gramsOf(fmt.Appendf(nil, "%04d", n))) {
			held++
		}
	}
	if held > 2500 {
		t.Errorf("it may hold %d numbers of four digits", held)
	}
}

// A segment that an earlier version wrote has other grams: it goes, and its files are
// not known.
func TestAnIndexOfAnotherVersionIsMadeAgain(t *testing.T) {
	file := File{ID: "a", Size: 1, Modified: time.Unix(1, 0)}
	x := indexOf(t, file)
	add(x, file, "what is known")
	x.Tidy(true)
	names := parts(t, x)
	if len(names) != 1 || !IsPart(names[0]) {
		t.Fatalf("it wrote %q", names)
	}
	other := New(x.root, "new-", x.now)
	if lacks, known := other.LookUp(names, []File{file}, []byte("something else")); !known[0] || !lacks[0] {
		t.Errorf("another process knows it: %v, and that it lacks the text: %v", known, lacks)
	}
	path := filepath.Join(x.root.Name(), names[0])
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(path, bytes.Replace(data, []byte("search v2"), []byte("search v1"), 1), 0o600)
	older := New(x.root, "new-", x.now)
	if lacks, known := older.LookUp(names, []File{file}, []byte("something else")); known[0] || lacks[0] {
		t.Errorf("one of version 1 is believed: known %v, lacks %v", known, lacks)
	}
	if left := parts(t, x); len(left) != 0 {
		t.Errorf("%q are still there", left)
	}
}
