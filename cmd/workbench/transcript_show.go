package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

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
		Args: needs(1, "show one transcript"),
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
			p := newEntryPrinter(cmd.OutOrStdout(), asJSON)
			p.header(t)
			p.entries(t.Entries)
			return p.flush()
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
		Args: needs(1, "follow one session"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			folder, err := r.open()
			if err != nil {
				return err
			}
			defer folder.Close()
			p := newEntryPrinter(cmd.OutOrStdout(), asJSON)
			var d store.Decoder
			begun := false
			for block, err := range folder.Follow(cmd.Context(), ids[0]) {
				switch {
				case cmd.Context().Err() != nil:
					return nil // Ctrl-C is how one stops to follow
				case err != nil:
					return fmt.Errorf("%s cannot be followed: %w", core.Printable(ids[0]), err)
				}
				entries, err := d.Entries(ids[0], block)
				if err != nil {
					return err
				}
				if !begun && d.Header != nil {
					begun = true
					p.header(d.Header)
				}
				p.entries(entries)
				if err := p.flush(); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, a line each")
	return cmd
}

// entryPrinter prints entries as text, in colours on a terminal, or as JSON.
type entryPrinter struct {
	out    *bufio.Writer
	asJSON bool
	colour bool
	line   []byte
}

func newEntryPrinter(w io.Writer, asJSON bool) *entryPrinter {
	return &entryPrinter{out: bufio.NewWriter(unfiltered(w)), asJSON: asJSON, colour: inColour(w)}
}

func (p *entryPrinter) header(t *transcript.Transcript) {
	if !p.asJSON {
		p.text(transcript.AppendHeader(nil, t))
	}
}

func (p *entryPrinter) entries(entries []transcript.Entry) {
	for i := range entries {
		e := &entries[i]
		if p.asJSON {
			p.line = append(transcript.AppendJSON(p.line[:0], e), '\n')
			p.text(p.line)
			continue
		}
		p.line = transcript.AppendEntry(p.line[:0], e)
		if !p.colour {
			p.text(p.line)
			continue
		}
		p.out.WriteString(colourOf(e))
		p.text(bytes.TrimSuffix(p.line, []byte("\n")))
		p.out.WriteString("\x1b[0m\n")
	}
}

// text writes what may hold anything, as a screen does.
func (p *entryPrinter) text(text []byte) { p.out.WriteString(core.PrintableText(string(text))) }

func (p *entryPrinter) flush() error { return p.out.Flush() }

// colourOf tells the sides apart: cyan came from the client, green from the
// server; actions are plain and remarks are faint.
func colourOf(e *transcript.Entry) string {
	switch {
	case e.Dir == transcript.Remark:
		return "\x1b[2m"
	case e.Dir == transcript.Action:
		return ""
	case e.Event.Kind.Side() == core.Client:
		return "\x1b[36m"
	case e.Event.Kind.Side() == core.Server:
		return "\x1b[32m"
	}
	return "\x1b[33m"
}
