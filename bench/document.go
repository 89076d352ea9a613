package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where things are below the folder of the documents.
const (
	documentFile  = "performance.md"
	referenceFile = "performance.json"
	plotFile      = "img/performance-%s.svg"
)

// writeDocument writes the tables and plots of a report into the folder of the
// documents. In performance.md it replaces what is between markers of the form
// <!-- bench: NAME --> and <!-- end -->; the rest of the text is the authors'.
func (r *report) writeDocument(dir, command string) error {
	name := filepath.Join(dir, documentFile)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	plots, err := r.writePlots(dir)
	if err != nil {
		return err
	}
	document := string(text)
	for _, part := range []struct{ name, text string }{
		{"run", fmt.Sprintf("<!-- not run: it takes half an hour -->\n```sh\n%s\n```\n\n%s; %s. Medians of %s.\n", command, r.machine, r.Date, r.rounds())},
		{"bars", r.barsTable()},
		{"all", r.allTable()},
		{"notes", r.notesList()},
		{"plots", plots},
	} {
		if document, err = replacePart(document, part.name, part.text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return os.WriteFile(name, []byte(document), 0o644)
}

// replacePart replaces what is between a part's markers.
func replacePart(document, name, text string) (string, error) {
	start, end := "<!-- bench: "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(document, start)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", fmt.Errorf("no markers %s and %s", strings.TrimSpace(start), end)
	}
	return before + start + "\n" + strings.Trim(text, "\n") + "\n\n" + end + after, nil
}

// barsTable lists the rows that have a bar.
func (r *report) barsTable() string {
	table := [][]string{{"what", "bar", "figure", "spread", "met"}}
	for _, row := range r.Rows {
		if row.Bar == nil {
			continue
		}
		f, met, ok := row.judged()
		unit, digits := row.Unit, row.Digits
		if row.relative() {
			unit, digits = "× "+letter(row.Against), 2
		}
		line := []string{row.Title, row.barText(), "–", "–", "–"}
		if ok {
			line[2] = number(f.median, digits) + " " + unit
			line[3] = number(f.low, digits) + "–" + number(f.high, digits)
			if line[4] = "no"; met {
				line[4] = "yes"
			}
		} else if c := row.Cells[workbenchName]; c != nil && c.Error != "" {
			line[2] = c.Short
		}
		table = append(table, line)
	}
	return markdownTable(table)
}

// allTable lists all rows.
func (r *report) allTable() string {
	table := r.cells()
	table[0][0], table[0][1] = "measure", "unit"
	for i := range table { // the bars have a table of their own
		table[i] = table[i][:len(table[i])-1]
	}
	return markdownTable(table)
}

func (r *report) notesList() string {
	var b strings.Builder
	for _, text := range r.remarks() {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	return b.String()
}

func markdownTable(table [][]string) string {
	var b strings.Builder
	for i, line := range table {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(line)) + "|\n")
		}
	}
	return b.String()
}

// writePlots writes the plots of the measures that the report has, and returns
// the text that shows them.
func (r *report) writePlots(dir string) (string, error) {
	var b strings.Builder
	for _, m := range measures() {
		if m.plot == nil {
			continue
		}
		rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row *row) bool { return row.Measure != m.name })
		svg := m.plot.draw(r.curves(rows))
		if svg == "" {
			continue
		}
		file := fmt.Sprintf(plotFile, m.plot.File)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(svg), 0o644); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "![%s](%s)\n\n", m.plot.Title, file)
	}
	return b.String(), nil
}
