package lessoncmd

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
)

// suite and what is in it are the elements that CI servers read.
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	File    string   `xml:"file,attr,omitempty"`
	Line    int      `xml:"line,attr,omitempty"`
	Failure *problem `xml:"failure"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (s *suite) failures() (n int) {
	for _, c := range s.Cases {
		if c.Failure != nil {
			n++
		}
	}
	return n
}

// writeJUnit writes the suites to a file; "" is none. What others wrote is escaped.
func writeJUnit(file string, stdout io.Writer, suites []suite) error {
	if file == "" {
		return nil
	}
	for i := range suites {
		s := &suites[i]
		s.Name = core.Printable(s.Name)
		s.Tests, s.Failures = len(s.Cases), s.failures()
		for j := range s.Cases {
			c := &s.Cases[j]
			c.Name = core.Printable(c.Name)
			if c.Failure != nil {
				c.Failure = &problem{core.Printable(c.Failure.Message), core.PrintableText(c.Failure.Text)}
			}
		}
	}
	text, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite
	}{Suites: suites}, "", "  ")
	if err != nil {
		return err
	}
	return screen.Output(file, stdout, false, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text)
		return err
	})
}
