package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp/syntax"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/redact"
	"github.com/protocol-workbench/workbench/core/store"
)

func newTranscriptRedactCommand(r *archive) *cobra.Command {
	match, out := "", ""
	cmd := &cobra.Command{
		Use:   "redact --match REGEXP ID|FILE",
		Short: "Replace secrets by '*'",
		Long: `redact replaces what the regular expression matches in payloads, words, remarks
and comments by as many '*', so that offsets hold. If it has a group, only what
the first group matches is replaced: 'PASS (\S+)' keeps PASS.

Bytes are matched as one stream for each side, so a secret that a read has cut
in two is found; text messages and lines of comments are matched one by one.
The file is rewritten, or stays as it is if OUT is named.

The header's values (target, options, state) and rules mean something, and are
not changed. If the expression matches in one of these, or a rule does not fit
the '*', that is told as FILE:LINE.

Exit code 1 says that nothing was written: because of that, because nothing
matched, or because the file is still being recorded.`,
		Example: `  workbench transcript redact --match 'PASS (\S+)' 20260102-150405-123-s12-http-line
  workbench transcript redact --match '(?i)authorization: (.*)\r' session.transcript -o clean.transcript
  workbench transcript redact --match 'hunter2' session.transcript -o -     to standard output`,
		Args: command.Wants(1, 1, "redact one transcript"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if match == "" {
				return errors.New("what is secret? Say it with --match REGEXP, such as --match 'PASS (\\S+)'")
			}
			expr, err := redact.Compile(match)
			var bad *syntax.Error
			if errors.As(err, &bad) {
				return fmt.Errorf("--match is no regular expression: %w", err)
			}
			if err != nil {
				return fmt.Errorf("--match: %w", err)
			}
			return r.redact(cmd, names[0], expr, out)
		},
	}
	cmd.Flags().StringVar(&match, "match", "", "what is secret, a `REGEXP` in Go's syntax")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `OUT` (- is standard output) in place of the file itself")
	return cmd
}

func (r *archive) redact(cmd *cobra.Command, name string, match *redact.Expr, out string) error {
	file, err := r.file(cmd, name)
	if err != nil {
		return err
	}
	path, to := file.Path, file
	if file.Text != nil && out == "" {
		return errors.New("what the shared log has is not changed; name a file for what it becomes with -o OUT, and delete the recording with workbench transcript delete")
	}
	inPlace := file.Text == nil && (out == "" || out == path)
	if inPlace {
		out = path
	} else {
		to = golden.File{Path: out}
	}
	if out != screen.Standard {
		if err := to.RefuseRunning(store.Running); err != nil {
			return fmt.Errorf("%w, or name another file with -o OUT", err)
		}
	}
	t, err := loadFile(file, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	found, err := redact.Transcript(cmd.Context(), path, t, match)
	var places *redact.Meaning
	switch {
	case cmd.Context().Err() != nil:
		return errors.New("nothing was written: the search was interrupted")
	case errors.As(err, &places):
		return fmt.Errorf("nothing was written: --match finds something where '*' would change what the file means. Change it by hand, or have --match match less:\n%w", err)
	case found == 0:
		return fmt.Errorf("nothing in %s matches %s; nothing was written", core.Printable(name), core.Printable(match.String()))
	case err != nil:
		return fmt.Errorf("nothing was written: a rule would not fit the '*'. Change it by hand so that it does, or take it out:\n%w", err)
	}
	text := redact.Text(t)
	switch {
	case out == screen.Standard:
		return screen.Output(out, cmd.OutOrStdout(), false, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	case inPlace:
		if err = file.Replace(text); err == nil {
			err = store.ForgetText(path)
		}
	default:
		err = os.WriteFile(out, text, 0o600)
	}
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d replaced\n", core.Printable(out), found)
	}
	return err
}
