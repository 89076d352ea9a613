package plugincheck

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
)

// Printer prints results as they come, for people or as JSON, an object a line.
type Printer struct {
	Out, Errors io.Writer
	JSON        bool
	// Progress shows a line in place of the last one; "" clears it. nil: nobody
	// is looking, and a check that takes longer than SlowAfter is named on Errors.
	Progress  func(words string)
	SlowAfter time.Duration

	Counts map[Outcome]int // of what was printed

	names  []string // of all goldens and checks, in their order
	done   int
	undone []string // checks that were left out
	why    string   // they were
	quick  func()   // ends what tells that a check takes long
}

// Outcome is what a golden or a check came to.
type Outcome string

// The outcomes.
const (
	OK       Outcome = "ok"
	Partly   Outcome = "partly" // done only in part, or left out
	Failed   Outcome = "failed"
	Unusable Outcome = "unusable" // a golden that could not be checked
)

// Report is a result as JSON has it.
type Report struct {
	conformance.Result
	Outcome Outcome `json:"outcome"`
	Updated bool    `json:"updated,omitempty"` // the golden was rewritten
	Error   string  `json:"error,omitempty"`
}

func (p *Printer) result(report Report, err error) {
	p.clear()
	p.done++
	report.Outcome = OK
	r := report.Result
	switch {
	case err != nil:
		report.Outcome, report.Error = Unusable, err.Error()
	case len(r.Findings) > 0:
		report.Outcome = Failed
	case r.Skipped != "":
		report.Outcome = Partly
	}
	p.Counts[report.Outcome]++
	if p.JSON {
		if report.Findings == nil {
			report.Findings = []conformance.Finding{}
		}
		_ = json.NewEncoder(p.Out).Encode(report)
		return
	}
	about := r.About
	if filepath.Ext(r.Check) == golden.Suffix {
		about = "" // a golden's name says enough
		if report.Updated {
			about = "updated"
		}
	}
	fmt.Fprintln(p.Out, strings.TrimRight(fmt.Sprintf("%-9s %-16s %s", report.Outcome, core.Printable(shortPath(r.Check)), about), " "))
	for _, f := range r.Findings {
		fmt.Fprintf(p.Out, "%s", f)
		if f.Shortened() {
			fmt.Fprintln(p.Out, "(shortened here; with --json every byte is there)")
		}
		fmt.Fprintln(p.Out)
	}
	for _, f := range r.Advice {
		fmt.Fprintf(p.Out, "advice: %s\n", f)
	}
	reach := ""
	if r.Reach != nil {
		reach = r.Reach.String()
	}
	for _, words := range []string{reach, r.Skipped, report.Error} {
		if words != "" {
			fmt.Fprintf(p.Out, "          %s\n", core.Under(words))
		}
	}
}

// unchecked prints an object for each check that was not done.
func (p *Printer) unchecked(names []string, why string) {
	p.why, p.undone = why, names
	for _, name := range names {
		if p.JSON {
			r := conformance.Result{Check: name, Skipped: why, Findings: []conformance.Finding{}}
			_ = json.NewEncoder(p.Out).Encode(Report{Result: r, Outcome: Partly})
		}
	}
}

// shortPath is a path as seen from the current folder, if it is below it.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

// progress tells a person what is being checked.
func (p *Printer) progress() {
	if p.done == len(p.names) {
		return
	}
	words := fmt.Sprintf("%d of %d: %s …", p.done+1, len(p.names), core.Printable(shortPath(p.names[p.done])))
	if p.Progress != nil {
		p.Progress(words)
		return
	}
	told := make(chan struct{})
	slow := time.AfterFunc(p.SlowAfter, func() {
		defer close(told)
		fmt.Fprintln(p.Errors, words)
	})
	p.quick = func() {
		if !slow.Stop() {
			<-told
		}
	}
}

func (p *Printer) clear() {
	if p.Progress != nil {
		p.Progress("")
	}
	if p.quick != nil {
		p.quick()
		p.quick = nil
	}
}

// summary prints the last line.
func (p *Printer) summary(goldens int) {
	if p.JSON {
		return
	}
	fmt.Fprintf(p.Out, "%s and %s: %d failed", core.Plural(goldens, "golden"), core.Plural(p.done-goldens, "check"), p.Counts[Failed])
	if n := p.Counts[Unusable]; n > 0 {
		fmt.Fprintf(p.Out, ", %d unusable", n)
	}
	if n := p.Counts[Partly]; n > 0 {
		fmt.Fprintf(p.Out, ", %d done only in part", n)
	}
	fmt.Fprintln(p.Out)
	if len(p.undone) > 0 {
		fmt.Fprintf(p.Out, "%s: %s\n", p.why, strings.Join(p.undone, ", "))
	}
}
