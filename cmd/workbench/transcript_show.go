package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newTranscriptShowCommand(r *recordings) *cobra.Command {
	golden, asJSON := false, false
	cmd := &cobra.Command{
		Use:   "show ID|FILE",
		Short: "Show a transcript",
		Example: `  workbench transcript show 20260102-150405-123-s12-http-line
  workbench transcript show --golden ID > walk.golden    without times and remarks: a test
  workbench transcript show --json session.transcript    an entry a line, for programs`,
		Args: command.Wants(1, 1, "show one transcript"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if golden && asJSON {
				return errors.New("--golden and --json exclude each other: a golden is text")
			}
			t, err := r.load(names[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if golden {
				store.Golden(t)
			}
			p := newPrinter(cmd.OutOrStdout(), asJSON)
			p.Header(t)
			p.Entries(t.Entries)
			return p.Flush()
		},
	}
	cmd.Flags().BoolVar(&golden, "golden", false, "as a golden: without times, remarks and comments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, a line each")
	return cmd
}

func newTranscriptFollowCommand(r *recordings) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "follow ID",
		Short: "Show a running session from its start, until it ends",
		Example: `  workbench transcript follow 20260102-150405-123-s12-http-line
  workbench transcript follow --json ID`,
		Args: command.Wants(1, 1, "follow one session"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			folder, err := r.open()
			if err != nil {
				return err
			}
			defer folder.Close()
			p := newPrinter(cmd.OutOrStdout(), asJSON)
			var d store.Decoder
			begun := false
			for block, err := range folder.Follow(cmd.Context(), ids[0]) {
				switch {
				case cmd.Context().Err() != nil:
					return nil // Ctrl-C is how one stops to follow
				case err != nil:
					return fmt.Errorf("%s cannot be followed: %w; workbench transcript list lists the recorded ones", core.Printable(ids[0]), err)
				}
				entries, err := d.Entries(ids[0], block)
				if err != nil {
					return err
				}
				if !begun && d.Header != nil {
					begun = true
					p.Header(d.Header)
				}
				p.Entries(entries)
				if err := p.Flush(); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, a line each")
	return cmd
}

func newPrinter(w io.Writer, asJSON bool) *transcript.Printer {
	return transcript.NewPrinter(screen.Unfiltered(w), asJSON, screen.InColour(w))
}
