package lessoncmd

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
)

func newTest(l *lessons) *cobra.Command {
	var junit string
	cmd := &cobra.Command{
		Use:   "test LESSON...",
		Short: "Test that a lesson judges as its tests say",
		Long: `test judges the transcripts in a lesson's folder tests, which do the steps in right
and wrong ways, and compares the verdicts with those that tests/cases.txt wants.
A case is tried for several students unless it names one.

Exit codes:
  0  every verdict is as it should be
  1  at least one is not, or a lesson has no cases
  2  at least one lesson cannot be used (told as file:line: what was expected)`,
		Example: `  workbench lesson test teapot
  workbench lesson test lessons/*.txtar --junit report.xml`,
		Args: command.Wants(1, math.MaxInt, "test which lesson?"),
		RunE: func(cmd *cobra.Command, names []string) error {
			var suites []suite
			failed := false
			for _, name := range names {
				s, err := l.test(name)
				if err != nil {
					return err
				}
				failed = failed || s.failures() > 0 || len(s.Cases) == 0
				suites = append(suites, s)
				switch {
				case len(s.Cases) == 0:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: no cases; write some in tests/cases.txt\n", core.Printable(name))
				case s.failures() == 0:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, all as expected\n", core.Printable(name), core.Plural(len(s.Cases), "case"))
				default:
					for _, c := range s.Cases {
						if c.Failure != nil {
							fmt.Fprintf(cmd.OutOrStdout(), "%s: tests/cases.txt:%d: case %s: %s\n", core.Printable(name), c.Line, core.Printable(c.Name), core.Printable(c.Failure.Message))
						}
					}
				}
			}
			if err := writeJUnit(junit, cmd.OutOrStdout(), suites); err != nil {
				return err
			}
			if failed {
				return &command.Exit{Code: command.Different}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&junit, "junit", "", "also write what CI reads to `FILE`")
	return command.Telling(cmd)
}

// test tries all cases of a lesson.
func (l *lessons) test(name string) (suite, error) {
	s := suite{Name: name}
	source, err := l.open(name)
	if err != nil {
		return s, err
	}
	cases, err := source.Cases()
	if err != nil {
		return s, within(name, err)
	}
	for i := range cases {
		c := &cases[i]
		r, err := source.Try(c)
		if err != nil {
			return s, within(name, err)
		}
		made := testCase{Class: "lesson." + source.Name(), Name: c.Name, File: "tests/cases.txt", Line: c.Line}
		if c.Step > 0 {
			made.Class += fmt.Sprintf(".step%d", c.Step)
		}
		if len(r.Faults) > 0 {
			made.Failure = &problem{Message: fmt.Sprintf("%s (seed %s)", strings.Join(r.Faults, "; "), r.Seed)}
		}
		s.Cases = append(s.Cases, made)
	}
	return s, nil
}
