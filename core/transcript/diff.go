package transcript

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of what Diff does and prints.
const (
	maxEdits     = 1000 // past this many differing lines it looks for no closer match
	maxDiffLines = 400  // lines that it prints
	contextLines = 3    // equal lines around a difference
)

// Diff shows how got differs from want, in lines of the text form: "- " only
// in want, "+ " only in got, "  " a few lines of both around them, "…" where
// other equal lines are left out. It is "" if the entries are equal; times,
// rules and comments are neither compared nor shown.
func Diff(want, got []Entry) string {
	before, after := alike(want, got)
	edits := Edits(lines(want[before:len(want)-after]), lines(got[before:len(got)-after]))
	var b strings.Builder
	printed, skipped, rest := 0, before > 0, 0
	for i, e := range edits {
		switch {
		case printed >= maxDiffLines:
			if e.Mark != ' ' {
				rest++
			}
		case nearDifference(edits, i):
			if skipped {
				b.WriteString("  …\n")
			}
			fmt.Fprintf(&b, "%c %s\n", e.Mark, e.Line)
			printed++
			skipped = false
		default:
			skipped = true
		}
	}
	switch {
	case rest > 0:
		fmt.Fprintf(&b, "  … and %d more lines differ\n", rest)
	case (skipped || after > 0) && printed > 0:
		b.WriteString("  …\n")
	}
	return b.String()
}

// alike returns how many entries at the start and at the end are equal and need
// not be printed. Each has at least one line, so the context is among the others.
func alike(a, b []Entry) (before, after int) {
	before, after = Ends(len(a), len(b), func(i, j int) bool { return Equal(&a[i], &b[j]) })
	return max(0, before-contextLines), max(0, after-contextLines)
}

func nearDifference(edits []Edit, i int) bool {
	near := edits[max(0, i-contextLines):min(len(edits), i+contextLines+1)]
	return slices.ContainsFunc(near, func(e Edit) bool { return e.Mark != ' ' })
}

// lines prints those parts of the entries that are compared.
func lines(entries []Entry) []string {
	text := strings.Join(keys(entries), "")
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// Edit is a line of a difference.
type Edit struct {
	Mark byte // ' ' in both, '-' only in the first, '+' only in the second
	Line string
}

// Edits turns a into b with few edits, by Myers' greedy algorithm (An O(ND)
// Difference Algorithm, 1986), after cutting off the common start and end. Past
// 1000 edits the whole rest is replaced.
func Edits(a, b []string) []Edit {
	head, tail := Ends(len(a), len(b), func(i, j int) bool { return a[i] == b[j] })
	edits := marked(' ', a[:head])
	edits = append(edits, myers(a[head:len(a)-tail], b[head:len(b)-tail])...)
	return append(edits, marked(' ', a[len(a)-tail:])...)
}

// Ends returns how many of n and of m things are equal at the beginning, and how
// many of the others at the end.
func Ends(n, m int, equal func(i, j int) bool) (head, tail int) {
	for head < min(n, m) && equal(head, head) {
		head++
	}
	for tail < min(n, m)-head && equal(n-1-tail, m-1-tail) {
		tail++
	}
	return head, tail
}

func marked(mark byte, lines []string) (edits []Edit) {
	for _, line := range lines {
		edits = append(edits, Edit{mark, line})
	}
	return edits
}

func myers(a, b []string) []Edit {
	// reach[d][k+d] is how far into a the best path with d edits gets on
	// diagonal k, which is the position in a minus the position in b.
	var reach [][]int32
	at := func(d, k int) int {
		if d < 0 || k < -d || k > d {
			return -1
		}
		return int(reach[d][k+d])
	}
	// step returns where on diagonal k the d-th edit leaves the path, and
	// whether it inserts a line of b or deletes one of a.
	step := func(d, k int) (x int, inserted bool) {
		if d == 0 {
			return 0, false
		}
		if down, right := at(d-1, k+1), at(d-1, k-1)+1; k == -d || k != d && down >= right {
			return down, true
		} else {
			return right, false
		}
	}
	for d := 0; ; d++ {
		if d > maxEdits {
			return append(marked('-', a), marked('+', b)...)
		}
		reach = append(reach, make([]int32, 2*d+1))
		for k := -d; k <= d; k += 2 {
			x, _ := step(d, k)
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[d][k+d] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return trace(a, b, d, k, step)
			}
		}
	}
}

// trace walks the found path backwards.
func trace(a, b []string, d, k int, step func(d, k int) (int, bool)) []Edit {
	var back []Edit
	for x := len(a); ; d-- {
		from, inserted := step(d, k)
		for ; x > from; x-- {
			back = append(back, Edit{' ', a[x-1]})
		}
		if d == 0 {
			break
		}
		if inserted {
			back = append(back, Edit{'+', b[x-k-1]})
			k++
		} else {
			back = append(back, Edit{'-', a[x-1]})
			x--
			k--
		}
	}
	slices.Reverse(back)
	return back
}
