package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/rules"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newTranscriptRulesCommand(r *recordings) *cobra.Command {
	out, asJSON := "", false
	cmd := &cobra.Command{
		Use:   "rules A B",
		Short: "Write the rules for what differs between two recordings of one talk",
		Long: `rules compares two recordings of the same talk that were made at different
times, each an ID or a file, and prints A with rules above its entries that say
what may differ: dates, numbers, ids, lengths. What one side said first and the
other later, such as a session's id, is captured and used. So A can be played, as
the server or as the client, to peers that say today's date.

The rules are checked as play would: B has to fit them. What is not explained is
told on standard error, with the line of A or B: what only one of them has, what
is in another order, and what has nothing around it that shows where it ends.
Rules that A has already stay.

Exit codes: 0 all that differs is explained, 1 something is not, 2 one of the two
cannot be read or played.`,
		Example: `  workbench transcript rules monday.golden tuesday.golden -o walk.golden
  workbench transcript rules walk.golden 20260102-150405-123-s12-http-line -o walk.golden     A itself gets the rules
  workbench transcript rules --json monday.golden tuesday.golden`,
		Args: func(cmd *cobra.Command, names []string) error {
			if err := needs(2, "name two transcripts of one talk")(cmd, names); err != nil {
				return &exitCode{exitUnusable, err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, names []string) error {
			if out == standardStream && asJSON {
				return &exitCode{exitUnusable, errors.New("--json and -o - both print on standard output: name a file with -o")}
			}
			if out != standardStream {
				if err := (golden.File{Path: out}).RefuseRunning(store.Running); err != nil {
					return &exitCode{exitUnusable, fmt.Errorf("%w, or name another file with -o OUT", err)}
				}
			}
			result, err := r.rules(names[0], names[1], cmd.ErrOrStderr())
			if err != nil {
				return &exitCode{exitUnusable, err}
			}
			text := result.Transcript.Append(nil)
			if result.Transcript.CutOff { // which the last line says
				text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
			}
			if out != "" || !asJSON {
				err = writeOutput(out, cmd.OutOrStdout(), false, func(w io.Writer) error {
					_, err := w.Write(text)
					return err
				})
			}
			if err == nil && asJSON {
				err = printRulesJSON(cmd.OutOrStdout(), result)
			} else if err == nil {
				printFindings(cmd.ErrOrStderr(), names, result)
			}
			if err == nil && len(result.Unexplained) > 0 {
				return &exitCode{code: exitDifferent}
			}
			return err
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitCode{exitUnusable, err} })
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `OUT` (- is standard output); it may be A")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"explained":…,"rules":[…],"unexplained":[…]}, and A with the rules only to OUT`)
	return cmd
}

// rules reads two transcripts and finds the rules.
func (r *recordings) rules(nameA, nameB string, stderr io.Writer) (*rules.Result, error) {
	a, err := r.load(nameA, stderr)
	if err != nil {
		return nil, err
	}
	b, err := r.load(nameB, stderr)
	if err != nil {
		return nil, err
	}
	return rules.Write(nameA, a, nameB, b)
}

// ruleJSON and findingJSON are what --json prints. docs/play.md documents them.
type ruleJSON struct {
	Line int    `json:"line"`
	Rule string `json:"rule"`
}

type findingJSON struct {
	Code  rules.Code `json:"code"`
	Side  string     `json:"side"`
	LineA int        `json:"lineA,omitempty"`
	LineB int        `json:"lineB,omitempty"`
	A     string     `json:"a,omitempty"`
	B     string     `json:"b,omitempty"`
	End   string     `json:"end,omitempty"`
	Why   string     `json:"why,omitempty"`
}

func printRulesJSON(w io.Writer, r *rules.Result) error {
	all := struct {
		Explained   bool          `json:"explained"`
		Rules       []ruleJSON    `json:"rules"`
		Unexplained []findingJSON `json:"unexplained"`
	}{len(r.Unexplained) == 0, []ruleJSON{}, []findingJSON{}}
	for i := range r.Written {
		all.Rules = append(all.Rules, ruleJSON{r.Written[i].Line, string(transcript.AppendRule(nil, &r.Written[i]))})
	}
	for _, f := range r.Unexplained {
		all.Unexplained = append(all.Unexplained, findingJSON{f.Code, f.From.String(), f.LineA, f.LineB, excerpt(f.A), excerpt(f.B), f.End, f.Why})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(all)
}

// maxExcerpt bounds what is shown of bytes that differ.
const maxExcerpt = 100

// excerpt writes the beginning of bytes as a string of a transcript, "" for none.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	text := string(transcript.AppendString(nil, b[:min(len(b), maxExcerpt)]))
	if len(b) > maxExcerpt {
		text += fmt.Sprintf(" and %d bytes more", len(b)-maxExcerpt)
	}
	return text
}

// printFindings tells people what is explained and what is not.
func printFindings(w io.Writer, names []string, r *rules.Result) {
	for i := range r.Unexplained {
		f := &r.Unexplained[i]
		name, line := names[0], f.LineA
		if line == 0 {
			name, line = names[1], f.LineB
		}
		fmt.Fprintf(w, "%s:%d: %s\n", core.Printable(name), line, core.Under(describeFinding(f, names)))
	}
	written := fmt.Sprintf("%d rules", len(r.Written))
	if len(r.Written) == 1 {
		written = "1 rule"
	}
	switch n := len(r.Unexplained); n {
	case 0:
		fmt.Fprintf(w, "%s written; %s fits\n", written, core.Printable(names[1]))
	case 1:
		fmt.Fprintf(w, "%s written; 1 difference is not explained\n", written)
	default:
		fmt.Fprintf(w, "%s written; %d differences are not explained\n", written, n)
	}
}

func describeFinding(f *rules.Finding, names []string) string {
	what := fmt.Sprintf("the %s's %s", f.From, excerpt(append(f.A[:len(f.A):len(f.A)], f.B...)))
	if f.End == "failed" {
		what = fmt.Sprintf("the end of the %s's connection, which broke,", f.From)
	} else if f.End != "" {
		what = fmt.Sprintf("the end of the %s's stream", f.From)
	}
	there := fmt.Sprintf("%s:%d", core.Printable(names[1]), f.LineB)
	switch f.Code {
	case rules.OnlyInA:
		return what + " is only here"
	case rules.OnlyInB:
		return what + " is only in " + core.Printable(names[1])
	case rules.Order:
		return fmt.Sprintf("the %s's %s comes elsewhere in %s", f.From, excerpt(f.A), there)
	case rules.NoFrame:
		return fmt.Sprintf("the %s's %s is %s in %s, and nothing around shows where it ends", f.From, excerpt(f.A), excerpt(f.B), there)
	case rules.TooMany:
		return fmt.Sprintf("the %s's %s is %s in %s, and so is more below than rules can be written for in one entry", f.From, excerpt(f.A), excerpt(f.B), there)
	case rules.Cut:
		return fmt.Sprintf("the %s's %s is %s in %s, and here goes over the border of two entries", f.From, excerpt(f.A), excerpt(f.B), there)
	}
	return fmt.Sprintf("the %s's %s is %s in %s, and no rules for it fit: %s", f.From, excerpt(f.A), excerpt(f.B), there, core.Printable(strings.TrimSpace(f.Why)))
}
