package golden

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

func (r *Report) tap(number int) string {
	var b strings.Builder
	if !r.OK {
		b.WriteString("not ")
	}
	name := strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(core.Printable(r.File))
	fmt.Fprintf(&b, "ok %d - %s", number, name)
	if r.Outcome == Skipped {
		b.WriteString(" # SKIP " + core.Printable(r.Skip))
	}
	b.WriteByte('\n')
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
func (r *Report) github() string {
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
	if r.Outcome == Skipped {
		fmt.Fprintf(&b, "::notice %s,title=%s::%s\n", place, property("replay: skipped"), data(r.Skip))
	}
	if !r.OK {
		fmt.Fprintf(&b, "::error %s,title=%s::%s\n", place, property("replay: "+string(r.Outcome)), data(r.details()))
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
	Skipped  int         `xml:"skipped,attr,omitempty"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-err,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

func (r *Report) junit() junitCase {
	c := junitCase{Class: "replay", Name: r.File, File: r.File, Line: r.Line, Output: r.Warning}
	if r.Mode != "" {
		c.Class += "." + r.Mode
	}
	problem := &junitProblem{r.headline(), r.details()}
	switch {
	case r.Outcome == Skipped:
		c.Skipped = &junitSkipped{r.Skip}
	case r.OK:
	case r.Outcome == Unusable:
		c.Error = problem
	default:
		c.Failure = problem
	}
	return c
}

func (s *junitSuite) write(w io.Writer, tests, failures, errors, skipped int) {
	s.Name, s.Tests, s.Failures, s.Errors, s.Skipped = "workbench replay", tests, failures, errors, skipped
	text, _ := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testsuites"`
		Suite   *junitSuite
	}{Suite: s}, "", "  ")
	fmt.Fprintf(w, "%s%s\n", xml.Header, text)
}
