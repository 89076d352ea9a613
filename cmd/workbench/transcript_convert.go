package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/formats"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newTranscriptConvertCommand(r *archive) *cobra.Command {
	var to, out, keyLog string
	cmd := &cobra.Command{
		Use:   "convert --to FORMAT FILE [-o OUT]",
		Short: "Write a transcript as a capture, a page, a text or JSON",
		Long: `convert writes a transcript in another form:

  pcapng     a capture for Wireshark: the bytes of the connection to the server,
             in packets that are made up, which the file says
  jsonl      a JSON object a line: one with what stands on top, then the entries
  asciicast  a terminal recording (v3) that asciinema's players play
  rfc        C: and S: lines, as standards print a conversation
  html       one page that needs no network and runs no script, to hand out

With --keylog, pcapng carries the secrets of the TLS connection that crossed, as
through a tap that only watches, so that Wireshark decrypts it. They are looked up
in a file that a client or a server has written: SSLKEYLOGFILE, or --tls-keylog.

FILE is a transcript: the ID of a recorded one, or the path of a file; - is
standard input. Without -o the result goes to standard output.`,
		Example: `  workbench transcript convert --to pcapng 20260102-150405-123-s12-http-line -o session.pcapng
  workbench transcript convert --to html session.transcript -o lesson.html
  workbench transcript convert --to pcapng --keylog keys session.transcript -o session.pcapng
  workbench transcript convert --to rfc session.transcript
  workbench transcript convert --to jsonl - < session.transcript | jq .text`,
		Args: command.Wants(1, 1, "name one file, or - for standard input"),
		RunE: func(cmd *cobra.Command, files []string) error {
			format, err := formatNamed(to)
			if err != nil {
				return err
			}
			if keyLog != "" && format.Name != "pcapng" {
				return fmt.Errorf("--keylog is for --to pcapng: %s has no place for secrets", format.Name)
			}
			t, err := r.toConvert(cmd, files[0])
			if err != nil {
				return err
			}
			if keyLog != "" {
				secrets, err := secretsOf(t, keyLog)
				if err != nil {
					return err
				}
				format.Write = func(w io.Writer, t *transcript.Transcript) error { return pcap.WriteWith(w, t, secrets) }
			}
			return screen.Output(out, cmd.OutOrStdout(), format.Binary, func(w io.Writer) error { return format.Write(w, t) })
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "write `FORMAT`: "+strings.Join(formats.Names(), ", "))
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to file `OUT`; it is replaced when all is there")
	cmd.Flags().StringVar(&keyLog, "keylog", "", "put the secrets of the TLS connection that crossed into the capture, from `FILE`: who reads the capture can read what crossed")
	return cmd
}

// secretsOf looks up the secrets of a transcript's TLS connection in a file.
func secretsOf(t *transcript.Transcript, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--keylog: %w", plainfile.Unreadable(path, err))
	}
	defer f.Close()
	secrets, err := pcap.SecretsOf(t, f)
	if err != nil {
		return nil, fmt.Errorf("--keylog %s: %w", core.Printable(path), err)
	}
	return secrets, nil
}

// toConvert reads a transcript by its ID, from its path or from standard input.
func (r *archive) toConvert(cmd *cobra.Command, file string) (*transcript.Transcript, error) {
	if file != screen.Standard {
		return r.load(cmd, file)
	}
	data, err := golden.ReadAll("standard input", cmd.InOrStdin(), 0)
	if err != nil {
		return nil, err
	}
	return parse("standard input", data, cmd.ErrOrStderr())
}

func formatNamed(name string) (formats.Format, error) {
	f, ok := formats.Named(name)
	switch names := strings.Join(formats.Names(), ", "); {
	case ok:
		return f, nil
	case name == "":
		return f, fmt.Errorf("say what to convert to: --to with one of %s", names)
	default:
		return f, fmt.Errorf("--to %s: there is no such format; there are %s", name, names)
	}
}
