package main

import (
	"slices"
	"testing"
)

// ratios makes a report with one row, by the ratios of its rounds.
func ratios(moreBetter bool, rounds ...float64) *report {
	r := newReport(allSystems("", "", &servers{}))
	rows := r.addRows(measure{name: "m", metrics: []metric{{Name: "n", Title: "what", Against: copyName, MoreBetter: moreBetter}}}, len(rounds))
	for _, ratio := range rounds {
		rows[0].record(r.systems[0], []float64{10 * ratio}, 0, nil)
		rows[0].record(r.systems[2], []float64{10}, 0, nil)
	}
	return r
}

func TestRegressions(t *testing.T) {
	const rate, duration = true, false
	for _, c := range []struct {
		name  string
		then  *report
		now   *report
		worse bool
	}{
		{"as it was", ratios(rate, 1, 1.1, 0.9), ratios(rate, 1), false},
		{"a rate falls by 40 %", ratios(rate, 1, 1.1, 0.9), ratios(rate, 0.6), true},
		{"a rate falls by 40 %, within the spread", ratios(rate, 1, 1.1, 0.5), ratios(rate, 0.6), false},
		{"a rate falls by 20 %", ratios(rate, 1, 1.1, 0.9), ratios(rate, 0.8), false},
		{"a rate rises", ratios(rate, 1, 1.1, 0.9), ratios(rate, 5), false},
		{"one round of three is bad", ratios(rate, 1, 1.1, 0.9), ratios(rate, 1, 0.1, 1), false},
		{"a time grows by half", ratios(duration, 3, 3.1, 2.9), ratios(duration, 4.5), true},
		{"a time grows by half, within the spread", ratios(duration, 3, 4.6, 2.9), ratios(duration, 4.5), false},
		{"a time grows by a third", ratios(duration, 3, 3.1, 2.9), ratios(duration, 4), false},
		{"a time shrinks", ratios(duration, 3, 3.1, 2.9), ratios(duration, 1), false},
		{"no figure any more", ratios(rate, 1), ratios(rate), true},
		{"no figure before", ratios(rate), ratios(rate, 1), false},
		{"a row that the reference lacks", new(report), ratios(rate, 1), false},
	} {
		if got := regressions(c.now, c.then); (len(got["m"]) > 0) != c.worse {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestRatiosAreThoseOfRounds(t *testing.T) {
	r := newReport(allSystems("", "", &servers{}))
	row := r.addRows(measure{metrics: []metric{{Against: lineName}}}, 3)[0]
	for i, ours := range []float64{10, 40, 90} {
		row.record(r.systems[0], []float64{ours}, 0, nil)
		row.record(r.systems[1], []float64{[]float64{10, 10, 30}[i]}, 0, nil)
	}
	if got, ok := row.ratio(lineName); !ok || got != (figure{3, 1, 4}) {
		t.Errorf("got %v", got)
	}
}

func TestMergeKeepsWhatIsNotMeasuredAgain(t *testing.T) {
	of := func(name string, rounds int) *report {
		r := newReport(nil)
		r.addRows(measure{name: name, metrics: []metric{{Name: name}}}, rounds)
		r.note(name + ": a note")
		return r
	}
	old := of("up", 5)
	old.addRows(measure{name: "lines", metrics: []metric{{}}}, 5)
	merged := merge(old, of("lines", 2))
	var got []string
	for _, row := range merged.Rows {
		got = append(got, row.Measure)
	}
	if !slices.Equal(got, []string{"lines", "up"}) || merged.Rows[0].Runs != 2 || merged.Rows[1].Runs != 5 {
		t.Errorf("the rows are %q", got)
	}
	if !slices.Equal(merged.Notes, []string{"lines: a note", "up: a note"}) {
		t.Errorf("the notes are %q", merged.Notes)
	}
	old.CPUs++
	if merged := merge(old, of("lines", 2)); len(merged.Rows) != 1 {
		t.Errorf("rows of another machine were kept: %d", len(merged.Rows))
	}
}
