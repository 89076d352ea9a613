package progress

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/register"
)

func openShared(t *testing.T, folder string, in register.Value) *Log {
	t.Helper()
	l, err := OpenShared(folder, in)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func reach(step, points int, transcript string) Line {
	return Line{Time: time.Date(2026, 11, 30, 8, step, 0, 0, time.UTC), Lesson: "x", Step: step, Points: points, Passed: points == 3, Transcripts: []string{transcript}}
}

func add(t *testing.T, l *Log, line Line) {
	t.Helper()
	if err := l.Add(line); err != nil {
		t.Fatal(err)
	}
}

// What a student reaches at one workbench is reached at all, and more is never less.
func TestSharedProgressIsOne(t *testing.T) {
	in, folders := new(register.Memory), []string{t.TempDir(), t.TempDir()}
	a := openShared(t, folders[0], in)
	add(t, a, reach(1, 3, "a1"))
	b := openShared(t, folders[1], in)
	if a.Seed() != b.Seed() {
		t.Errorf("the seeds are %s and %s", a.Seed(), b.Seed())
	}
	add(t, b, reach(2, 1, "b2"))
	add(t, a, reach(2, 2, "a2"))
	add(t, b, reach(1, 1, "b1"))
	if err := b.Move(At{"x", 3}); err != nil {
		t.Fatal(err)
	}
	want := map[int]Line{1: reach(1, 3, "a1"), 2: reach(2, 2, "a2")}
	for i, l := range []*Log{a, b} {
		if got := l.Reached("x"); !reflect.DeepEqual(got, want) || l.At() != (At{"x", 3}) {
			t.Errorf("workbench %d has %v at %v, want %v", i, got, l.At(), want)
		}
		seed, lines, err := Read(folders[i])
		if err != nil || seed != a.Seed() || !reflect.DeepEqual(lines, []Line{want[1], want[2]}) {
			t.Errorf("folder %d has %s, %v, %v", i, seed, lines, err)
		}
	}
	_, before := in.Get()
	for range 2 {
		for _, l := range []*Log{a, b} {
			if err := l.Refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, after := in.Get(); after != before {
		t.Errorf("what all know was written %d times", after-before)
	}
}

// What was reached while the value was out of reach is put together afterwards, and is the
// same everywhere, also where both are as good.
func TestSharedProgressOutOfReach(t *testing.T) {
	in := new(register.Memory)
	in.Leave(true)
	a, b := openShared(t, t.TempDir(), in), openShared(t, t.TempDir(), in)
	add(t, a, reach(1, 2, "a1"))
	add(t, a, reach(2, 3, "a2"))
	add(t, b, reach(1, 2, "b1"))
	add(t, b, reach(3, 1, "b3"))
	in.Leave(false)
	for range 2 {
		for _, l := range []*Log{a, b} {
			if err := l.Refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := a.Reached("x")
	if !reflect.DeepEqual(got, b.Reached("x")) || len(got) != 3 || got[2].Points != 3 || got[3].Points != 1 || a.Seed() != b.Seed() {
		t.Errorf("the workbenches have %v and %v", got, b.Reached("x"))
	}
}

// A value that no workbench would write changes nothing.
func TestSharedProgressThatIsNone(t *testing.T) {
	for _, text := range []string{"", "x", "{}", `{"seed":"a/b"}`, `{"seed":"s1","lines":[{"lesson":"","step":1},{"lesson":"x","step":-1}]}`} {
		in, folder := new(register.Memory), t.TempDir()
		if _, err := in.Set(t.Context(), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
		l := openShared(t, folder, in)
		if len(l.Reached("x"))+len(l.Reached("")) > 0 || l.Seed() == "" || l.Seed() == "a/b" {
			t.Errorf("%s: it has %v, seed %s", text, l.best, l.Seed())
		}
		add(t, l, reach(1, 1, "a1"))
		if again := openShared(t, t.TempDir(), in); !reflect.DeepEqual(again.Reached("x"), l.Reached("x")) {
			t.Errorf("%s: another workbench has %v", text, again.Reached("x"))
		}
	}
}

// However much was reached, the value is no longer than it may be.
func TestSharedProgressIsBounded(t *testing.T) {
	in := new(register.Memory)
	l := openShared(t, t.TempDir(), in)
	long := slices.Repeat([]string{"20261130-080000-000-s1-raw"}, MaxTranscripts)
	for step := range MaxSteps {
		line := reach(step+1, 1, "")
		line.Transcripts, line.Answers = long, map[string]string{"1": string(make([]byte, 100))}
		l.take(line)
	}
	add(t, l, reach(1, 3, "a1"))
	if text, _ := in.Get(); len(text) == 0 || len(text) > register.MaxText {
		t.Errorf("the value has %d bytes", len(text))
	}
}
