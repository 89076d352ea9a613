package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// The forms of --report.
const (
	reportJUnit  = "junit"  // XML as JUnit's Ant task writes it, when all is done
	reportTAP    = "tap"    // Test Anything Protocol, version 14
	reportGitHub = "github" // workflow commands of GitHub Actions, and the summary
)

var reportForms = []string{reportJUnit, reportTAP, reportGitHub}

// begin writes what stands above the first report.
func (p *replayPrinter) begin() {
	if p.report == reportTAP {
		fmt.Fprintf(p.stdout, "TAP version 14\n1..%d\n", p.total)
	}
}

// reported prints one file in the form of --report.
func (p *replayPrinter) reported(r *replayReport) {
	switch p.report {
	case reportTAP:
		fmt.Fprint(p.stdout, r.tap(p.done))
	case reportGitHub:
		fmt.Fprint(p.stdout, r.github())
	case reportJUnit:
		p.suite.Cases = append(p.suite.Cases, r.junit())
	}
}

// headline says in a line what became of the file.
func (r *replayReport) headline() string {
	switch {
	case r.Error != "":
		words, _, _ := strings.Cut(r.Error, "\n")
		return r.Result + ": " + words
	case len(r.Faults) > 0:
		return r.Result + ": " + r.Faults[0].Words
	case r.Cut != "":
		return r.Result + " when the server's bytes are cut " + r.Cut
	}
	return r.Result
}

// details tells all of what is wrong with the file.
func (r *replayReport) details() string {
	if r.Result == resultUnusable {
		return r.Error
	}
	return r.text()
}

func (r *replayReport) tap(number int) string {
	var b strings.Builder
	if !r.OK {
		b.WriteString("not ")
	}
	name := strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(core.Printable(r.File))
	fmt.Fprintf(&b, "ok %d - %s\n", number, name)
	if r.OK && r.Warning == "" {
		return b.String()
	}
	b.WriteString("  ---\n")
	value := func(name string, v any) { // JSON is YAML
		text, _ := json.Marshal(v)
		fmt.Fprintf(&b, "  %s: %s\n", name, text)
	}
	if r.Warning != "" {
		value("warning", r.Warning)
	}
	if !r.OK {
		value("message", r.headline())
		value("file", r.File)
		if r.Line > 0 {
			value("line", r.Line)
		}
		value("details", r.details())
	}
	b.WriteString("  ...\n")
	return b.String()
}

// github writes the annotations that a workflow run shows at the file's line.
func (r *replayReport) github() string {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace
	place := "file=" + property(r.File)
	var b strings.Builder
	if r.Warning != "" {
		fmt.Fprintf(&b, "::warning %s::%s\n", place, data(r.Warning))
	}
	if r.Line > 0 {
		place += fmt.Sprintf(",line=%d", r.Line)
	}
	if !r.OK {
		fmt.Fprintf(&b, "::error %s,title=%s::%s\n", place, property("replay: "+r.Result), data(r.details()))
	}
	return b.String()
}

// junitSuite and what is in it are the elements that CI servers read.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Output  string        `xml:"system-err,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (r *replayReport) junit() junitCase {
	c := junitCase{Class: "replay", Name: r.File, File: r.File, Line: r.Line, Output: r.Warning}
	if r.Mode != "" {
		c.Class += "." + r.Mode
	}
	problem := &junitProblem{r.headline(), r.details()}
	switch {
	case r.OK:
	case r.Result == resultUnusable:
		c.Error = problem
	default:
		c.Failure = problem
	}
	return c
}

func (s *junitSuite) write(w io.Writer, tests, failures, errors int) {
	s.Name, s.Tests, s.Failures, s.Errors = "workbench replay", tests, failures, errors
	text, _ := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testsuites"`
		Suite   *junitSuite
	}{Suite: s}, "", "  ")
	fmt.Fprintf(w, "%s%s\n", xml.Header, text)
}
