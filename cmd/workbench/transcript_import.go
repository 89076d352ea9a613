package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

const transcriptSuffix = ".transcript"

// What --from takes.
const (
	fromCapture = "capture"
	fromRFC     = "rfc"
)

type importOptions struct {
	dir, mode, from string
	stdin           io.Reader
	stdout, stderr  io.Writer
}

func newTranscriptImportCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE [-o DIR]",
		Short: "Make transcripts of a capture, or of a conversation in text",
		Long: `import makes transcripts of

  a capture   pcap or pcapng, as tcpdump -w and Wireshark write, gzipped or not:
              one transcript for each TCP connection, with retransmissions and
              reordering undone. The client is who opened the connection; where
              the capture does not have that, the side with the higher port.
  a text      C: and S: lines, as standards print a conversation

FILE is told apart by how it begins; - is standard input. Transcripts are named
after it: FILE-0001.transcript and so on, or FILE.transcript. A file that is
there is not replaced.`,
		Example: `  workbench transcript import session.pcapng
  workbench transcript import session.pcapng -o sessions
  tcpdump -w - tcp port 6379 | workbench transcript import - -o sessions
  workbench transcript import rfc5321-example.txt --mode http-line`,
		Args:         oneFile,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, files []string) error {
			if !core.ValidName(o.mode) {
				return fmt.Errorf("--mode %s: that cannot be the name of a line mode; workbench modes lists them", o.mode)
			}
			o.stdin, o.stdout, o.stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return o.run(cmd.Context(), files[0])
		},
	}
	cmd.Flags().StringVarP(&o.dir, "output", "o", ".", "write the transcripts into folder `DIR`, which is made if it is not there")
	cmd.Flags().StringVar(&o.mode, "mode", rawMode, "the transcripts' line mode `M`")
	cmd.Flags().StringVar(&o.from, "from", "", "take FILE for a `FORM`, capture or rfc, however it begins")
	return cmd
}

// rawMode is the line mode of what is imported unless another is named: any
// connection is a session in it.
const rawMode = "raw"

// opening returns the opening actions that an import of the mode has. They are
// known of raw: it passes both sides through, so that its answers are not in
// the transcript. Those of others are for workbench replay --update to fill in.
func opening(mode string) []core.Action {
	if mode != rawMode {
		return nil
	}
	return []core.Action{{Kind: core.PassThrough, Side: core.Client}, {Kind: core.PassThrough, Side: core.Server}}
}

func (o *importOptions) run(ctx context.Context, file string) error {
	in, name, about := o.stdin, "stdin", int64(0)
	if file == standardStream {
		file = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return plainfile.Unreadable(file, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return plainfile.Unreadable(file, err)
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a folder: name a file", file)
		}
		in, about = f, info.Size()
		name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".gz"), filepath.Ext(strings.TrimSuffix(file, ".gz")))
	}
	start := bufio.NewReader(in)
	head, _ := start.Peek(4)
	switch {
	case o.from == fromCapture, o.from == "" && pcap.IsCapture(head):
		return o.capture(ctx, file, name, start)
	case o.from == fromRFC:
		return o.text(file, name, start, about)
	case o.from == "":
		if err := isNoText(start); err != nil {
			return fmt.Errorf("%s %w", file, err)
		}
		return o.text(file, name, start, about)
	}
	return fmt.Errorf("--from %s: there is no such form; there are %s and %s", o.from, fromCapture, fromRFC)
}

// isNoText says what is wrong with a file that, by how it begins, cannot be
// a conversation in text.
func isNoText(in *bufio.Reader) error {
	head, err := in.Peek(512)
	first, size := utf8.DecodeRune(head)
	switch {
	case len(head) == 0 && err != io.EOF:
		return fmt.Errorf("cannot be read: %w", err)
	case len(head) == 0:
		return errors.New("is empty")
	case bytes.HasPrefix(head, []byte("workbench transcript ")):
		return errors.New("is a transcript already: there is nothing to import")
	case bytes.IndexByte(head, 0) >= 0, first == utf8.RuneError && size == 1:
		return errors.New("is neither a capture that can be read (pcap and pcapng can) nor text with C: and S: lines")
	}
	return nil
}

