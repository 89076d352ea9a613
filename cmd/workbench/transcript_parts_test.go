package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
)

// long writes a transcript of the mode raw that has that many MiB of text, in parts.
func (c transcriptCLI) long(mib int) (id string, text []byte) {
	c.Helper()
	folder, err := store.OpenFolder(c.dir)
	if err != nil {
		c.Fatal(err)
	}
	defer folder.Close()
	id = store.NewID(time.Now(), "s1", "raw")
	w, err := folder.Create(id)
	if err != nil {
		c.Fatal(err)
	}
	var all, piece bytes.Buffer
	piece.WriteString("workbench transcript v1\nmode raw\ntarget \"box:1\"\n\n0.000 -- recorded 2026-01-02T15:04:05Z, session s1\n0.000 << pass-through client\n0.000 << pass-through server\n")
	for n := 0; all.Len() < mib<<20; n++ {
		fmt.Fprintf(&piece, "%d.000 >> server \"secret %d %s\\n\"\n                    \"more of it\"\n", 10_000+n, n, strings.Repeat("x", 1000))
		if piece.Len() > 200<<10 {
			w.Write(piece.Bytes())
			piece.WriteTo(&all)
			piece.Reset()
		}
	}
	io.WriteString(w, "99999.000 -- ended: over\n")
	all.WriteString("99999.000 -- ended: over\n")
	if err := w.Close(); err != nil {
		c.Fatal(err)
	}
	return id, all.Bytes()
}

// files returns the names of the folder's transcripts.
func (c transcriptCLI) files() []string {
	names, _ := filepath.Glob(filepath.Join(c.dir, "*.transcript*"))
	slices.Sort(names)
	return names
}

// A transcript in parts is one by every command.
func TestTranscriptInParts(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	c := transcriptCLI{t, filepath.Join(os.Getenv("XDG_STATE_HOME"), "workbench", "transcripts")}
	id, text := c.long(40)
	if files := c.files(); len(files) != 3 {
		t.Fatalf("the files are %q", files)
	}
	path := filepath.Join(c.dir, id+".transcript")
	succeeds := func(args ...string) string {
		t.Helper()
		code, out, errs := c.run(args...)
		if code != 0 || errs != "" {
			t.Errorf("%v: %d %.300s", args, code, errs)
		}
		return out
	}
	if out := succeeds("list"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "40 MiB") || !strings.Contains(out, "over") {
		t.Error(out)
	}
	for _, args := range [][]string{{"show", id}, {"show", path}, {"follow", id}} {
		if out := succeeds(args...); out != string(text) {
			t.Errorf("%v prints %d bytes, not these %d", args, len(out), len(text))
		}
	}
	if out := succeeds("list", "--text", "secret 30000 "); strings.Count(out, "\n") != 2 {
		t.Error(out)
	}
	succeeds("diff", id, path)
	if out := succeeds("convert", "--to", "jsonl", id); strings.Count(out, "secret") != bytes.Count(text, []byte("secret")) {
		t.Errorf("as JSON lines it has %d", strings.Count(out, "secret"))
	}
	for _, name := range []string{id, path} {
		if code, out, errs := replayAgain(t, "--in-process", name); code != 0 {
			t.Errorf("replay: %d %.300s %.300s", code, out, errs)
		}
	}
	if out := succeeds("redact", "--match", "secret", id); !strings.Contains(out, fmt.Sprint(bytes.Count(text, []byte("secret")), " replaced")) {
		t.Error(out)
	}
	if files := c.files(); len(files) != 1 {
		t.Errorf("once redacted, the files are %q", files)
	}
	if out := succeeds("show", id); out != strings.ReplaceAll(string(text), "secret", "******") {
		t.Errorf("once redacted, it has %d bytes", len(out))
	}
	other, _ := c.long(17)
	succeeds("delete", other)
	if files := c.files(); len(files) != 1 {
		t.Errorf("once the other is deleted, the files are %q", files)
	}
}

// What a command must hold in memory is refused; it is still shown.
func TestTranscriptTooLongForMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 70 MiB")
	}
	c := transcriptCLI{t, t.TempDir()}
	id, text := c.long(70)
	if code, out, errs := c.run("show", id); code != 0 || len(out) != len(text) {
		t.Errorf("%d, %d bytes of %d, %s", code, len(out), len(text), errs)
	}
	for _, args := range [][]string{{"show", "--golden", id}, {"diff", id, id}, {"redact", "--match", "x", id}} {
		if code, _, errs := c.run(args...); code == 0 || !strings.Contains(errs, "at most 64 MiB are read at once") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}

func TestServeRefusesRecordingsOutOfBounds(t *testing.T) {
	for _, most := range []string{"0", "513", "-1"} {
		var out, errs strings.Builder
		code := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--echo-listen", "off", "--max-recording", most}, &out, &errs)
		if code == 0 || !strings.Contains(errs.String(), "it must be from 1 to 512 MiB") {
			t.Errorf("%s: %d %s", most, code, errs.String())
		}
	}
}
