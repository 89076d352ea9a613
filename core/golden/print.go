package golden

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/protocol-workbench/workbench/core"
)

// Form is what a Printer prints.
type Form string

// The forms.
const (
	Text   Form = ""       // for people: what is not the same, and a summary
	JSON   Form = "json"   // an object a line
	JUnit  Form = "junit"  // XML as JUnit's Ant task writes it, when all is done
	TAP    Form = "tap"    // Test Anything Protocol, version 14
	GitHub Form = "github" // workflow commands of GitHub Actions, and the summary
)

// Printer prints reports to Out. In a text for people, warnings and what could not
// be replayed go to Errors.
type Printer struct {
	Out, Errors io.Writer
	Form        Form
	// Progress shows a line in place of the last one; "" clears it. nil: nobody
	// is looking.
	Progress func(words string)

	Counts map[Outcome]int // of what was printed

	total, done int
	suite       junitSuite
}

// begin prints what stands above the first report.
func (p *Printer) begin(total int) {
	p.total, p.Counts = total, map[Outcome]int{}
	if p.Form == TAP {
		fmt.Fprintf(p.Out, "TAP version 14\n1..%d\n", total)
	}
}

// progress shows how far it is.
func (p *Printer) progress(replays int64) {
	if p.Progress != nil {
		p.Progress(fmt.Sprintf("%d of %d transcripts, %d replays", p.done, p.total, replays))
	}
}

func (p *Printer) clear() {
	if p.Progress != nil {
		p.Progress("")
	}
}

// print prints one report.
func (p *Printer) print(r *Report) {
	p.clear()
	p.done++
	p.Counts[r.Outcome]++
	switch p.Form {
	case JSON:
		e := json.NewEncoder(p.Out)
		e.SetEscapeHTML(false)
		_ = e.Encode(r) // a closed output ends the program by itself
	case JUnit:
		p.suite.Cases = append(p.suite.Cases, r.junit())
	case TAP:
		fmt.Fprint(p.Out, r.tap(p.done))
	case GitHub:
		fmt.Fprint(p.Out, r.github())
	default:
		if r.Warning != "" {
			fmt.Fprintf(p.Errors, "%s: warning: %s\n", core.Printable(r.File), r.Warning)
		}
		if r.Outcome == Unusable {
			fmt.Fprintln(p.Errors, core.Under(r.Problem()))
		} else if r.Outcome == Skipped {
			fmt.Fprintf(p.Out, "%s:%d: skipped: %s\n", core.Printable(r.File), r.Line, r.Skip)
		} else if r.Outcome != Same {
			fmt.Fprint(p.Out, r.text())
		}
	}
}

// end prints the summary: "45 transcripts, 44 same, 1 different".
func (p *Printer) end(interrupted, recut bool, replays int64) {
	p.clear()
	switch {
	case p.Form == TAP && interrupted:
		fmt.Fprintln(p.Out, "Bail out! the replay was interrupted")
	case interrupted, p.Form == TAP, p.Form == JSON:
	case p.Form == JUnit:
		p.suite.write(p.Out, p.done, p.Counts[Different], p.Counts[Unusable], p.Counts[Skipped])
	default:
		fmt.Fprintf(p.Out, "%s, %d same", core.Plural(p.total, "transcript"), p.Counts[Same])
		for _, o := range []Outcome{Updated, Different, Unusable, Skipped} {
			if n := p.Counts[o]; n > 0 {
				fmt.Fprintf(p.Out, ", %d %s", n, o)
			}
		}
		if recut {
			fmt.Fprintf(p.Out, " (%d replays)", replays)
		}
		fmt.Fprintln(p.Out)
	}
}
