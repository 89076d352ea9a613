package store_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childFolder) != "" {
		recordForEver(os.Getenv(childFolder))
		return
	}
	goleak.VerifyTestMain(m)
}

func openFolder(t testing.TB, path string) *store.Folder {
	t.Helper()
	f, err := store.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFolder(t *testing.T) {
	for _, part := range []int64{1, 50, 16 << 20} {
		storetest.Run(t, func(t *testing.T) store.Store {
			f := openFolder(t, t.TempDir())
			f.SetPart(part)
			return f
		})
	}
}

// Two Folders over one folder see each other as two processes do.
type twoFolders struct{ *store.Folder }

func (s twoFolders) Create(id string) (store.Writer, error) {
	path, err := s.Path(id)
	if err != nil {
		return nil, err
	}
	other, err := store.OpenFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	w, err := other.Create(id)
	if err != nil {
		other.Close()
		return nil, err
	}
	return otherWriter{w, other}, nil
}

type otherWriter struct {
	store.Writer
	folder *store.Folder
}

func (w otherWriter) Close() error { return errors.Join(w.Writer.Close(), w.folder.Close()) }

func TestFolderThatAnotherProcessWrites(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return twoFolders{openFolder(t, t.TempDir())} })
}

func TestOnlyTheUserMayRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "transcripts")
	f := openFolder(t, dir)
	id := store.NewID(time.Now(), "s1", "raw")
	w, err := f.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
	w.Close()
	path, _ := f.Path(id)
	for path, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	id := store.NewID(time.Now(), "s1", "raw")
	outside := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("workbench transcript v1\nmode raw\n\n"), 0o600)
	os.WriteFile(filepath.Join(dir, "mine.transcript"), []byte("workbench transcript v1\nmode raw\n\n"), 0o600)
	os.WriteFile(filepath.Join(dir, store.NewID(time.Now(), "s2", "raw")+".transcript"), []byte("something else"), 0o600)
	os.Mkdir(filepath.Join(dir, store.NewID(time.Now(), "s3", "raw")+".transcript"), 0o700)
	if err := os.Symlink(outside, filepath.Join(dir, id+".transcript")); err != nil {
		t.Skip(err)
	}
	if infos, err := f.List(t.Context(), store.Query{}); err != nil || len(infos) != 0 {
		t.Errorf("listed %+v, %v", infos, err)
	}
	if r, err := f.Open(id); err == nil {
		r.Close()
		t.Error("a link out of the folder was followed")
	}
}

func TestFilesThatComeAndGo(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	name := func(n int) string {
		return filepath.Join(dir, store.NewID(time.Unix(int64(n), 0), "s1", "raw")+".transcript")
	}
	put := func(n int) {
		os.WriteFile(name(n), []byte("workbench transcript v1\nmode raw\n\n0.000 -- ended\n"), 0o600)
	}
	expect := func(want int) {
		t.Helper()
		if infos, err := f.List(t.Context(), store.Query{}); err != nil || len(infos) != want {
			t.Errorf("listed %d, %v; want %d", len(infos), err, want)
		}
	}
	put(1)
	put(2)
	expect(2)
	os.Remove(name(1))
	expect(1)
	put(3)
	expect(2)
}

