package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is what was found, a row for each metric.
type report struct {
	machine
	Date  string   `json:"date"`            // of the latest of its measures
	Notes []string `json:"notes,omitempty"` // for the reader, each begins with its measure
	Rows  []*row   `json:"rows"`

	systems []*system // the columns
}

// machine says on what kind of machine a report was made.
type machine struct {
	Go     string `json:"go"`
	System string `json:"system"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus"`
}

// row is one metric of every system.
type row struct {
	Measure string `json:"measure"`
	Runs    int    `json:"rounds"` // of the run that this is from
	metric
	Cells map[string]*cell `json:"systems"`
}

// cell is one metric of one system.
type cell struct {
	Rounds []float64 `json:"rounds"`
	Error  string    `json:"error,omitempty"` // why there is no figure
	Short  string    `json:"short,omitempty"` // the error in a word or two
}

func newReport(systems []*system) *report {
	return &report{machine: thisMachine(), Date: time.Now().UTC().Format(time.DateOnly), systems: systems}
}

func thisMachine() machine {
	m := machine{Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // on other systems it is left out
	m.Kernel, _, _ = strings.Cut(strings.TrimSpace(string(kernel)), "-")
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// comparable says whether ratios of the two machines should be alike.
func (m machine) comparable(other machine) bool {
	return m.System == other.System && m.CPUs == other.CPUs
}

// addRows appends the rows of a measure, empty, and returns them.
func (r *report) addRows(m measure, rounds int) []*row {
	from := len(r.Rows)
	for _, metric := range m.metrics {
		r.Rows = append(r.Rows, &row{m.name, rounds, metric, map[string]*cell{}})
	}
	return r.Rows[from:]
}

// rounds says of how many the figures are the medians.
func (r *report) rounds() string {
	if len(r.Rows) == 0 {
		return "no rounds"
	}
	least, most := r.Rows[0].Runs, r.Rows[0].Runs
	for _, row := range r.Rows {
		least, most = min(least, row.Runs), max(most, row.Runs)
	}
	switch {
	case least < most:
		return fmt.Sprintf("%d to %d rounds", least, most)
	case most == 1:
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", most)
}

// note adds what the reader should know, and returns whether that is new.
func (r *report) note(text string) bool {
	text = strings.Join(strings.Fields(text), " ")
	if slices.Contains(r.Notes, text) {
		return false
	}
	r.Notes = append(r.Notes, text)
	return true
}

// record enters one round's value, or the error in its place.
func (r *row) record(s *system, values []float64, i int, err error) {
	c := r.Cells[s.name]
	if c == nil {
		c = &cell{Rounds: []float64{}}
	}
	switch {
	case err == nil && math.IsNaN(values[i]):
		return
	case err == nil:
		c.Rounds = append(c.Rounds, significant(values[i]))
	default:
		c.Error, c.Short = err.Error(), "failed"
		for _, known := range []error{errUnfinished, errNotInstalled} {
			if errors.Is(err, known) {
				c.Short = known.Error()
			}
		}
	}
	r.Cells[s.name] = c
}

// significant keeps five digits of a value: more are noise.
func significant(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64) // was a number
	return v
}

// figure is the median of some rounds, with the least and the most.
type figure struct{ median, low, high float64 }

// figure returns the figure of a system, unless it has none.
func (r *row) figure(system string) (figure, bool) {
	c := r.Cells[system]
	if c == nil || c.Error != "" || len(c.Rounds) == 0 {
		return figure{}, false
	}
	return figureOf(c.Rounds), true
}

// ratio returns the figure of the workbench's value by another system's, round
// by round, unless one of them has none.
func (r *row) ratio(other string) (figure, bool) {
	_, ours := r.figure(workbenchName)
	_, theirs := r.figure(other)
	if !ours || !theirs {
		return figure{}, false
	}
	var ratios []float64
	a, b := r.Cells[workbenchName].Rounds, r.Cells[other].Rounds
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	if len(ratios) == 0 {
		return figure{}, false
	}
	return figureOf(ratios), true
}

func figureOf(rounds []float64) figure {
	return figure{median(rounds), slices.Min(rounds), slices.Max(rounds)}
}

// median returns the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// judged returns the figure that the row's bar bounds, and whether it is met;
// false at last where there is no bar or no figure.
func (r *row) judged() (f figure, met, ok bool) {
	if r.Bar == nil {
		return figure{}, false, false
	}
	if r.relative() {
		f, ok = r.ratio(r.Against)
	} else {
		f, ok = r.figure(workbenchName)
	}
	if r.MoreBetter {
		return f, f.median >= r.Bar.Limit, ok
	}
	return f, f.median <= r.Bar.Limit, ok
}

// relative says whether the bar bounds a ratio.
func (r *row) relative() bool { return r.Against != "" && !r.Bar.Absolute }

// barText is the bar as the tables show it.
func (r *row) barText() string {
	if r.Bar == nil {
		return ""
	}
	sign := "≤"
	if r.MoreBetter {
		sign = "≥"
	}
	if r.relative() {
		return fmt.Sprintf("%s %s × %s", sign, strconv.FormatFloat(r.Bar.Limit, 'f', -1, 64), letter(r.Against))
	}
	digits := 0
	if r.Bar.Limit != math.Trunc(r.Bar.Limit) {
		digits = 1
	}
	return fmt.Sprintf("%s %s %s", sign, number(r.Bar.Limit, digits), r.Unit)
}

// letter is how the tables name a baseline.
func letter(system string) string {
	switch system {
	case lineName:
		return "(a)"
	case copyName:
		return "(b)"
	case unrecordedName:
		return "(c)"
	}
	return system
}
