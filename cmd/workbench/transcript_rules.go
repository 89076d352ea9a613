package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/rules"
	"github.com/protocol-workbench/workbench/core/store"
)

func newTranscriptRulesCommand(r *archive) *cobra.Command {
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
		Args: command.Wants(2, 2, "name two transcripts of one talk"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if out == screen.Standard && asJSON {
				return errors.New("--json and -o - both print on standard output: name a file with -o")
			}
			if out != screen.Standard {
				if err := (golden.File{Path: out}).RefuseRunning(store.Running); err != nil {
					return fmt.Errorf("%w, or name another file with -o OUT", err)
				}
			}
			result, err := r.rules(cmd, names[0], names[1])
			if err != nil {
				return err
			}
			text := result.Transcript.Append(nil)
			if result.Transcript.CutOff { // which the last line says
				text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
			}
			if out != "" || !asJSON {
				err = screen.Output(out, cmd.OutOrStdout(), false, func(w io.Writer) error {
					_, err := w.Write(text)
					return err
				})
			}
			if err == nil && asJSON {
				err = command.PrintLine(cmd.OutOrStdout(), result)
			} else if err == nil {
				printFindings(cmd.ErrOrStderr(), names, result)
			}
			if err != nil || len(result.Unexplained) > 0 {
				return &command.Exit{Code: command.Different, Err: err}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `OUT` (- is standard output); it may be A")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"explained":…,"rules":[…],"unexplained":[…]}, and A with the rules only to OUT`)
	return command.Telling(cmd)
}

// rules reads two transcripts and finds the rules.
func (r *archive) rules(cmd *cobra.Command, nameA, nameB string) (*rules.Result, error) {
	a, err := r.load(cmd, nameA)
	if err != nil {
		return nil, err
	}
	b, err := r.load(cmd, nameB)
	if err != nil {
		return nil, err
	}
	result, err := rules.Write(cmd.Context(), nameA, a, nameB, b)
	if cmd.Context().Err() != nil {
		return nil, errors.New("the search was interrupted")
	}
	return result, err
}

// printFindings tells people what is explained and what is not.
func printFindings(w io.Writer, names []string, r *rules.Result) {
	for i := range r.Unexplained {
		fmt.Fprintln(w, r.Unexplained[i].Describe(names[0], names[1]))
	}
	written := core.Plural(len(r.Written), "rule")
	switch n := len(r.Unexplained); n {
	case 0:
		fmt.Fprintf(w, "%s written; %s fits\n", written, core.Printable(names[1]))
	case 1:
		fmt.Fprintf(w, "%s written; 1 difference is not explained\n", written)
	default:
		fmt.Fprintf(w, "%s written; %d differences are not explained\n", written, n)
	}
}
