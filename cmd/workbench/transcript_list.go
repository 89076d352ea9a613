package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
)

func newTranscriptListCommand(r *archive) *cobra.Command {
	var q store.Query
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the recorded transcripts, the newest first",
		Example: `  workbench transcript list
  workbench transcript list --mode http-line --target example.com
  workbench transcript list --text 'HTTP/1.1 500' --limit 10
  workbench transcript list --json`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 0 {
				return fmt.Errorf("--limit %d: it must be 1 or more", q.Limit)
			}
			all, err := r.open(cmd)
			if err != nil {
				return err
			}
			defer all.Close()
			infos, err := all.List(cmd.Context(), q)
			if err != nil {
				return fmt.Errorf("the transcripts cannot be listed: %w", err)
			}
			if asJSON {
				if infos == nil {
					infos = []store.Info{} // [] and not null
				}
				return json.NewEncoder(cmd.OutOrStdout()).Encode(infos)
			}
			out := bufio.NewWriter(cmd.OutOrStdout()) // a tabwriter writes each cell by itself
			w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tBEGAN\tTOOK\tSIZE\tTARGET\tENDED")
			for _, info := range infos {
				ended := info.Ended
				if info.Running {
					ended = "(running)"
				}
				took := time.Duration(info.Duration * float64(time.Second)).Round(10 * time.Millisecond)
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", info.ID, info.Began.Local().Format(time.DateTime), took, size(info.Size), core.Printable(info.Target), core.Printable(ended))
			}
			if s, ok := all.(inShared); ok && s.others() != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "workbench: these are %s\n", s.whose())
			}
			return errors.Join(w.Flush(), out.Flush())
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Mode, "mode", "", "only those of line mode `M`")
	f.StringVar(&q.Target, "target", "", "only those whose target has `T` in it; case does not matter")
	f.StringVar(&q.Text, "text", "", "only those in which `WORDS` were said; case matters")
	f.IntVar(&q.Limit, "limit", 0, "at most `N`, the newest (default: all)")
	f.Lookup("limit").DefValue = "0"
	f.BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

func newTranscriptDeleteCommand(r *archive) *cobra.Command {
	return &cobra.Command{
		Use:     "delete ID...",
		Short:   "Delete recorded transcripts",
		Example: "  workbench transcript delete 20260102-150405-123-s12-http-line",
		Args:    command.Wants(1, math.MaxInt, "delete which? Name IDs, which workbench transcript list lists"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			all, err := r.open(cmd)
			if err != nil {
				return err
			}
			defer all.Close()
			var failed []error
			for _, id := range ids {
				if err := all.Delete(id); err != nil {
					failed = append(failed, fmt.Errorf("%s is not deleted: %w", core.Printable(id), err))
				}
			}
			return errors.Join(failed...)
		},
	}
}
