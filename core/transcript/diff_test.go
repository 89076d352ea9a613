package transcript

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

func remarks(words string) (entries []Entry) {
	for w := range strings.FieldsSeq(words) {
		entries = append(entries, Entry{Dir: Remark, Remark: w})
	}
	return entries
}

func TestDiff(t *testing.T) {
	for _, c := range []struct{ name, want, got, diff string }{
		{"equal", "a b c", "a b c", ""},
		{"both empty", "", "", ""},
		{"one other", "a b c", "a x c", "  -- a\n- -- b\n+ -- x\n  -- c\n"},
		{"missing at the end", "a b", "a", "  -- a\n- -- b\n"},
		{"one too many at the start", "b", "a b", "+ -- a\n  -- b\n"},
		{"nothing", "a", "", "- -- a\n"},
		{"moved", "a b c", "b c a", "- -- a\n  -- b\n  -- c\n+ -- a\n"},
		{"context", "1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9",
			"  …\n  -- 2\n  -- 3\n  -- 4\n- -- 5\n+ -- x\n  -- 6\n  -- 7\n  -- 8\n  …\n"},
		{"one too many between equal ones", "1 2 3 4 5 x 5 6 7 8 9", "1 2 3 4 5 5 6 7 8 9",
			"  …\n  -- 3\n  -- 4\n  -- 5\n- -- x\n  -- 5\n  -- 6\n  -- 7\n  …\n"},
		{"the same twice", "a a a a a", "a a a a a a a", "  …\n  -- a\n  -- a\n  -- a\n+ -- a\n+ -- a\n"},
		{"two places", "a 1 2 3 4 5 6 7 b", "x 1 2 3 4 5 6 7 y",
			"- -- a\n+ -- x\n  -- 1\n  -- 2\n  -- 3\n  …\n  -- 5\n  -- 6\n  -- 7\n- -- b\n+ -- y\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Diff(remarks(c.want), remarks(c.got)); got != c.diff {
				t.Errorf("got\n%s\nwant\n%s", got, c.diff)
			}
		})
	}
}

func TestDiffShowsTheLineOfAPayload(t *testing.T) {
	want := []Entry{timed(event(core.ServerBytes, "one\r\ntwo\r\n"), time.Second)}
	got := []Entry{event(core.ServerBytes, "one\r\ntwo\n")}
	got[0].Comments = []string{"# not compared"}
	const diff = `  >> server "one\r\n"
-           "two\r\n"
+           "two\n"
`
	if d := Diff(want, got); d != diff {
		t.Errorf("got\n%s\nwant\n%s", d, diff)
	}
}

// For any lines, "-" and " " give back a, "+" and " " give back b.
func TestEditIsTrue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n, letters int) (lines []string) {
		for range r.IntN(n + 1) {
			lines = append(lines, fmt.Sprint(r.IntN(letters)))
		}
		return lines
	}
	check := func(a, b []string) {
		t.Helper()
		var backA, backB []string
		for _, e := range Edits(a, b) {
			if e.Mark != '+' {
				backA = append(backA, e.Line)
			}
			if e.Mark != '-' {
				backB = append(backB, e.Line)
			}
		}
		if fmt.Sprint(a) != fmt.Sprint(backA) || fmt.Sprint(b) != fmt.Sprint(backB) {
			t.Fatalf("%v to %v gives %v", a, b, Edits(a, b))
		}
	}
	for range 3000 {
		check(random(12, 3), random(12, 3))
	}
	check(random(3000, 2), random(3000, 1000)) // past maxEdits
}

func TestDiffIsBounded(t *testing.T) {
	a, b := event(core.ServerBytes, strings.Repeat("a\n", 1<<19)), event(core.ServerBytes, strings.Repeat("b\n", 1<<19))
	d := Diff([]Entry{a}, []Entry{b})
	if n := strings.Count(d, "\n"); n != maxDiffLines+1 {
		t.Errorf("%d lines", n)
	}
	if !strings.HasSuffix(d, fmt.Sprintf("  … and %d more lines differ\n", 1<<20-maxDiffLines)) {
		t.Error(d[len(d)-100:])
	}
}

// What is equal on both sides of a difference is not even printed.
func TestDiffOfMuchThatIsTheSame(t *testing.T) {
	want := slices.Repeat([]Entry{event(core.ServerBytes, "a")}, 100_000)
	got := slices.Clone(want)
	got[50_000] = event(core.ServerBytes, "b")
	var d string
	if n := allocated(func() { d = Diff(want, got) }); n > 64<<10 {
		t.Errorf("it took %d bytes", n)
	}
	const a = "  >> server \"a\"\n"
	if want := "  …\n" + a + a + a + "- >> server \"a\"\n+ >> server \"b\"\n" + a + a + a + "  …\n"; d != want {
		t.Errorf("got\n%s", d)
	}
}
