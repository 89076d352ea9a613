package results

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store/parts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var someTime = time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)

// room is a class in a folder.
type room struct {
	*class.Class
	t *testing.T
}

func newRoom(t *testing.T) room {
	t.Helper()
	c, err := class.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return room{c, t}
}

// joins adds a student who has reached something, and returns the user name.
func (r room) joins(name string, reached ...progress.Line) string {
	r.t.Helper()
	one, err := r.Join(name)
	if err != nil {
		r.t.Fatalf("%q: %v", name, err)
	}
	log, err := progress.Open(of(Progress(r.Folder()), one.ID))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, line := range reached {
		line.Time = someTime
		if err := log.Add(line); err != nil {
			r.t.Fatal(err)
		}
	}
	return one.ID
}

// records puts a file among a student's recordings.
func (r room) records(id, file, text string) {
	r.t.Helper()
	folder := of(Transcripts(r.Folder()), id)
	err := os.MkdirAll(folder, 0o700)
	if err = errors.Join(err, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600)); err != nil {
		r.t.Fatal(err)
	}
}

func (r room) read(lessons ...*lesson.Source) *Class {
	r.t.Helper()
	s, err := class.Read(r.Folder()) // as another process, while the class is open
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := Read(Folder(r.Folder()), s, lessons)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// lessonOf returns a lesson whose steps have so many points.
func lessonOf(t *testing.T, name string, points ...int) *lesson.Source {
	t.Helper()
	text := "-- lesson.md --\n# " + name + "\n\nS.\n"
	for _, n := range points {
		text += fmt.Sprintf("\n## A step\n```lesson\ncheck %d it is sent\n  client sent HELO\nhint say HELO\n```\n", n)
	}
	source, err := lesson.OpenArchive([]byte(text), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestTable(t *testing.T) {
	r := newRoom(t)
	r.joins("Anna", progress.Line{Lesson: "b", Step: 1, Points: 2, Passed: true}, progress.Line{Lesson: "b", Step: 2, Points: 0}, progress.Line{Lesson: "a", Step: 1, Points: 9, Passed: true})
	r.joins("=HYPERLINK(\"x\",\"y\")", progress.Line{Lesson: "old", Step: 2, Points: 4, Passed: true})
	r.joins("Jürgen, \"J\"")
	r.Remove(r.joins("Tom", progress.Line{Lesson: "toms", Step: 1, Points: 1}))
	var text bytes.Buffer
	if err := r.read(lessonOf(t, "b", 2, 3, 5), lessonOf(t, "untried", 7), lessonOf(t, "a", 8)).WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i := range got[1:] {
		if _, err := time.Parse(time.RFC3339, got[i+1][2]); err != nil || !strings.HasSuffix(got[i+1][2], "Z") {
			t.Error(err)
		}
		got[i+1][2] = "T"
	}
	want := [][]string{
		strings.Split("name,user,joined,points,of,b points,b of,b/1,b/2,b/3,a points,a of,a/1,old points,old of,old/1,old/2", ","),
		{"Anna", "anna", "T", "10", "18", "2", "10", "2", "0", "", "8", "8", "8", "0", "", "", ""},
		{`'=HYPERLINK("x","y")`, "hyperlinkxy", "T", "4", "18", "0", "10", "", "", "", "0", "8", "", "4", "", "", "4"},
		{`Jürgen, "J"`, "jurgen-j", "T", "0", "18", "0", "10", "", "", "", "0", "8", "", "0", "", "", ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Anna": "Anna", "12": "12", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": `\t=1`, "\r=1": `\r=1`, "a\x1b[2J": `a\x1b[2J`,
		"＝1": "'＝1", "a=1": "a=1", "Ольга": "Ольга",
	} {
		if got := harmless([]string{cell})[0]; got != want {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}

// Everything that belongs to the best try is there, under names that any system has, in the
// archive as in the folder.
func TestFiles(t *testing.T) {
	r := newRoom(t)
	const first, second, gone = "20260102-030405-000-1-raw", "20260102-030405-001-2-raw", "20260102-030405-002-3-raw"
	for n, name := range []string{"Anna", "Anna", "../../etc", "..", "C:\\x", "nul.txt", "CON", "Ольга", "李雷", "-rf", "a. ", "x (anna)"} {
		id := r.joins(name,
			progress.Line{Lesson: "b", Step: 2, Points: 1, Transcripts: []string{first, gone, "../../seed"}, Answers: map[string]string{"2.1": "<b>"}},
			progress.Line{Lesson: "nul", Step: 1, Transcripts: []string{second}})
		r.records(id, first+".transcript", fmt.Sprint("first of ", n, "\n"))
		r.records(id, second+".transcript", "half a li")
	}
	r.records("anna", second+".transcript", strings.Repeat("x", parts.Size))
	r.records("anna", parts.Name(second+".transcript", parts.Size), "the rest\nhalf a li")
	r.joins("Nobody")
	r.Remove(r.joins("Tom", progress.Line{Lesson: "b", Step: 1}))
	c := r.read()

	folder := filepath.Join(t.TempDir(), "new")
	told := 0
	written, err := c.WriteFolder(folder, func(done, of int) {
		if told = max(told, done); of != 13 {
			t.Errorf("%d of %d", done, of)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	inFolder := map[string]string{}
	filepath.WalkDir(folder, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(at)
		name, _ := filepath.Rel(folder, at)
		inFolder[filepath.ToSlash(name)] = string(text)
		return err
	})
	if len(inFolder) != 1+12*5 || written != len(inFolder) || told != 12 {
		t.Errorf("%d files, %d told of, %d students: %v", len(inFolder), written, told, slices.Sorted(maps.Keys(inFolder)))
	}
	for name := range inFolder {
		for part := range strings.SplitSeq(name, "/") {
			if problem := badOnWindows(part); problem != "" || strings.ContainsAny(part[:1], "-.~") {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
	for in, want := range map[string]string{
		"Anna (anna)/b/step-2/" + first + ".transcript":       "first of 0\n",
		"Anna (anna-2)/b/step-2/" + first + ".transcript":     "first of 1\n",
		"Ольга (student-8)/b/step-2/" + first + ".transcript": "first of 7\n",
		"Anna (anna)/b/step-2/missing.txt":                    gone + "\n",
		"Anna (anna)/b/step-2/answers.json":                   "{\n  \"2.1\": \"<b>\"\n}\n",
		"Anna (anna)/_nul/step-1/" + second + ".transcript":   strings.Repeat("x", parts.Size) + "the rest\nhalf a li",
	} {
		if got, ok := inFolder[in]; !ok || got != want {
			t.Errorf("%s: %.60q", in, got)
		}
	}
	if seed := strings.TrimSuffix(inFolder["Anna (anna)/seed"], "\n"); !lesson.ValidSeed(seed) || seed == "" {
		t.Errorf("seed %q", seed)
	}
	if !strings.HasPrefix(inFolder["results.csv"], BOM+"name,") {
		t.Errorf("%q", inFolder["results.csv"])
	}
	if _, err := c.WriteFolder(folder, nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder that is not empty: %v", err)
	}

	var archive bytes.Buffer
	if err := c.WriteZip(background.With(t.Context(), background.New()), &archive); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	inZip := map[string]string{}
	for _, f := range z.File {
		text, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(text)
		if err != nil || path.Clean(f.Name) != f.Name || f.NonUTF8 {
			t.Error(f.Name, err)
		}
		inZip[f.Name] = string(all)
	}
	if !maps.Equal(inZip, inFolder) {
		t.Errorf("the archive has %v", slices.Sorted(maps.Keys(inZip)))
	}
}

// badOnWindows says why a name cannot be a file's there: "Naming Files, Paths, and
// Namespaces" in its documentation.
func badOnWindows(name string) string {
	if name == "" || strings.ContainsAny(name, "<>:\"/\\|?*\x00") || strings.TrimRight(name, ". ") != name || len(name) > 255 {
		return "characters"
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	if slices.Contains(strings.Fields("con prn aux nul com0 com1 com9 lpt1 lpt9 com¹"), strings.TrimSpace(stem)) {
		return "a device"
	}
	return ""
}

func FuzzSafeName(f *testing.F) {
	for _, name := range []string{"Anna", "../x", "com1.y", "LPT9 .", "", " ", "x\x00", "~/.ssh", strings.Repeat("\xff", 199)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if safe := safeName(name); len(name) < 200 && badOnWindows(safe) != "" || safeName(safe) != safe {
			t.Errorf("%q became %q: %s", name, safe, badOnWindows(safe))
		}
	})
}

// A long recording is not held in memory.
func TestMemoryOfAnArchive(t *testing.T) {
	r := newRoom(t)
	const recording = "20260102-030405-000-1-raw"
	id := r.joins("Anna", progress.Line{Lesson: "b", Step: 1, Transcripts: []string{recording}})
	r.records(id, recording+".transcript", "")
	if err := os.Truncate(filepath.Join(of(Transcripts(r.Folder()), id), recording+".transcript"), 3*parts.Size); err != nil {
		t.Fatal(err)
	}
	c := r.read()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := c.WriteZip(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > parts.Size/4 {
		t.Errorf("%d bytes of memory for an archive of %d", took, 3*parts.Size)
	}
}

// An archive ends when nobody wants it any more.
func TestAnArchiveThatIsNotWanted(t *testing.T) {
	r := newRoom(t)
	r.joins("Anna", progress.Line{Lesson: "b", Step: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.read().WriteZip(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	broken := errors.New("broken")
	if err := r.read().WriteZip(t.Context(), writes(func([]byte) (int, error) { return 0, broken })); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type writes func([]byte) (int, error)

func (w writes) Write(p []byte) (int, error) { return w(p) }
