package playcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/play/report"
	"github.com/protocol-workbench/workbench/core/transcript"
)

type serverOptions struct {
	listen     string
	fast       bool
	onMismatch string
	anyOrder   bool
	once       bool
	verify     bool
	readyFile  string
	faults     string
	asJSON     bool
	tls        tlsflags.Server
	keyLog     string
	packets    Packets
	modes      Modes
}

// The values of --on-mismatch.
const (
	mismatchClose    = "close"
	mismatchContinue = "continue"
)

func newServer(read Reader, packets Packets, modes Modes) *cobra.Command {
	o := serverOptions{packets: packets, modes: modes}
	cmd := &cobra.Command{
		Use:   "server [flags] FILE...",
		Short: "Answer clients as the recorded server did",
		Long: `play server listens, waits for what the recorded client sent, and answers as the
recorded server did, to any number of clients at once. What a client says
otherwise is told on standard error, with the line of the transcript, what was
expected and what came. A connection on which nothing is said is no client.

Of a FILE of several connections the n-th client gets the n-th one.

With --any-order each FILE is one connection, and a client gets the first one not
used yet that fits what it says. As long as several fit, the server says what
they have in common; where they differ in what the server does next, the first
one is taken. When all were used, they are free again.

It speaks TCP, and with --tls TLS, whatever the session was recorded over; a
recording of datagrams is played over UDP. Where
the recording upgrades the connection to TLS, as after STARTTLS, it does so too.
The certificate is made for localhost, unless --tls-cert names one; its
fingerprint is printed, by which play client --tls-verify takes it.

With --fault the server misbehaves at chosen places of what it says, from-server,
and of what clients say, to-server; each fault is printed. docs/faults.md has the
rules, with examples.

Exit codes:
  0  it was stopped, or with --once has served a client
  1  with --verify: a client said something else, or broke off; with --any-order
     also: a client fitted no recording, or a recording was never played
  2  it could not be played: the file is no transcript (told as file:line: what
     was expected), or the address is taken`,
		Example: `  workbench play server walk.golden
  workbench play server --listen 127.0.0.1:2525 --fast smtp.golden
  workbench play server --tls --tls-alpn h2 walk.golden
  workbench play server --on-mismatch continue walk.golden    tell, and answer all the same
  workbench play server --fault slow.faults walk.golden       answer late, and see what the client makes of it
  workbench play server --once --verify --ready-file ready --listen 127.0.0.1:0 walk.golden
                                                              test a client: its address is in the file
  workbench play server --any-order --once --verify a.golden b.golden
                                                              a client with two connections, at once or in any order`,
		Args: func(cmd *cobra.Command, files []string) error {
			if !o.anyOrder {
				return command.Wants(1, 1, "name one transcript")(cmd, files)
			}
			if len(files) == 0 || len(files) > play.MaxPool {
				return fmt.Errorf("name 1 to %d transcripts, one for each connection, as in: %s --any-order a.golden b.golden", play.MaxPool, cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.onMismatch != mismatchClose && o.onMismatch != mismatchContinue {
				return fmt.Errorf("--on-mismatch %s: it must be close or continue", o.onMismatch)
			}
			return playServer(cmd.Context(), read, o, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:4001", "address to listen on; port 0 picks a free one")
	f.BoolVar(&o.fast, "fast", false, "leave the recorded pauses out")
	f.StringVar(&o.onMismatch, "on-mismatch", mismatchClose, "what a client gets that says something else: close, or continue")
	f.BoolVar(&o.anyOrder, "any-order", false, "each FILE is one connection; a client gets one that fits what it says")
	f.BoolVar(&o.once, "once", false, "end when the first client was served; with --any-order: as many clients as there are recordings")
	f.BoolVar(&o.verify, "verify", false, "exit with code 1 if any client said something else, or broke off, or with --any-order a recording was never played")
	f.StringVar(&o.faults, "fault", "", "make the faults that the rules in `FILE` say, to each client")
	f.StringVar(&o.readyFile, "ready-file", "", "write the address to `FILE` as soon as clients can connect")
	o.tls.Add(f)
	tlsflags.AddKeyLog(f, &o.keyLog)
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each thing that happens, a line each")
	modes.AddFlags(cmd)
	return command.Telling(cmd)
}

// playServer plays the server until ctx ends, or all clients were served.
func playServer(ctx context.Context, read Reader, o serverOptions, paths []string, stdout, stderr io.Writer) error {
	p := &report.Printer{Out: stdout, Err: stderr, JSON: o.asJSON, Continue: o.onMismatch == mismatchContinue}
	server := play.Server{Fast: o.fast, Mismatch: p.Mismatch, Rate: p.Rate, Ended: p.Ended}
	scripts, t, err := o.load(read, &server, paths, stderr)
	if err != nil {
		return err
	}
	upgrades := slices.ContainsFunc(scripts, (*play.Script).Upgrades)
	if server.Script != nil && server.Script.NeedsMode() {
		watch, stop, err := o.modes.Watching(ctx, t)
		if err != nil {
			return err
		}
		defer stop()
		server.Decode = watch
	}
	server.Fault = p.Fault
	fingerprint, closeKeyLog, err := o.secure(&server, upgrades, stderr)
	if err != nil {
		return err
	}
	defer closeKeyLog()
	if server.TLS != nil {
		for _, script := range scripts {
			if err := script.Alone(); err != nil {
				return err
			}
		}
	}
	listener, err := o.open(&server)
	if err != nil {
		return err
	}
	defer listener.Close()
	p.Listening(listener.Addr(), fingerprint, o.anyOrder, paths...)
	if o.readyFile != "" {
		// As one step: who finds the file finds the whole address in it.
		err := plainfile.Write(o.readyFile, 0o600, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, listener.Addr())
			return err
		})
		if err != nil {
			return fmt.Errorf("--ready-file: %w", err)
		}
	}
	if err := server.Serve(ctx, listener); err != nil {
		return fmt.Errorf("no more clients can be taken: %w", err)
	}
	if server.Pool != nil {
		p.Unplayed(server.Pool.Unplayed())
	}
	if o.verify && p.Amiss() > 0 {
		return &command.Exit{Code: command.Different}
	}
	return nil
}

// open listens for clients: for datagrams where the recording is of such.
func (o *serverOptions) open(server *play.Server) (net.Listener, error) {
	address, udp := strings.CutPrefix(o.listen, "udp://")
	datagrams := server.Script != nil && server.Script.Datagrams()
	switch {
	case udp && !datagrams:
		return nil, errors.New("--listen is udp://, and what is played was recorded over a stream")
	case !datagrams:
		return command.Listen(address, "", "--listen", nil)
	case server.TLS != nil:
		return nil, errors.New("--tls is for streams: datagrams are played in clear")
	}
	return o.packets(address, "--listen")
}

// secure has the server speak TLS: from the start as the flags say, or where a recording
// upgrades to it.
func (o *serverOptions) secure(server *play.Server, upgrades bool, stderr io.Writer) (fingerprint string, done func(), err error) {
	choose, config := o.tls.Config, &server.TLS
	if upgrades {
		choose, config = o.tls.StartTLS, &server.StartTLS
	}
	if *config, fingerprint, err = choose(); err != nil {
		return "", nil, err
	}
	if o.keyLog != "" && *config == nil {
		return "", nil, errors.New("the flags --tls-… want --tls too")
	}
	keyLog, done, warning, err := tlsflags.OpenKeyLog(o.keyLog)
	if err == nil && warning != "" {
		fmt.Fprintln(stderr, "warning:", warning)
		(*config).KeyLogWriter = keyLog
	}
	return fingerprint, done, err
}

// load gives the server what it plays, and returns it, with the last recording.
func (o *serverOptions) load(read Reader, server *play.Server, paths []string, stderr io.Writer) (scripts []*play.Script, t *transcript.Transcript, err error) {
	for _, path := range paths {
		all, err := read.scripts(path, stderr)
		if err != nil {
			return nil, nil, err
		}
		for _, one := range all {
			scripts, t = append(scripts, one.script), one.t
		}
	}
	if server.Faults, err = command.ReadFaults(o.faults); err != nil {
		return nil, nil, err
	}
	if err := play.CheckFaults(server.Faults, scripts...); err != nil {
		return nil, nil, fmt.Errorf("--fault: %w", err)
	}
	if o.once {
		server.Limit = len(scripts)
	}
	switch {
	case !o.anyOrder && len(scripts) == 1:
		server.Script = scripts[0]
		return scripts, t, nil
	case !o.anyOrder:
		server.Series, err = play.NewSeries(scripts)
		return scripts, t, err
	}
	for _, s := range scripts {
		if err := s.Streams(); err != nil {
			return nil, nil, err
		}
	}
	server.Pool, err = play.NewPool(scripts, o.once)
	return scripts, t, err
}
