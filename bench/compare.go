package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// fallen is how much of the reference's ratio must be left: a drop by 30 % or
// more is one too far.
const fallen = 0.7

// tooBusy is the part of the processors that others may use in a quick run. With
// more, a system of several processes waits longer for its turn than one of a
// single process, and ratios say nothing.
const tooBusy = 0.25

// regressions says which ratios are worse than all rounds of the reference and
// at least 30 % worse than their median, and which the reference has and this
// run does not; by their measures.
func regressions(now, then *report) map[string][]string {
	worse := map[string][]string{}
	for _, found := range now.Rows {
		i := slices.IndexFunc(then.Rows, func(r *row) bool { return r.Measure == found.Measure && r.Name == found.Name })
		if found.noisy || i < 0 {
			continue
		}
		was, had := then.Rows[i].ratio(found.Against)
		is, has := found.ratio(found.Against)
		switch {
		case !had:
		case !has:
			worse[found.Measure] = append(worse[found.Measure], fmt.Sprintf("%s: no ratio, where the reference has %s × %s",
				found.Title, number(was.median, 2), letter(found.Against)))
		case found.MoreBetter && is.median < was.low && is.median <= fallen*was.median,
			!found.MoreBetter && is.median > was.high && is.median*fallen >= was.median:
			worse[found.Measure] = append(worse[found.Measure], fmt.Sprintf("%s: %s × %s, where the reference has %s [%s–%s]",
				found.Title, number(is.median, 2), letter(found.Against), number(was.median, 2), number(was.low, 2), number(was.high, 2)))
		}
	}
	return worse
}

// compareWith measures what the quick form does and holds it to the reference. What
// is worse is measured a second time; it is an error if that is worse too.
func (d *driver) compareWith(ctx context.Context, then *report, only []string, rounds int, stdout io.Writer) error {
	others := othersShare()
	now, err := d.measureAll(ctx, only, rounds, quickSizes())
	if err != nil {
		return err
	}
	if err := now.print(stdout); err != nil {
		return err
	}
	first := regressions(now, then)
	if len(first) == 0 {
		_, err := fmt.Fprintln(stdout, "\nno ratio has fallen below the reference")
		return err
	}
	if !now.comparable(then.machine) {
		_, err := fmt.Fprintf(stdout, "\nworse than the reference, to which this machine is not held since that is of another kind (%s):\n%s\n",
			then.machine, strings.Join(texts(first), "\n"))
		return err
	}
	for _, text := range texts(first) {
		fmt.Fprintf(stdout, "\nonce more, since it is worse than the reference: %s\n", text)
	}
	again, err := d.measureAll(ctx, slices.Sorted(maps.Keys(first)), rounds, quickSizes())
	if err != nil {
		return err
	}
	if err := again.print(stdout); err != nil {
		return err
	}
	second := regressions(again, then)
	if len(second) == 0 {
		_, err := fmt.Fprintln(stdout, "\nno ratio has fallen below the reference twice")
		return err
	}
	if share := others(); share > tooBusy {
		_, err := fmt.Fprintf(stdout, "\nworse than the reference twice, to which this run is not held since others used %.0f %% of the processors:\n%s\n",
			100*share, strings.Join(texts(second), "\n"))
		return err
	}
	return fmt.Errorf("worse than the reference, by 30 %% or more, twice in a row:\n%s", strings.Join(texts(second), "\n"))
}

// texts lists what is worse in the order of the measures' names.
func texts(worse map[string][]string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(worse)) {
		all = append(all, worse[name]...)
	}
	return all
}
