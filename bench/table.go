package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// print writes the report for a terminal.
func (r *report) print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s; medians of %s\n"+
		"× is the median of the rounds' ratios, the workbench's figure by the other's, with the least and the most\n\n",
		r.machine, r.rounds()); err != nil {
		return err
	}
	if err := writeTable(w, r.cells()); err != nil {
		return err
	}
	return r.printRemarks(w)
}

// String is the machine in a line.
func (m machine) String() string {
	text := fmt.Sprintf("%s, %s, %d processors", m.Go, m.System, m.CPUs)
	if m.CPU != "" {
		text += " (" + m.CPU + ")"
	}
	if m.Kernel != "" {
		text += ", kernel " + m.Kernel
	}
	return text
}

// cells is the table of everything, the head first: title, unit, a column for
// each system, and how the workbench compares.
func (r *report) cells() [][]string {
	head := []string{"", ""}
	for _, s := range r.systems {
		head = append(head, s.title)
	}
	recorded := slices.ContainsFunc(r.systems, func(s *system) bool { return s.name == unrecordedName })
	head = append(head, "beside the baseline")
	if recorded {
		head = append(head, "beside (c)")
	}
	table := [][]string{append(head, "bar")}
	for _, row := range r.Rows {
		if len(row.Cells) == 0 {
			continue // not at these sizes
		}
		line := []string{row.Title, row.Unit}
		for _, s := range r.systems {
			line = append(line, row.text(s.name))
		}
		line = append(line, row.ratioText(row.Against))
		if recorded {
			line = append(line, row.ratioText(unrecordedName))
		}
		table = append(table, append(line, row.barText()))
	}
	return table
}

// text is what the table shows of a system; one that has no figure shows a
// dash, or a word that says why.
func (r *row) text(system string) string {
	if c := r.Cells[system]; c != nil && c.Error != "" {
		return c.Short
	}
	f, ok := r.figure(system)
	if !ok {
		return "–"
	}
	return number(f.median, r.Digits)
}

// ratioText is how the workbench compares with a system.
func (r *row) ratioText(other string) string {
	f, ok := r.ratio(other)
	if !ok || r.Count {
		return "–"
	}
	return fmt.Sprintf("%s × %s [%s–%s]", number(f.median, 2), letter(other), number(f.low, 2), number(f.high, 2))
}

// printRemarks writes the notes, and in full what the table names in a word.
func (r *report) printRemarks(w io.Writer) error {
	for _, text := range r.remarks() {
		if _, err := fmt.Fprintf(w, "\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) remarks() []string {
	remarks := append([]string(nil), r.Notes...)
	said := map[string]bool{}
	for _, row := range r.Rows {
		for _, s := range r.systems {
			c := row.Cells[s.name]
			if c == nil || c.Error == "" {
				continue
			}
			key, text := s.name+" "+row.Measure, row.Measure+", "+s.title+": "+strings.Join(strings.Fields(c.Error), " ")
			if c.Short == errNotInstalled.Error() { // said once of all measures
				key, text = s.name, s.title+": "+c.Error
			}
			if !said[key] {
				said[key] = true
				remarks = append(remarks, text)
			}
		}
	}
	return remarks
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
