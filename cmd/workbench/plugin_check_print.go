package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
)

// checkPrinter prints results as they come.
type checkPrinter struct {
	stdout, stderr         io.Writer
	asJSON                 bool
	names                  []string // of all goldens and checks, in their order
	done                   int
	failed, unusable, left int
	undone                 []string // checks that were left out
	why                    string   // they were
	line                   bool     // progress stands on the terminal's last line
	quick                  func()   // ends what tells that a check takes long
}

// checkReport is a result as --json prints it.
type checkReport struct {
	conformance.Result
	Outcome string `json:"outcome"`           // ok, partly, failed or unusable
	Updated bool   `json:"updated,omitempty"` // the golden was rewritten
	Error   string `json:"error,omitempty"`
}

func (p *checkPrinter) result(report checkReport, err error) {
	p.clear()
	p.done++
	report.Outcome = "ok"
	r := report.Result
	switch {
	case err != nil:
		report.Outcome, report.Error = "unusable", err.Error()
		p.unusable++
	case len(r.Findings) > 0:
		report.Outcome = "failed"
		p.failed++
	case r.Skipped != "":
		report.Outcome = "partly"
		p.left++
	}
	if p.asJSON {
		if report.Findings == nil {
			report.Findings = []conformance.Finding{}
		}
		_ = json.NewEncoder(p.stdout).Encode(report)
		return
	}
	about := r.About
	if filepath.Ext(r.Check) == goldenSuffix {
		about = "" // a golden's name says enough
		if report.Updated {
			about = "updated"
		}
	}
	fmt.Fprintln(p.stdout, strings.TrimRight(fmt.Sprintf("%-9s %-16s %s", report.Outcome, core.Printable(shortPath(r.Check)), about), " "))
	for _, f := range r.Findings {
		fmt.Fprintf(p.stdout, "%s", f)
		if f.Shortened() {
			fmt.Fprintln(p.stdout, "(shortened here; with --json every byte is there)")
		}
		fmt.Fprintln(p.stdout)
	}
	for _, f := range r.Advice {
		fmt.Fprintf(p.stdout, "advice: %s\n", f)
	}
	for _, words := range []string{reached(r), r.Skipped, report.Error} {
		if words != "" {
			fmt.Fprintf(p.stdout, "          %s\n", core.Under(words))
		}
	}
}

// unchecked prints an object for each check that was not done.
func (p *checkPrinter) unchecked(names []string, why string) {
	p.why, p.undone = why, names
	for _, name := range names {
		if p.asJSON {
			r := conformance.Result{Check: name, Skipped: why, Findings: []conformance.Finding{}}
			_ = json.NewEncoder(p.stdout).Encode(checkReport{Result: r, Outcome: "partly"})
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

// slowAfter is when a check takes long. Tests have less patience.
var slowAfter = 10 * time.Second

// progress tells a person what is being checked: on a terminal at once, else
// when it takes long.
func (p *checkPrinter) progress() {
	if p.done == len(p.names) {
		return
	}
	words := fmt.Sprintf("%d of %d: %s …", p.done+1, len(p.names), core.Printable(shortPath(p.names[p.done])))
	if screen.IsTerminal(p.stderr) {
		fmt.Fprintf(screen.Unfiltered(p.stderr), "\r%s\x1b[K", words)
		p.line = true
		return
	}
	told := make(chan struct{})
	slow := time.AfterFunc(slowAfter, func() {
		defer close(told)
		fmt.Fprintln(p.stderr, words)
	})
	p.quick = func() {
		if !slow.Stop() {
			<-told
		}
	}
}

func (p *checkPrinter) clear() {
	if p.line {
		fmt.Fprint(screen.Unfiltered(p.stderr), "\r\x1b[K")
		p.line = false
	}
	if p.quick != nil {
		p.quick()
		p.quick = nil
	}
}

// summary prints the last line, and returns what the program ends with.
func (p *checkPrinter) summary(goldens int) error {
	if !p.asJSON {
		fmt.Fprintf(p.stdout, "%s and %s: %d failed", core.Plural(goldens, "golden"), core.Plural(p.done-goldens, "check"), p.failed)
		if p.unusable > 0 {
			fmt.Fprintf(p.stdout, ", %d unusable", p.unusable)
		}
		if p.left > 0 {
			fmt.Fprintf(p.stdout, ", %d done only in part", p.left)
		}
		fmt.Fprintln(p.stdout)
		if len(p.undone) > 0 {
			fmt.Fprintf(p.stdout, "%s: %s\n", p.why, strings.Join(p.undone, ", "))
		}
	}
	switch {
	case p.unusable > 0:
		return &command.Exit{Code: exitUnusable}
	case p.failed > 0:
		return &command.Exit{Code: exitDifferent}
	}
	return nil
}
