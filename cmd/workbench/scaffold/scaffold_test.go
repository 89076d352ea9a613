package scaffold

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/plugins/jsonl"
	"github.com/protocol-workbench/workbench/plugins/starlark"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what scripts log about garbage
	goleak.VerifyTestMain(m)
}

// makeNew makes a plugin named shout.
func makeNew(t *testing.T, lang string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "any")
	began := time.Now()
	made, err := New(t.Context(), Options{Name: "shout", Lang: lang, Dir: dir, Carried: workbench.SDK(), Keep: filepath.Join(t.TempDir(), "state", "sdk")})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %v: %v, SDK %s", time.Since(began).Round(time.Millisecond), made.Files, made.SDK)
	for _, file := range made.Files {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || strings.Contains(string(text), placeholder) {
			t.Errorf("%s: %v; or it contains %q", file, err, placeholder)
		}
	}
	for _, file := range []string{"README.md", "testdata/hello.golden"} {
		if !slices.Contains(made.Files, file) {
			t.Errorf("there is no %s", file)
		}
	}
	return dir
}

// replays replays the goldens in the folder in every way. The tests of the whole
// program check the promises of every line mode.
func replays(t *testing.T, dir string, d core.Discipline) {
	t.Helper()
	if d.Manifest.Name != "shout" {
		t.Fatalf("the manifest's name is %q", d.Manifest.Name)
	}
	s := conformance.InProcess(d, slog.New(slog.DiscardHandler))
	report := func(findings []conformance.Finding, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			t.Errorf("%+v", f)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "testdata", "*.golden"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := transcript.Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := conformance.Golden(t.Context(), s, file, parsed)
		report(r.Findings, err)
	}
}

