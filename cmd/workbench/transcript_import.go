package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/importer"
	"github.com/protocol-workbench/workbench/core/golden"
)

func newTranscriptImportCommand() *cobra.Command {
	o, into := importer.Options{Read: golden.ReadAll}, ""
	cmd := &cobra.Command{
		Use:   "import FILE [-o DIR]",
		Short: "Make transcripts of a capture, a HAR, or a conversation in text",
		Long: `import makes transcripts of

  a capture   pcap or pcapng, as tcpdump -w and Wireshark write, gzipped or not:
              one transcript for each TCP connection, with retransmissions and
              reordering undone. The client is who opened the connection; where
              the capture does not have that, the side with the higher port.
  a HAR       what a browser's developer tools save: one transcript for each
              server, of HTTP/1.1 messages that are written anew
  a text      C: and S: lines, as standards print a conversation
  a test      a test case of the curl project (<testcase>), of http, ftp, smtp,
              imap or pop3: one transcript for each connection

FILE is told apart by how it begins; - is standard input. Transcripts are named
after it: FILE-0001.transcript and so on, or FILE.transcript. A file that is
there is not replaced.`,
		Example: `  workbench transcript import session.pcapng
  workbench transcript import session.pcapng -o sessions
  tcpdump -w - tcp port 6379 | workbench transcript import - -o sessions
  workbench transcript import rfc5321-example.txt --mode http-line`,
		Args: command.Wants(1, 1, "name one file, or - for standard input"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if !core.ValidName(o.Mode) {
				return fmt.Errorf("--mode %s: that cannot be the name of a line mode; workbench modes lists them", o.Mode)
			}
			file, stdin := files[0], io.Reader(nil)
			if file == screen.Standard {
				file, stdin = "standard input", cmd.InOrStdin()
			}
			made, err := importer.Folder(into).Import(cmd.Context(), o, file, stdin)
			for _, one := range made.Made {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", core.Printable(one.Called), one.Words)
			}
			for _, words := range made.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "workbench: warning: %s: %s\n", core.Printable(file), words)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&into, "output", "o", ".", "write the transcripts into folder `DIR`, which is made if it is not there")
	cmd.Flags().StringVar(&o.Mode, "mode", importer.RawMode, "the transcripts' line mode `M`")
	cmd.Flags().StringVar(&o.From, "from", "", "take FILE for a `FORM`, capture, har, rfc or curl-test, however it begins")
	return cmd
}
