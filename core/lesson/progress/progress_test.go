package progress_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
)

func open(t *testing.T, folder string) *progress.Log {
	t.Helper()
	l, err := progress.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// add adds a line with a time that JSON keeps.
func add(t *testing.T, l *progress.Log, line progress.Line) progress.Line {
	t.Helper()
	line.Time = time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC)
	if err := l.Add(line); err != nil {
		t.Fatal(err)
	}
	return line
}

// What was reached is there when the folder is opened again, and so is the seed.
func TestOpenedAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "lessons")
	l := open(t, folder)
	if !lesson.ValidSeed(l.Seed()) || l.Seed() == open(t, t.TempDir()).Seed() {
		t.Errorf("seed %q", l.Seed())
	}
	add(t, l, progress.Line{Lesson: "a", Step: 1, Points: 1, Transcripts: []string{"x"}})
	more := add(t, l, progress.Line{Lesson: "a", Step: 1, Points: 3, Passed: true, Transcripts: []string{"x", "y"}, Answers: map[string]string{"1.2": "b"}})
	add(t, l, progress.Line{Lesson: "a", Step: 1, Points: 2})
	other := add(t, l, progress.Line{Lesson: "a", Step: 2, Points: 0})
	add(t, l, progress.Line{Lesson: "b", Step: 1, Points: 9, Passed: true})
	want := map[int]progress.Line{1: more, 2: other}
	for _, log := range []*progress.Log{l, open(t, folder)} {
		if got := log.Reached("a"); !reflect.DeepEqual(got, want) || log.Seed() != l.Seed() {
			t.Errorf("got %+v, seed %s; want %+v, seed %s", got, log.Seed(), want, l.Seed())
		}
	}
	if seed, best, err := progress.Read(folder); seed != l.Seed() || len(best) != 3 || !reflect.DeepEqual(best[:2], []progress.Line{more, other}) || err != nil {
		t.Errorf("read: %q, %+v, %v", seed, best, err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if seed, best, err := progress.Read(nowhere); seed != "" || best != nil || err != nil {
		t.Errorf("read where nothing is: %q, %+v, %v", seed, best, err)
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("to read has made the folder")
	}
	for _, name := range []string{"seed", "progress"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// A process that is killed within a line loses that line alone.
// Where the student is is known again, and it does not matter if it cannot be read.
func TestAt(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder)
	if l.At() != (progress.At{}) {
		t.Errorf("%+v", l.At())
	}
	if _, ok := l.Latest(); ok {
		t.Error("something was reached")
	}
	for step := range 3 {
		if err := l.Move(progress.At{Lesson: "a", Step: step}); err != nil {
			t.Fatal(err)
		}
	}
	for _, lesson := range []string{"x", "y"} {
		line := progress.Line{Time: time.Now(), Lesson: lesson, Step: 1, Points: 1}
		if err := l.Add(line); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, folder)
	if latest, ok := again.Latest(); again.At() != l.At() || l.At().Step != 2 || !ok || latest.Lesson != "y" {
		t.Errorf("%+v, %+v", again.At(), latest)
	}
	if err := os.WriteFile(filepath.Join(folder, "at"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if at := open(t, folder).At(); at != (progress.At{}) {
		t.Errorf("%+v", at)
	}
	if err := progress.InMemory().Move(progress.At{Lesson: "a", Step: 1}); err != nil {
		t.Error(err)
	}
}

func TestKilled(t *testing.T) {
	folder := t.TempDir()
	first := add(t, open(t, folder), progress.Line{Lesson: "a", Step: 1, Points: 1})
	path := filepath.Join(folder, "progress")
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(text, text[:len(text)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	second := add(t, open(t, folder), progress.Line{Lesson: "a", Step: 2, Points: 1})
	if got, want := open(t, folder).Reached("a"), map[int]progress.Line{1: first, 2: second}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The file is bounded, and so are its lines; nothing that was reached is lost for it.
func TestBounds(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder)
	ids := make([]string, progress.MaxTranscripts)
	for i := range ids {
		ids[i] = strings.Repeat("x", 60)
	}
	path := filepath.Join(folder, "progress")
	add(t, l, progress.Line{Lesson: "a", Step: 1, Transcripts: append(ids, "last"), Answers: map[string]string{"1.1": strings.Repeat("x", 4000)}})
	if got := l.Reached("a")[1]; len(got.Transcripts) != len(ids) || got.Transcripts[len(ids)-1] != "last" || got.Answers != nil {
		t.Errorf("got %+v", got)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("\n", 4<<20-100)), 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, l, progress.Line{Lesson: "a", Step: 2})
	add(t, l, progress.Line{Lesson: "a", Step: 3})
	if info, err := os.Stat(path); err != nil || info.Size() > 10_000 {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	if got := open(t, folder).Reached("a"); len(got) != 3 {
		t.Errorf("got %+v", got)
	}
	l = progress.InMemory()
	for step := range progress.MaxSteps {
		add(t, l, progress.Line{Lesson: "a", Step: step + 1})
	}
	if err := l.Add(progress.Line{Lesson: "b", Step: 1}); !errors.Is(err, progress.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	add(t, l, progress.Line{Lesson: "a", Step: 1, Points: 1})
}

// What is not a folder of progress is told, and left alone.
func TestUnusable(t *testing.T) {
	for name, make := range map[string]func(folder string) error{
		"a seed with spaces": func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "seed"), []byte("not a seed"), 0o600)
		},
		"a folder": func(folder string) error { return os.Mkdir(filepath.Join(folder, "progress"), 0o700) },
	} {
		folder := t.TempDir()
		if err := make(folder); err != nil {
			t.Fatal(err)
		}
		if l, err := progress.Open(folder); err == nil {
			t.Error(name, fmt.Sprint(l))
		}
	}
}