// TestGo makes one as an installed program does: with no checkout around it, and none
// where it was built.
func TestGo(t *testing.T) {
	t.Setenv("GOPROXY", "off") // the modules of this very test are in the cache
	t.Chdir(t.TempDir())
	trimmed(t)
	dir := makeNew(t, "go")
	for _, command := range [][]string{{"go", "vet", "."}, {"go", "test", "."}} {
		began := time.Now()
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", command, err, out)
		}
		t.Logf("%v in %v", command, time.Since(began).Round(time.Millisecond))
	}
	p, err := catalog.Build(t.Context(), dir, catalog.BuildOptions{Into: t.TempDir()})
	if err != nil || p.Name != "shout" || p.Goldens != filepath.Join(dir, "testdata") {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestPython(t *testing.T) {
	dir := makeNew(t, "python")
	p, err := catalog.Build(t.Context(), dir, catalog.BuildOptions{})
	if err != nil || p.Name != "shout" || p.Kind != catalog.KindScript {
		t.Fatalf("got %+v, %v", p, err)
	}
	d, child, err := jsonl.Start(t.Context(), exec.Command(p.Path))
	if err != nil {
		t.Fatal(err)
	}
	defer child.Kill()
	replays(t, dir, d)
	long(t, d)
	writesStateDown(t, d)
}

func TestStarlark(t *testing.T) {
	dir := makeNew(t, "starlark")
	p, err := catalog.Build(t.Context(), dir, catalog.BuildOptions{})
	if err != nil || p.Name != "shout" || !p.Starlark {
		t.Fatalf("got %+v, %v", p, err)
	}
	d, err := starlark.Discipline(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	replays(t, dir, d)
	long(t, d)
	writesStateDown(t, d)
}

// long checks that a line without an end comes in parts, that a line end may be split,
// and the option.
func long(t *testing.T, d core.Discipline) {
	t.Helper()
	var out core.Out
	m, err := d.Open(core.Opening{Options: core.Options{"end": "lf"}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, data := range []string{strings.Repeat("x", 70<<10), "y\r", "\nz\r\r\n\n"} {
		out.Reset()
		if err := m.Handle(core.Event{Kind: core.ServerBytes, Data: []byte(data)}, &out); err != nil {
			t.Fatal(err)
		}
		for i := range out.Len() {
			got = append(got, string(out.Action(i).Data))
		}
	}
	want := []string{"the server's first line", strings.Repeat("x", 64<<10), strings.Repeat("x", 6<<10) + "y", "z\r", ""}
	if !slices.Equal(got, want) {
		t.Errorf("got %.80q, want %.80q", got, want)
	}
	out.Reset()
	if err := m.Handle(core.Event{Kind: core.ClientBinary, Data: []byte("\xff")}, &out); err != nil || out.Len() != 1 || string(out.Action(0).Data) != "\xff\n" {
		t.Errorf("%v, %d actions, %q", err, out.Len(), out.Action(0).Data)
	}
	if end, ok := m.(interface{ End() }); ok {
		end.End()
	}
}

// writesStateDown checks that a machine continues from another's checkpoint within a
// line, and refuses one that a line mode cannot have written.
func writesStateDown(t *testing.T, d core.Discipline) {
	t.Helper()
	begin := func() core.Machine {
		m, err := d.Open(core.Opening{Options: core.Options{"end": "lf"}}, new(core.Out))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if m, ok := m.(interface{ End() }); ok {
				m.End()
			}
		})
		return m
	}
	var out core.Out
	first, next := begin(), begin()
	first.Handle(core.Event{Kind: core.ServerBytes, Data: []byte("a line\nhalf \xff ")}, &out)
	state, err := first.(core.Checkpointer).Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.(core.Checkpointer).Restore(state); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := next.Handle(core.Event{Kind: core.ServerBytes, Data: []byte("a line\n")}, &out); err != nil || out.Len() != 1 || !strings.HasPrefix(string(out.Action(0).Data), "half ") {
		t.Errorf("%v, %d actions, want the whole line", err, out.Len())
	}
	for _, bad := range []string{`7`, `{}`, `{"some":1,"held":""}`, `{"some":true,"held":"!"}`, `{"some":true,"held":"Cg=="}`} {
		if begin().(core.Checkpointer).Restore([]byte(bad)) == nil {
			t.Errorf("restored from %s", bad)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "README.md")
	os.WriteFile(file, []byte("mine"), 0o644)
	for words, o := range map[string]Options{
		"is not empty, and nothing is overwritten":      {Name: "shout", Lang: "go", Dir: dir},
		"make folder " + file:                           {Name: "shout", Lang: "go", Dir: file},
		`"a b" is not a plugin's name`:                  {Name: "a b", Lang: "go", Dir: dir + "/x"},
		`no template in language "cobol"; there are go`: {Name: "shout", Lang: "cobol", Dir: dir + "/x"},
		"--sdk " + dir + " is not the workbench's":      {Name: "shout", Lang: "go", Dir: dir + "/x", SDK: dir},
	} {
		if _, err := New(t.Context(), o); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %q", err, words)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("a file was overwritten")
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a folder was left behind")
	}
}

// fakeSDK is a folder that looks like the SDK.
func fakeSDK(t *testing.T) string {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+module+"\n\ngo 1.30\n"), 0o644)
	return dir
}

func TestWhereTheSDKIs(t *testing.T) {
	named, around, built := fakeSDK(t), fakeSDK(t), fakeSDK(t)
	inside := filepath.Join(around, "a", "b")
	os.MkdirAll(inside, 0o755)
	was := builtIn
	defer func() { builtIn = was }()
	builtIn = filepath.Join(built, "cmd")

	t.Chdir(inside)
	if k, err := findSDK(Options{SDK: named}); err != nil || k.folder != named {
		t.Errorf("with --sdk: %+v, %v", k, err)
	}
	k, err := findSDK(Options{})
	if err != nil || k.folder != around || k.goLine() != "go 1.30" {
		t.Errorf("in a checkout: %+v, %v", k, err)
	}
	if from := k.from(inside); from != filepath.Join("..", "..") {
		t.Errorf("from inside it is %q", from)
	}
	if from := k.from(t.TempDir()); from != around {
		t.Errorf("from outside it is %q", from)
	}
	t.Chdir(t.TempDir())
	if k, err := findSDK(Options{}); err != nil || k.folder != built {
		t.Errorf("where it was built: %+v, %v", k, err)
	}
	trimmed(t)
	if _, err := findSDK(Options{}); err == nil || !strings.Contains(err.Error(), "with --sdk DIR") {
		t.Errorf("nowhere: %v", err)
	}
}

// trimmed makes this a binary that was built with -trimpath.
func trimmed(t *testing.T) {
	was := builtIn
	t.Cleanup(func() { builtIn = was })
	builtIn = "cmd/workbench/scaffold"
}

// TestCarriedSDK writes it once, without its tests, and another one beside it.
func TestCarriedSDK(t *testing.T) {
	t.Chdir(t.TempDir())
	trimmed(t)
	o := Options{Keep: filepath.Join(t.TempDir(), "a", "sdk"), Carried: fstest.MapFS{
		"go.mod":            {Data: []byte("module " + module + "\n")},
		"core/core.go":      {Data: []byte("package core\n")},
		"core/core_test.go": {Data: []byte("package core\n")},
	}}
	first, err := findSDK(o)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := findSDK(o); err != nil || again.folder != first.folder {
		t.Errorf("the second time: %+v, %v; want %s", again, err, first.folder)
	}
	if _, err := os.Stat(filepath.Join(first.folder, "core", "core_test.go")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a test was written: %v", err)
	}
	if info, err := os.Stat(filepath.Join(first.folder, "core", "core.go")); err != nil || info.Mode().Perm()&0o222 != 0 {
		t.Errorf("core.go: %v, %v; want a file that nobody may write to", info, err)
	}
	o.Carried.(fstest.MapFS)["core/core.go"].Data = []byte("package core // changed\n")
	if other, err := findSDK(o); err != nil || other.folder == first.folder {
		t.Errorf("another source: %+v, %v; want another folder", other, err)
	}
	if entries, _ := os.ReadDir(o.Keep); len(entries) != 2 {
		t.Errorf("%d folders are kept, want 2", len(entries))
	}
	o.Keep = filepath.Join(first.folder, "go.mod", "sdk")
	if _, err := findSDK(o); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("below a file: %v", err)
	}
}
