package main

import (
	"bytes"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// baselinesOnly are flags that need no build.
func baselinesOnly(more ...string) []string {
	only := "roundtrip,roundtrip-raw,messages,down,up,lines,opens,start"
	if runtime.GOOS == "linux" {
		only += ",talk,idle,crowd,version" // read /proc
	}
	return append([]string{"-brief", "-rounds", "2", "-systems", "line,copy", "-only", only}, more...)
}

func TestBriefRunMeasuresTheBaselines(t *testing.T) {
	var out, progress bytes.Buffer
	if err := run(t.Context(), baselinesOnly("-json"), &out, &progress); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, row := range r.Rows {
		for name, c := range row.Cells {
			cells++
			rounds := 2
			i := slices.IndexFunc(measures(), func(m measure) bool { return m.name == row.Measure })
			rounds *= max(1, measures()[i].turns)
			// So short a time of a processor may not be seen.
			if row.Measure != "talk" && (c.Error != "" || len(c.Rounds) != rounds) {
				t.Errorf("%s, %s: %d rounds, error %q", row.Title, name, len(c.Rounds), c.Error)
			}
			// What memory a few sessions cost can be lost in the noise.
			if f, ok := row.figure(name); ok && f.median <= 0 && row.Unit != "KiB" {
				t.Errorf("%s, %s: the median is %v", row.Title, name, f.median)
			}
		}
	}
	// Of two systems, each does only one kind of bulk.
	want := 2*2 + 2 + len(allMessageSizes) + 1 + 1 + 1 + 2*2 + 2
	if runtime.GOOS == "linux" {
		want += 2*3 + 4 + 3
	}
	if cells < want {
		t.Errorf("%d cells were filled, not %d:\n%s", cells, want, &out)
	}
	if !strings.Contains(progress.String(), "lines, round 2 of 2: (a) line") {
		t.Errorf("the progress does not show the rounds:\n%s", &progress)
	}
}

func TestWhatDoesNotFinishIsReported(t *testing.T) {
	var out, progress bytes.Buffer
	args := []string{"-systems", "line,copy", "-only", "lines", "-limit", "50ms"} // far too short for the full size
	if err := run(t.Context(), args, &out, &progress); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "did not finish") || !strings.Contains(text, "within 50ms") {
		t.Errorf("the table hides it:\n%s", text)
	}
	if n := strings.Count(progress.String(), "round"); n != 1 {
		t.Errorf("a system that did not finish was tried %d times", n)
	}
}

func TestFlagsInPlainWords(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-only line", `no "line"; expected one of roundtrip, roundtrip-raw, messages, lines`},
		{"-systems a", `no "a"; expected one of workbench, line, copy, unrecorded, websockify, websocat, ttyd`},
		{"-rounds -1", "at least 1"},
		{"-quick -write docs", "only compares"},
		{"-write docs -systems workbench,copy", "needs at least the systems"},
		{"-quick -reference testdata/none.json", "holds no quick run"},
		{"-limit 0s", "more than nothing"},
		{"-students 7", "expected some of [20 60 200 600 2000]"},
		{"-away -1s", "must not be less than nothing"},
		{"lines", `"lines" is not expected`},
	} {
		err := run(t.Context(), strings.Fields(c.args), &bytes.Buffer{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.args, err, c.want)
		}
	}
}

func TestSchoolIsMeasuredOnlyIfAskedFor(t *testing.T) {
	for args, want := range map[string]int{"": 0, "-quick": 0, "-only lines": 0, "-only lines,school": 7, "-only school-away": 1} {
		c, err := parseFlags(strings.Fields(args), &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, name := range c.only {
			if strings.HasPrefix(name, "school") {
				n++
			}
		}
		if n != want {
			t.Errorf("%q: %d measures of a school, not %d: %q", args, n, want, c.only)
		}
	}
}

func TestWhatIsNotInstalledIsLeftOut(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-brief", "-rounds", "1", "-systems", "copy,ttyd", "-only", "roundtrip,opens"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "not installed") || strings.Count(text, "no program ttyd in PATH") != 1 {
		t.Errorf("the table does not say so once:\n%s", text)
	}
	if !strings.Contains(progress.String(), "ttyd is left out") {
		t.Errorf("the progress does not say so:\n%s", &progress)
	}
}
