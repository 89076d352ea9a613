package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/dissect"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

type decodeOptions struct {
	mode      string
	options   []string
	port      int
	fields    bool
	asJSON    bool
	inProcess bool
	host      hostFlags
}

func newDecodeCommand() *cobra.Command {
	o := decodeOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "decode CAPTURE",
		Short: "Show the messages in a capture, as a line mode recognises them",
		Long: `decode reads a capture, pcap or pcapng, as tcpdump -w and Wireshark write, gzipped
or not, and has a line mode watch each TCP connection and each flow of datagrams in
it, as in a tap. It prints the messages of both sides: the connection's number, when
the message was whole, who sent it, what it is, and after ! what is wrong with it.

Without --mode the server's port decides, by the usual ports that workbench modes
lists, and on other ports how the server begins. Connections that no mode is for, and
those in TLS, are named at the end.

A connection is decoded once it has ended. CAPTURE is a file, or - for standard input.`,
		Example: `  workbench decode session.pcapng
  workbench decode --fields session.pcapng                         with the fields of each message
  workbench decode --mode resp --port 7000 session.pcap            on a port that is not usual
  tcpdump -i lo -w - tcp port 6379 | workbench decode --json -     an object a line, for programs`,
		Args: command.Wants(1, 1, "name one capture, or - for standard input"),
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case o.fields && o.asJSON:
				return errors.New("--fields and --json exclude each other: JSON always has the fields")
			case len(o.options) > 0 && o.mode == "":
				return errors.New("--option is for a line mode: name it with --mode")
			case o.port < 0 || o.port > 65535:
				return fmt.Errorf("--port %d; it must be from 1 to 65535", o.port)
			}
			return o.run(cmd.Context(), files[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", "", "decode all connections with line mode `M` (default: by port)")
	f.StringArrayVar(&o.options, "option", nil, "set an option of the line mode, `NAME=VALUE`; may be given more than once")
	f.IntVar(&o.port, "port", 0, "decode only connections to port `N` of a server")
	f.BoolVar(&o.fields, "fields", false, "print the fields of each message, too")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, an object a line")
	f.BoolVar(&o.inProcess, "in-process", false, "run the built-in line modes in this process, and no others")
	o.host.addPlugins(f)
	return cmd
}

func (o *decodeOptions) run(ctx context.Context, file string, stdin io.Reader, stdout, stderr io.Writer) error {
	values := map[string]string{}
	for _, option := range o.options {
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return fmt.Errorf("--option %s: write NAME=VALUE", option)
		}
		values[name] = value
	}
	in, name := stdin, "standard input"
	if file != screen.Standard {
		f, err := os.Open(file)
		if err != nil {
			return plainfile.Unreadable(file, err)
		}
		defer f.Close()
		in, name = f, file
	}
	capture := bufio.NewReader(in)
	if head, _ := capture.Peek(512); !pcap.IsCapture(head) {
		return fmt.Errorf("%s is not a capture: pcap and pcapng can be read, as tcpdump -w and Wireshark write", name)
	}
	d, stop, err := o.modes(ctx, stderr)
	if err != nil {
		return err
	}
	defer stop()
	if d.Modes, err = o.chosen(d.Modes); err != nil {
		return err
	}
	if o.mode != "" {
		if _, err := d.Modes[0].ParseOptions(values); err != nil {
			return err
		}
	}
	p := &decodePrinter{out: bufio.NewWriter(stdout), fields: o.fields}
	d.Mode, d.Values, d.Port, d.To = o.mode, values, o.port, p
	if o.asJSON {
		d.To = &decodeJSON{p.out}
	}
	sum, err := d.Decode(ctx, capture)
	for _, words := range sum.Warnings {
		fmt.Fprintf(stderr, "workbench: warning: %s: %s\n", core.Printable(name), words)
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("the decoding was interrupted")
	case err != nil:
		return fmt.Errorf("%s: %w", core.Printable(name), err)
	}
	if o.asJSON {
		err = p.jsonSummary(&sum)
	} else {
		p.summary(&sum)
	}
	if err = errors.Join(err, p.out.Flush()); err != nil {
		return err
	}
	if sum.Connections == 0 {
		return fmt.Errorf("%s: nothing was decoded; %s", core.Printable(name), whyNothing(&sum, o))
	}
	return nil
}

// whyNothing says what to do where no connection was decoded.
func whyNothing(sum *dissect.Summary, o *decodeOptions) string {
	switch {
	case len(sum.Skipped) > 0 && o.mode != "":
		return "what is there, the line mode " + o.mode + " cannot watch; workbench modes lists the others"
	case len(sum.Skipped) > 0 && !slices.ContainsFunc(sum.Skipped, func(s dissect.Skipped) bool { return !s.TLS }):
		return "what is there is encrypted by TLS; with --mode a line mode reads it all the same"
	case len(sum.Skipped) > 0:
		return "name a line mode with --mode; workbench modes lists them"
	case o.port != 0:
		return fmt.Sprintf("there is no connection to port %d", o.port)
	}
	return "there is no TCP connection and no datagram in it"
}

// modes returns the line modes and how they are reached, in processes of their own or in
// this one.
func (o *decodeOptions) modes(ctx context.Context, stderr io.Writer) (d dissect.Options, stop func(), err error) {
	if o.inProcess {
		d.Open = openBuiltin
		for _, mode := range builtin {
			d.Modes = append(d.Modes, mode.Manifest)
		}
		return d, func() {}, nil
	}
	log := newLog(stderr, false)
	found, _ := findPlugins(o.host.pluginDirs, log)
	flags := o.host
	flags.only = o.mode
	host, err := startHost(slog.New(slog.DiscardHandler), flags, found)
	if err != nil {
		return d, nil, err
	}
	for _, mode := range builtin {
		d.Modes = append(d.Modes, mode.Manifest)
	}
	for _, p := range found {
		if o.mode != "" && p.Name != o.mode {
			continue
		}
		m, err := host.Manifest(ctx, p.Name)
		if err != nil {
			log.Warn(err.Error())
			continue
		}
		d.Modes = append(d.Modes, m)
	}
	d.Open = host.Open
	return d, func() { stopHost(host) }, nil
}

// chosen leaves the mode of --mode, which must be able to decode.
func (o *decodeOptions) chosen(modes []core.Manifest) ([]core.Manifest, error) {
	if o.mode == "" {
		return modes, nil
	}
	i := slices.IndexFunc(modes, func(m core.Manifest) bool { return m.Name == o.mode })
	if i < 0 {
		return nil, fmt.Errorf("--mode %s: there is no such line mode; workbench modes lists them", core.CutWords(o.mode, core.MaxName))
	}
	if err := dissect.Check(modes[i]); err != nil {
		return nil, fmt.Errorf("--mode %s: %w", o.mode, err)
	}
	return modes[i : i+1], nil
}
