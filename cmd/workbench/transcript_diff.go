package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newTranscriptDiffCommand(r *archive) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two transcripts",
		Long: `diff compares the events and actions of two transcripts, each an ID or a file,
and shows differences in lines of the transcript: - is only in A, + only in B.
Times, remarks, comments and the header are not compared.

Exit codes: 0 they are the same, 1 they differ, 2 one cannot be read.`,
		Example: `  workbench transcript diff walk.golden 20260102-150405-123-s12-http-line
  workbench transcript diff before.transcript after.transcript`,
		Args: command.Wants(2, 2, "compare two transcripts"),
		RunE: func(cmd *cobra.Command, names []string) error {
			a, err := r.said(cmd, names[0])
			if err != nil {
				return err
			}
			b, err := r.said(cmd, names[1])
			if err != nil {
				return err
			}
			diff := transcript.Diff(a, b)
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"same": diff == "", "diff": diff})
			} else {
				_, err = fmt.Fprint(cmd.OutOrStdout(), diff)
			}
			if err != nil || diff != "" {
				return &command.Exit{Code: command.Different, Err: err}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"same":…,"diff":"…"}`)
	return command.Telling(cmd)
}

// said returns the events and actions of a transcript.
func (r *archive) said(cmd *cobra.Command, name string) ([]transcript.Entry, error) {
	t, err := r.load(cmd, name)
	if err != nil {
		return nil, err
	}
	t.CutOff = false // was warned of; what is there is compared
	store.Golden(t)
	return t.Entries, nil
}
