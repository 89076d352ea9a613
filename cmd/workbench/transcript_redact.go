package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core/store"
)

func newTranscriptRedactCommand(r *recordings) *cobra.Command {
	match, out := "", ""
	cmd := &cobra.Command{
		Use:   "redact --match REGEXP ID|FILE",
		Short: "Replace secrets by '*'",
		Long: `redact replaces what the regular expression matches in payloads, words and
remarks by as many '*', so that offsets hold. If it has a group, only what the
first group matches is replaced: 'PASS (\S+)' keeps PASS.

Bytes are matched as one stream for each side, so a secret that a read has cut
in two is found; text messages are matched one by one. The header (target,
options) and comments stay as they are. The file is rewritten, or stays as it is
if OUT is named. Exit code 1 says that nothing matched; nothing is written then.`,
		Example: `  workbench transcript redact --match 'PASS (\S+)' 20260102-150405-123-s12-http-line
  workbench transcript redact --match '(?i)authorization: (.*)\r' session.transcript -o clean.transcript
  workbench transcript redact --match 'hunter2' session.transcript -o -     to standard output`,
		Args: needs(1, "redact one transcript"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if match == "" {
				return errors.New("what is secret? Say it with --match REGEXP, such as --match 'PASS (\\S+)'")
			}
			re, err := regexp.Compile(match)
			if err != nil {
				return fmt.Errorf("--match is no regular expression: %w", err)
			}
			return r.redact(cmd, names[0], re, out)
		},
	}
	cmd.Flags().StringVar(&match, "match", "", "what is secret, a `REGEXP` in Go's syntax")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `OUT` (- is standard output) in place of the file itself")
	return cmd
}

func (r *recordings) redact(cmd *cobra.Command, name string, match *regexp.Regexp, out string) error {
	if out == "" && store.ValidID(name) {
		if err := r.refuseRunning(cmd, name); err != nil {
			return err
		}
	}
	t, err := r.load(name, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	found := store.Redact(t, match)
	if found == 0 {
		return fmt.Errorf("nothing in %s matches %s; nothing was written", name, match)
	}
	text := t.Append(nil)
	if t.CutOff {
		text = bytes.TrimSuffix(text, []byte("\n")) // which says so
	}
	switch out {
	case "-":
		_, err := cmd.OutOrStdout().Write(text)
		return err
	case "":
		if out, err = r.path(name); err == nil {
			err = writeTranscript(out, text)
		}
	default:
		err = os.WriteFile(out, text, 0o600)
	}
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d replaced\n", out, found)
	}
	return err
}

// refuseRunning refuses a transcript that somebody still writes.
func (r *recordings) refuseRunning(cmd *cobra.Command, id string) error {
	folder, err := r.open()
	if err != nil {
		return err
	}
	defer folder.Close()
	infos, err := folder.List(cmd.Context(), store.Query{})
	if err != nil {
		return err
	}
	for _, info := range infos {
		if info.ID == id && info.Running {
			return fmt.Errorf("the session of %s is still running; redact it once it has ended, or name another file with -o OUT", id)
		}
	}
	return nil
}