func (o *importOptions) capture(ctx context.Context, file, name string, in io.Reader) error {
	files := map[int]string{}
	report, err := pcap.Import(ctx, in, pcap.Options{
		Name: filepath.Base(file), Mode: o.mode, Opening: opening(o.mode),
		Create: func(c pcap.Connection) (io.WriteCloser, error) {
			path := filepath.Join(o.dir, fmt.Sprintf("%s-%04d%s", name, c.Number, transcriptSuffix))
			files[c.Number] = path
			return create(o.dir, path)
		},
	})
	for _, c := range report.Written {
		fmt.Fprintf(o.stdout, "%s: %v to %v, %d bytes sent, %d received", core.Printable(files[c.Number]), c.Client, c.Server, c.Sent, c.Received)
		if c.Lost > 0 {
			fmt.Fprintf(o.stdout, ", %d lost", c.Lost)
		}
		if c.Stray > 0 {
			fmt.Fprintf(o.stdout, ", %d left out", c.Stray)
		}
		fmt.Fprintln(o.stdout)
	}
	o.tell(file, &report)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(report.Written) == 0 {
		return fmt.Errorf("%s: there is no TCP connection with anything in it; no transcript was written", file)
	}
	return nil
}

// tell says what of a capture is in no transcript.
func (o *importOptions) tell(file string, r *pcap.Report) {
	warn := func(format string, args ...any) {
		fmt.Fprintf(o.stderr, "workbench: warning: %s: %s\n", core.Printable(file), fmt.Sprintf(format, args...))
	}
	if r.Truncated {
		warn("the capture ends within a packet; what is before it was read")
	}
	if r.Late > 0 {
		warn("left out %d bytes that came after their connection had ended", r.Late)
	}
	if r.Fragments > 0 {
		warn("left out %d fragments of IP packets; their bytes count as lost", r.Fragments)
	}
	if r.Damaged > 0 {
		warn("left out %d TCP packets with a damaged header; their bytes count as lost", r.Damaged)
	}
	if r.Unread > 0 {
		warn("left out %d packets of link type %s; Ethernet, Linux cooked, loopback and plain IP are read", r.Unread, r.LinkType)
	}
	if r.Tunnelled > 0 {
		warn("left out %d packets that hold others (PPPoE, MPLS, GRE); these are not looked into", r.Tunnelled)
	}
	if r.LeftOut > 0 {
		warn("left out %d connections: one import writes %d transcripts. Filter the capture, as with tshark -r FILE -Y FILTER -w OUT", r.LeftOut, pcap.MaxTranscripts)
	}
}

func (o *importOptions) text(file, name string, in io.Reader, about int64) error {
	data, err := golden.ReadAll(file, in, about)
	if err != nil {
		return err
	}
	t, comments, err := convert.ParseRFC(convert.Text{Name: file, Mode: o.mode, Opening: opening(o.mode)}, data)
	if err != nil && o.from == "" {
		return fmt.Errorf("%w (and it is no capture: pcap and pcapng are read)", err)
	}
	if err != nil {
		return err
	}
	path := filepath.Join(o.dir, name+transcriptSuffix)
	out, err := create(o.dir, path)
	if err != nil {
		return err
	}
	if _, err = out.Write(t.Append(nil)); err != nil {
		return err
	}
	if comments > 0 {
		fmt.Fprintf(o.stderr, "workbench: warning: %s: %d lines begin with neither C: nor S: and became comments\n", core.Printable(file), comments)
	}
	fmt.Fprintf(o.stdout, "%s: %d events\n", core.Printable(path), len(t.Entries)-len(opening(o.mode)))
	return nil
}

// create makes a new file, and its folder.
func create(dir, path string) (io.WriteCloser, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, notWritten(dir, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: remove it, or name another folder with -o", path)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, notWritten(path, err)
	}
	return appendFile(path), nil
}

// appendFile is a file that is open only while it is written to: a capture has
// more connections at a time than a process may have files.
type appendFile string

func (path appendFile) Write(p []byte) (int, error) {
	f, err := os.OpenFile(string(path), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, notWritten(string(path), err)
	}
	n, err := f.Write(p)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, notWritten(string(path), err)
	}
	return n, nil
}

func (appendFile) Close() error { return nil }