// A process that died before the first byte of a transcript leaves nothing.
func TestWhatNeverBeganIsSwept(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	ids := []string{store.NewID(time.Unix(1, 0), "left", "raw"), store.NewID(time.Unix(1, 0), "just", "raw"), store.NewID(time.Unix(1, 0), "running", "raw")}
	left, just, running := filepath.Join(dir, ids[0]+".transcript.new"), filepath.Join(dir, ids[1]+".transcript.new"), filepath.Join(dir, ids[2]+".transcript.new")
	w, err := f.Create(ids[2])
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(left, nil, 0o600)
	os.WriteFile(just, nil, 0o600)
	hourAgo := time.Now().Add(-time.Hour)
	os.Chtimes(left, hourAgo, hourAgo)
	os.Chtimes(running, hourAgo, hourAgo)
	if infos, err := f.List(t.Context(), store.Query{}); err != nil || len(infos) != 0 {
		t.Errorf("%+v, %v", infos, err)
	}
	for path, want := range map[string]bool{left: false, just: true, running: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	w.Close()
	if _, err := os.Stat(running); err == nil {
		t.Error("a transcript that was closed without a byte is there")
	}
}

func TestIDs(t *testing.T) {
	at := time.Date(2026, 1, 2, 16, 4, 5, 7e6, time.FixedZone("", 3600))
	if got := store.NewID(at, "s12", "http-line"); got != "20260102-150405-007-s12-http-line" {
		t.Error(got)
	}
	for _, hostile := range []string{"../../etc", "a/b", "", "\x00", "ä", strings.Repeat("m", 1000), "C:\\x", "."} {
		id := store.NewID(at, hostile, hostile)
		if !store.ValidID(id) || filepath.Base(id) != id {
			t.Errorf("%q makes %q", hostile, id)
		}
	}
	if a, b := store.NewID(at, "s9", "raw"), store.NewID(at.Add(time.Millisecond), "s10", "raw"); a >= b {
		t.Errorf("%s is not before %s", a, b)
	}
}

// What looks like a time within a long payload is none.
func TestDescribeTellsTimesFromPayloads(t *testing.T) {
	id := store.NewID(time.Unix(1, 0), "s1", "raw")
	text := "workbench transcript v1\nmode raw\n\n1.000 >> server \"" + strings.Repeat("77 ", 5000) + "\"\n"
	info, err := store.Describe(id, strings.NewReader(text), int64(len(text)))
	if err != nil || info.Duration != 0 || info.Mode != "raw" || info.Ended != store.CutOff {
		t.Errorf("%+v, %v", info, err)
	}
	// A header longer than most.
	text = "workbench transcript v1\nmode raw\noption o \"" + strings.Repeat("x", 9000) + "\"\ntarget \"host:1\"\n\n" + strings.Repeat("2.000 >> server \"x\"\n", 1000)
	info, err = store.Describe(id, strings.NewReader(text), int64(len(text)))
	if err != nil || info.Duration != 2 || info.Target != "host:1" {
		t.Errorf("%+v, %v", info, err)
	}
}

// A recording that an agent opened says so, and its session's ID is as in all others.
func TestDescribeTellsAgents(t *testing.T) {
	a := store.Record(openFolder(t, t.TempDir()), slog.New(slog.DiscardHandler))
	defer a.Close(t.Context())
	r := a.Start(store.Header{Session: "s1", Agent: "robot, session 9", Mode: "raw"}, nil)
	r.End(0, "over")
	a.Start(store.Header{Session: "s2", Mode: "raw"}, nil).End(0, "over")
	for id, agent := range map[string]string{"s1": "robot, session 9", "s2": ""} {
		infos, err := a.List(t.Context(), store.Query{})
		at := slices.IndexFunc(infos, func(i store.Info) bool { return i.Session == id })
		if err != nil || at < 0 || infos[at].Agent != agent {
			t.Errorf("session %s by %q: %+v, %v", id, agent, infos, err)
		}
	}
}

// A store of 10,000: what the user waits for.
func BenchmarkTenThousand(b *testing.B) {
	dir := b.TempDir()
	lines := strings.Repeat("1.234567 >> client text \"GET / HTTP/1.1\"\n1.234567 << server \"GET / HTTP/1.1\\r\\n\"\n1.3 >> server \"HTTP/1.1 200 OK\\r\\n\"\n1.3 << client text \"HTTP/1.1 200 OK\"\n", 30)
	for n := range 10_000 {
		id := store.NewID(time.Unix(1_700_000_000+int64(n), 0), "s1", "http-line")
		text := fmt.Sprintf("workbench transcript v1\nmode http-line\noption eol \"crlf\"\noption charset \"utf-8\"\ntarget \"host%d.example:80\"\n\n0.000 -- recorded 2026-01-02T15:04:05Z, session s1\n%s2.000 -- ended: done\n", n, lines)
		if err := os.WriteFile(filepath.Join(dir, id+".transcript"), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("first list", func(b *testing.B) {
		for b.Loop() {
			benchList(b, openFolder(b, dir), store.Query{}, 10_000)
		}
	})
	f := openFolder(b, dir)
	for name, test := range map[string]struct {
		q    store.Query
		want int
	}{
		"list":                     {store.Query{}, 10_000},
		"search by target":         {store.Query{Target: "host77"}, 111},
		"search text, in none":     {store.Query{Text: "nowhere"}, 0},
		"search text, in all, 100": {store.Query{Text: "HTTP/1.1 200", Limit: 100}, 100},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchList(b, f, test.q, test.want)
			}
		})
	}
}

func benchList(b *testing.B, f *store.Folder, q store.Query, want int) {
	if infos, err := f.List(b.Context(), q); err != nil || len(infos) != want {
		b.Fatalf("%d, %v", len(infos), err)
	}
}
