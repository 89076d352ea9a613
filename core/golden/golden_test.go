package golden

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
)

const (
	right = "workbench transcript v1\nmode http-line\n\n# said\n>> client text \"hi\"\n<< server \"hi\\r\\n\"\n>> server \"a\\r\\n\"\n<< client text \"a\"\n"
	wrong = "workbench transcript v1\nmode http-line\n\n# said\n>> client text \"hi\"\n<< server \"ho\\r\\n\"\n>> server \"a\\r\\n\"\n<< client text \"a\"\n"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func paths(files []File) (all []string) {
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func httpLine() Modes {
	d := httpline.Discipline()
	return Only(d.Manifest, func(context.Context) (*wire.Conn, error) {
		return wire.Pipe(d, slog.New(slog.DiscardHandler)), nil
	})
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a.golden"), right)
	b := write(t, filepath.Join(dir, "sub", "b.golden"), right)
	write(t, filepath.Join(dir, "sub", "c.txt"), right)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		folder string
		enter  func(string) bool
		want   []string
	}{
		{dir, nil, []string{a}},
		{dir, func(path string) bool { return path == filepath.Join(dir, "sub") }, []string{a, b}},
		{link, nil, []string{filepath.Join(link, "a.golden")}},
	} {
		if files, err := Find(c.folder, c.enter); err != nil || !slices.Equal(paths(files), c.want) {
			t.Errorf("in %s: %v, %v", c.folder, paths(files), err)
		}
	}
	if files, err := Find(filepath.Join(dir, "nowhere"), nil); !errors.Is(err, fs.ErrNotExist) || len(files) > 0 {
		t.Errorf("nowhere: %v, %v", files, err)
	}
}

// The goldens of a plugin beside are not one's own; of no plugin that is there,
// they are.
func TestOwn(t *testing.T) {
	dir := t.TempDir()
	source := write(t, filepath.Join(dir, "one.star"), "")
	write(t, filepath.Join(dir, "two.star"), "")
	of := func(name, mode string) {
		write(t, filepath.Join(dir, name), "workbench transcript v1\nmode "+mode+"\n\noops\n")
	}
	of("a.golden", "one")
	of("b.golden", "two")
	of("c.golden", "three")
	files, err := Find(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(Own(source, slices.Clone(files))); len(got) != 2 || slices.Contains(got, filepath.Join(dir, "b.golden")) {
		t.Errorf("beside another: %v", got)
	}
	if got := Own(dir, files); len(got) != 3 {
		t.Errorf("of a folder: %v", paths(got))
	}
}

func TestUpdate(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.golden"), wrong)
	file := File{Path: path, Found: true}
	r := &Runner{Modes: httpLine(), Cuts: replay.Plan(1, 1)}
	if got := r.Replay(t.Context(), file); got.OK || got.Outcome != Different || got.Line != 6 || got.Replays != 1 {
		t.Errorf("not updated: %+v", got)
	}
	running := true
	r.Update, r.Running = true, func(*os.File) bool { return running }
	if got := r.Replay(t.Context(), file); got.Outcome != Unusable || !strings.Contains(got.Error, "still running") {
		t.Errorf("of a session that runs: %+v", got)
	}
	running = false
	if got := r.Replay(t.Context(), file); !got.OK || got.Outcome != Updated || got.Replays != 5 || string(transcript.AppendAll(nil, got.Now)) != right {
		t.Errorf("updated: %+v", got)
	}
	if text, err := file.Read(); err != nil || string(text) != right {
		t.Errorf("%v, the file holds\n%s", err, text)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("its permissions are %v", info.Mode())
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// A machine that answers differently the second time is not written down.
func TestUpdateOfWhatIsNotDeterministic(t *testing.T) {
	d := httpline.Discipline()
	opened := 0
	modes := Only(d.Manifest, func(context.Context) (*wire.Conn, error) {
		d, n := d, opened
		opened++
		open := d.Open
		d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
			out.Note(strings.Repeat("x", n))
			return open(o, out)
		}
		return wire.Pipe(d, slog.New(slog.DiscardHandler)), nil
	})
	file := File{Path: write(t, filepath.Join(t.TempDir(), "a.golden"), right), Found: true}
	got := (&Runner{Modes: modes, Update: true}).Replay(t.Context(), file)
	if text, _ := file.Read(); got.OK || got.Outcome != Different || !strings.Contains(got.Error, "answered differently") || string(text) != right {
		t.Errorf("%+v\n%s", got, text)
	}
}

func TestReplaceRefuses(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a.golden"), right)
	link := filepath.Join(dir, "link.golden")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	changed := File{Path: path, Found: true, Copy: write(t, filepath.Join(dir, "copy"), wrong)}
	for words, f := range map[string]File{
		"link.golden could not be written, and is as it was: not a regular file": {Path: link, Found: true},
		"changed after it was read; try again":                                   changed,
	} {
		if err := f.Replace([]byte("x")); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %s", err, words)
		}
	}
	if err := (File{Path: link}).Replace([]byte(wrong)); err != nil {
		t.Errorf("a link that the user named: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != wrong {
		t.Errorf("it holds %s", text)
	}
	if _, err := (File{Path: dir}).Read(); err == nil || !strings.Contains(err.Error(), "is a folder; name a transcript") {
		t.Error(err)
	}
	if _, err := ReadAll("x", strings.NewReader(""), MaxFile+1); err == nil || !strings.Contains(err.Error(), "x has 65 MiB, and at most 64 MiB are read at once") {
		t.Error(err)
	}
}
