package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// A search finds each part of each payload, wherever the printer and the blocks
// have cut it, and nothing else.
func TestWhatASearchFinds(t *testing.T) {
	f, id := searched(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"\n", "\r\n", `"`, `\`, " ", "a", "\"\n \"", "\xff", "\x00", strings.Repeat("z", 5000)}), 1, 30)
		payload := []byte(strings.Join(pieces.Draw(t, "payload"), ""))
		before := rapid.SampledFrom([]int{0, searchBlock - 100, searchBlock, searchBlock - searchOverlap}).Draw(t, "before")
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: append(bytes.Repeat([]byte("b"), before), payload...)}}
		path, _ := f.Path(id)
		if err := os.WriteFile(path, transcript.AppendEntry([]byte("workbench transcript v1\nmode raw\n\n"), &e), 0o600); err != nil {
			t.Fatal(err)
		}
		text := payload[rapid.IntRange(0, len(payload)-1).Draw(t, "from"):]
		text = text[:min(len(text), MaxText)]
		if !f.holds(t.Context(), id, quoted(string(text))) {
			t.Errorf("%q is not found", text)
		}
		if f.holds(t.Context(), id, quoted(string(text)+"never")) {
			t.Errorf("%q is found with more after it", text)
		}
	})
}

// A search whose asker has left reads no further block.
func TestASearchEndsWithItsContext(t *testing.T) {
	f, id := searched(t, []byte("workbench transcript v1\nmode raw\n\n>> server \"x\"\n"))
	left, cancel := context.WithCancel(t.Context())
	cancel()
	if f.holds(left, id, []byte("x")) || !f.holds(t.Context(), id, []byte("x")) {
		t.Error("it read on, or found nothing")
	}
}

// searched is a folder with one transcript.
func searched(t *testing.T, text []byte) (*Folder, string) {
	t.Helper()
	dir, id := t.TempDir(), NewID(time.Now(), "s1", "raw")
	if err := os.WriteFile(filepath.Join(dir, id+suffix), text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, id
}

// The dearest search there was: thousands of line ends in a text that is all
// line ends but for one in each thousand.
func BenchmarkSearchOfLineEnds(b *testing.B) {
	line := strings.Repeat("\n", MaxText-1) + "x"
	e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(strings.Repeat(line, 1000))}}
	text, printed := transcript.AppendEntry(nil, &e), quoted(strings.Repeat("\n", MaxText))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if bytes.Contains(join(bytes.Clone(text)), printed) {
			b.Fatal("found")
		}
	}
}
