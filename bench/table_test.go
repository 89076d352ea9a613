package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	systems := allSystems("", "", &servers{})[:3]
	r := newReport(systems)
	rows := r.addRows(measure{name: "lines", metrics: []metric{{Title: "lines", Unit: "lines/s", Against: lineName, MoreBetter: true, Bar: &bar{Limit: 5}}}}, 3)
	for _, v := range []float64{1_000_000, 1_300_000.4, 9} { // the middle one counts
		rows[0].record(systems[0], []float64{v}, 0, nil)
		rows[0].record(systems[1], []float64{250_000}, 0, nil)
	}
	rows[0].record(systems[2], nil, 0, fmt.Errorf("%w within 1s: still reading", errUnfinished))
	rows = r.addRows(measure{name: "up", metrics: []metric{{Title: "raw bulk up", Unit: "MB/s"}}}, 3)
	rows[0].record(systems[0], []float64{100}, 0, nil)
	rows[0].record(systems[0], nil, 0, errors.New("refused")) // in a later round

	var b strings.Builder
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(b.String(), "\n\n")
	want := `                      workbench  (a) line        (b) copy     beside the baseline  bar
lines        lines/s  1,000,000   250,000  did not finish  4.00 × (a) [0.00–5.20]  ≥ 5 × (a)
raw bulk up  MB/s        failed         –               –                       –

lines, (b) copy: did not finish within 1s: still reading

up, workbench: refused
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{0, 0, "0"}, {999, 0, "999"}, {1000, 0, "1,000"}, {1234567.89, 1, "1,234,567.9"}, {-1500, 0, "-1,500"}, {-0.25, 2, "-0.25"},
	} {
		if got := number(c.v, c.digits); got != c.want {
			t.Errorf("%v with %d digits: got %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}

func TestGoldenHasItsEntries(t *testing.T) {
	text := golden(7)
	if n := strings.Count(text, "\n>> ") + strings.Count(text, "\n<< "); n != goldenEntries {
		t.Errorf("a golden has %d entries, not %d:\n%s", n, goldenEntries, text)
	}
	if golden(8) == text {
		t.Error("two goldens are alike")
	}
}
