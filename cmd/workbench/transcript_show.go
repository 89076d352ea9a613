package main

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newTranscriptShowCommand(r *archive) *cobra.Command {
	golden, asJSON, messages := false, false, false
	cmd := &cobra.Command{
		Use:   "show ID|FILE",
		Short: "Show a transcript",
		Example: `  workbench transcript show 20260102-150405-123-s12-http-line
  workbench transcript show --golden ID > walk.golden    without times and remarks: a test
  workbench transcript show --json session.transcript    an entry a line, for programs
  workbench transcript show --messages ID                what the line mode has recognised: requests, replies, their fields`,
		Args: command.Wants(1, 1, "show one transcript"),
		RunE: func(cmd *cobra.Command, names []string) (err error) {
			if golden && asJSON {
				return errors.New("--golden and --json exclude each other: a golden is text")
			}
			if golden && messages {
				return errors.New("--golden and --messages exclude each other: a golden is whole")
			}
			p := newPrinter(cmd.OutOrStdout(), asJSON)
			p.MessagesOnly = messages
			defer func() {
				if messages && p.Printed == 0 && err == nil {
					fmt.Fprintln(cmd.ErrOrStderr(), "no messages: the line mode of this session says none, or there were none")
				}
			}()
			if store.ValidID(names[0]) && !golden {
				return r.showRecorded(cmd, p, names[0])
			}
			all, err := r.loadAll(cmd, names[0])
			if err != nil {
				return err
			}
			for i, t := range all {
				if golden {
					store.Golden(t)
				}
				if i > 0 {
					p.Next()
				}
				p.Header(t)
				p.Entries(t.Entries)
			}
			return p.Flush()
		},
	}
	cmd.Flags().BoolVar(&golden, "golden", false, "as a golden: without times, remarks and comments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, a line each")
	cmd.Flags().BoolVar(&messages, "messages", false, "print only the messages that the line mode recognised, each with its fields")
	return cmd
}

func newTranscriptFollowCommand(r *archive) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "follow ID",
		Short: "Show a running session from its start, until it ends",
		Example: `  workbench transcript follow 20260102-150405-123-s12-http-line
  workbench transcript follow --json ID`,
		Args: command.Wants(1, 1, "follow one session"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			folder, err := r.open(cmd)
			if err != nil {
				return err
			}
			defer folder.Close()
			p := newPrinter(cmd.OutOrStdout(), asJSON)
			_, err = printBlocks(p, ids[0], folder.Follow(cmd.Context(), ids[0]))
			switch {
			case cmd.Context().Err() != nil:
				return nil // Ctrl-C is how one stops to follow
			case errors.Is(err, store.ErrNotFound):
				return fmt.Errorf("%w; workbench transcript list lists the recorded ones", err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, a line each")
	return cmd
}

// showRecorded prints a recording of whatever length.
func (r *archive) showRecorded(cmd *cobra.Command, p *transcript.Printer, id string) error {
	file, err := r.file(cmd, id)
	if err != nil {
		return err
	}
	text, _, err := file.Open()
	if err != nil {
		return err
	}
	defer text.Close()
	header, err := printBlocks(p, file.Path, store.Blocks(text, nil))
	if err == nil && header.CutOff {
		warnOfEnd(cmd.ErrOrStderr(), file.Path)
	}
	return err
}

// printBlocks prints a text that comes in blocks, each at once, so that a long one need
// not be held in memory.
func printBlocks(p *transcript.Printer, name string, blocks iter.Seq2[[]byte, error]) (header *transcript.Transcript, err error) {
	var d store.Decoder
	for block, err := range blocks {
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", core.Printable(name), err)
		}
		begun := d.Header != nil
		entries, err := d.Entries(name, block)
		if err != nil {
			return nil, err
		}
		if !begun {
			p.Header(d.Header)
		}
		p.Entries(entries)
		if err := p.Flush(); err != nil {
			return nil, err
		}
	}
	if d.Header == nil {
		_, err = d.Entries(name, nil) // says what is missing
	}
	return d.Header, err
}

func newPrinter(w io.Writer, asJSON bool) *transcript.Printer {
	return transcript.NewPrinter(screen.Unfiltered(w), asJSON, screen.InColour(w))
}
