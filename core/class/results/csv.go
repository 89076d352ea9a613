package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// BOM is what a file with the table begins with: without it, Excel takes names for text in
// the code page of its system. Programs that read the table from a pipe get none.
const BOM = "\ufeff"

// WriteCSV writes the table: a line with names of columns, and one for each student, in the
// order in which they joined. Points of a step that was not tried are empty, and so is what
// a lesson is out of if it is not offered any more.
func (c *Class) WriteCSV(w io.Writer) error {
	table := csv.NewWriter(w)
	head := []string{"name", "user", "joined", "points", "of"}
	for _, l := range c.lessons {
		head = append(head, l.name+" points", l.name+" of")
		for step := range l.last() {
			head = append(head, fmt.Sprintf("%s/%d", l.name, step+1))
		}
	}
	table.Write(harmless(head))
	for _, one := range c.students {
		table.Write(harmless(c.row(one)))
	}
	table.Flush()
	return table.Error()
}

// row returns the cells of a student.
func (c *Class) row(one student) []string {
	all, most := 0, 0
	var cells []string
	for _, l := range c.lessons {
		sum, of := 0, 0
		var steps []string
		for i := range l.last() {
			points, tried := l.reached(one, i+1)
			if !tried {
				steps = append(steps, "")
				continue
			}
			sum += points
			steps = append(steps, strconv.Itoa(points))
		}
		for _, points := range l.steps {
			of += points
		}
		all, most = all+sum, most+of
		outOf := ""
		if l.steps != nil {
			outOf = strconv.Itoa(of)
		}
		cells = append(append(cells, strconv.Itoa(sum), outOf), steps...)
	}
	return append([]string{one.Name, one.ID, one.Joined.UTC().Format(time.RFC3339), strconv.Itoa(all), strconv.Itoa(most)}, cells...)
}

// harmless keeps a spreadsheet from taking a cell for a formula: students choose their
// names. The apostrophe makes it text, and some show it. What does not show is written as
// core.Printable does, since the table may go to a terminal.
func harmless(cells []string) []string {
	for i, cell := range cells {
		cell = core.Printable(cell)
		cells[i] = cell
		first, size := utf8.DecodeRuneInString(cell)
		if size > 0 && strings.ContainsRune("=+-@|%＝＋－＠", first) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
