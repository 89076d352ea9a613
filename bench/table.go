package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// report is what was found, a row for each metric.
type report struct {
	Go      string `json:"go"`
	System  string `json:"system"`
	CPUs    int    `json:"cpus"`
	Rounds  int    `json:"rounds"`
	Quick   bool   `json:"quick"`
	Rows    []*row `json:"rows"`
	systems []*system
}

// row is one metric of every system.
type row struct {
	Measure string `json:"measure"`
	metric
	Cells map[string]*cell `json:"systems"`
}

// cell is one metric of one system.
type cell struct {
	Median float64   `json:"median"`
	Rounds []float64 `json:"rounds"`
	Error  string    `json:"error,omitempty"` // why there is no median
	short  string    // the error in a word or two
}

func newReport(systems []*system, rounds int, quick bool) *report {
	return &report{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Rounds: rounds, Quick: quick, systems: systems,
	}
}

// addRows appends the rows of a measure, empty, and returns them.
func (r *report) addRows(m measure) []*row {
	from := len(r.Rows)
	for _, metric := range m.metrics {
		r.Rows = append(r.Rows, &row{m.name, metric, map[string]*cell{}})
	}
	return r.Rows[from:]
}

// record enters one round's value, or the error in its place.
func (r *row) record(s *system, values []float64, i int, err error) {
	c := r.Cells[s.name]
	if c == nil {
		c = &cell{Rounds: []float64{}}
		r.Cells[s.name] = c
	}
	if err != nil {
		c.Error, c.short, c.Median = err.Error(), "failed", 0
		if errors.Is(err, errUnfinished) {
			c.short = errUnfinished.Error()
		}
		return
	}
	c.Rounds = append(c.Rounds, values[i])
	c.Median = median(c.Rounds)
}

// median returns the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (r *report) printJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

func (r *report) print(w io.Writer) error {
	head := []string{"", ""}
	for _, s := range r.systems {
		head = append(head, s.title)
	}
	table := [][]string{append(head, "÷ (a)", "÷ (b)", "÷ (c)", "bar")}
	for _, row := range r.Rows {
		line := []string{row.Title, row.Unit}
		for _, s := range r.systems {
			line = append(line, row.Cells[s.name].text(row.digits))
		}
		table = append(table, append(line, row.ratio(lineName), row.ratio(copyName), row.ratio(unrecordedName), row.Bar))
	}
	if _, err := fmt.Fprintf(w, "\nmedians of %d, %s on %s, %d processors; ÷ is the workbench's number by the baseline's\n\n",
		r.Rounds, r.Go, r.System, r.CPUs); err != nil {
		return err
	}
	if r.Quick {
		fmt.Fprint(w, "this was a quick run: the numbers mean little\n\n")
	}
	if err := writeTable(w, table); err != nil {
		return err
	}
	return r.printFailures(w)
}

// printFailures says in full what the table names in a word.
func (r *report) printFailures(w io.Writer) error {
	said := map[string]bool{}
	for _, row := range r.Rows {
		for _, s := range r.systems {
			c := row.Cells[s.name]
			if c == nil || c.Error == "" || said[s.name+row.Measure] {
				continue
			}
			said[s.name+row.Measure] = true
			if _, err := fmt.Fprintf(w, "\n%s, %s: %s\n", row.Measure, s.title, c.Error); err != nil {
				return err
			}
		}
	}
	return nil
}

// text is the cell as the table shows it; a system that has none shows a dash.
func (c *cell) text(digits int) string {
	switch {
	case c == nil:
		return "–"
	case c.Error != "":
		return c.short
	}
	return number(c.Median, digits)
}

// ratio is the workbench's median by another system's, where that means
// something.
func (r *row) ratio(other string) string {
	ours, theirs := r.Cells[workbenchName], r.Cells[other]
	if r.count || ours == nil || theirs == nil || ours.Error != "" || theirs.Error != "" || theirs.Median <= 0 {
		return "–"
	}
	return number(ours.Median/theirs.Median, 2)
}

// number writes a value with commas between the thousands.
func number(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	point := strings.IndexByte(text+".", '.')
	for i := point - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// writeTable aligns words to the left, in the first column, the units and the
// bars, and numbers to the right.
func writeTable(w io.Writer, table [][]string) error {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	last := len(widths) - 1
	for _, line := range table {
		var b strings.Builder
		for i, text := range line {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i < 2 || i == last {
				b.WriteString(text + space + "  ")
			} else {
				b.WriteString(space + text + "  ")
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}
