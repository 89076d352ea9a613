package transcript

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

func TestLinesAreBounded(t *testing.T) {
	const head = magic + "\nmode raw\n"
	const kinds = "-- a\n#\n\n~~ any\n>> server \"a\"\n"
	lines := strings.Repeat(kinds, MaxLines/strings.Count(kinds, "\n")) // the mode is the one that is left of MaxLines
	if _, err := Parse("f", []byte(head+lines)); err != nil {
		t.Error(err)
	}
	_, err := Parse("f", []byte(head+lines+"#\n"))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != MaxLines+2 || !strings.Contains(syntax.Msg, "expected at most 1048576 lines, not counting those that continue a payload; split the file") {
		t.Error(err)
	}
	payload := head + ">> server \"\"\n" + strings.Repeat(" \"\"\n", MaxLines)
	if _, err := Parse("f", []byte(payload)); err != nil {
		t.Error(err)
	}
	const shortest = "0.000 << note \"\"\n" // of what a recorder writes
	if _, err := Parse("f", []byte(head+strings.Repeat(shortest, 16<<20/len(shortest)))); err != nil {
		t.Errorf("a recording of 16 MiB: %v", err)
	}
}

// Memory per entry: not much more than the entry and its text. (The race
// detector makes them twice.)
func TestEntriesAreMadeOnce(t *testing.T) {
	text := []byte(magic + "\nmode raw\n" + strings.Repeat(">> server \"a\"\n", 100_000))
	var tr *Transcript
	got := allocated(func() { tr, _ = Parse("f", text) })
	if most := 2*uint64(len(tr.Entries))*uint64(unsafe.Sizeof(Entry{})) + 3*uint64(len(text)); got > most {
		t.Errorf("%d bytes for %d entries, more than %d", got, len(tr.Entries), most)
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
