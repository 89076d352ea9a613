// Package playcmd is the command play: a transcript's server, or its client,
// against a live peer.
package playcmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Reader reads a transcript that is named by its ID or its path, and returns the
// path.
type Reader func(name string) (path string, text []byte, err error)

// Packets listens for datagrams at the address that the flag names: each address that
// sends some is a connection.
type Packets func(address, flag string) (net.Listener, error)

// Watch makes a line mode that watches one talk; done lets it go.
type Watch func(ctx context.Context) (d play.Decoder, done func(), err error)

// Modes are the line modes, for recordings whose rules are about fields of messages.
type Modes interface {
	// AddFlags adds the flags that say where they are.
	AddFlags(*cobra.Command)
	// Watching makes a recording's mode ready, until stop is called.
	Watching(ctx context.Context, t *transcript.Transcript) (watch Watch, stop func(), err error)
}

// New returns the command.
func New(read Reader, packets Packets, modes Modes) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "play",
		Short: "Play a transcript to a live peer, as its server or as its client",
		Long: `play takes one side of a recorded session and holds the session again with a
live peer: what that side said goes over the wire, and what the peer says is
compared with what was recorded.

What differs each time, such as dates and ids, is told in the transcript by
rules above an entry (~~ match "...", any, until "...", use NAME). A rule
~~ match field NAME "..." compares a field of the message there, which the
recording's line mode recognises. A rule ~~ rate >= 1MB/s is about how fast the
peer says what is below it.`,
		Example: `  workbench play server walk.golden                      answer as the recorded server did
  workbench play server --any-order a.golden b.golden    one recording a connection
  workbench play client walk.golden --to 127.0.0.1:80    does a live server still answer the same?`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newServer(read, packets, modes), newClient(read, modes))
	return cmd
}

// recording is one connection of a transcript to play.
type recording struct {
	script *play.Script
	t      *transcript.Transcript
}

// scripts reads a transcript to play, which may be of several connections.
func (read Reader) scripts(name string, stderr io.Writer) (all []recording, err error) {
	path, data, err := read(name)
	if err != nil {
		return nil, err
	}
	connections, err := transcript.ParseAll(path, data)
	if err != nil {
		return nil, err
	}
	for i, t := range connections {
		if t.CutOff {
			fmt.Fprintf(stderr, "%s: warning: no newline at the end of the file, so it may have been cut off; it is played as far as it goes\n", core.Printable(path))
		}
		s, err := play.NewLinked(path, t)
		if err == nil && !s.Datagrams() {
			err = s.Streams()
		}
		if err != nil {
			return nil, transcript.ErrorIn(err, i+1, len(connections))
		}
		for _, w := range s.Warnings() {
			fmt.Fprintf(stderr, "%s:%d: warning: %s\n", core.Printable(path), w.Line, core.Printable(w.Words))
		}
		all = append(all, recording{s, t})
	}
	return all, nil
}

type clientOptions struct {
	to      string
	timeout time.Duration
	proxy   string
	keyLog  string
	tls     tlsflags.Client
}

func newClient(read Reader, modes Modes) *cobra.Command {
	o := clientOptions{}
	cmd := &cobra.Command{
		Use:   "client [flags] FILE --to host:port",
		Short: "Say the recorded client's part to a live server, and compare its answers",
		Long: `play client says what the recorded client sent, waits for the answers as they
were recorded or as the rules in the file have it, and compares them. How the
server's bytes are cut does not matter. There are no pauses: it says the next
thing when all that was answered before has come.

Where the recording upgrades the connection to TLS, as after STARTTLS, it does so
too. A handshake that goes otherwise than the recorded one is a difference.

A difference is shown in lines of the transcript: - was expected, + came.

Exit codes:
  0  the server said the same
  1  it said something else, or nothing for the time of --timeout
  2  it could not be played: the file is no transcript (told as file:line: what
     was expected), or the server could not be reached`,
		Example: `  workbench play client walk.golden --to 127.0.0.1:80
  workbench play client walk.golden --to tls://example.com:443 --timeout 30s
  workbench play client walk.golden --to unix:///run/app.sock
  workbench play client dns.golden --to udp://127.0.0.1:53
  workbench play client walk.golden --to tls://box.local:8443 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key`,
		Args: command.Wants(1, 1, "name one transcript"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.timeout <= 0 {
				return fmt.Errorf("--timeout %v: it must be more than 0", o.timeout)
			}
			return playClient(cmd.Context(), read, modes, o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "the live server: host:port, tls://host:port, a scheme with its port, as in imaps://host, unix:///path, or udp://host:port for a recording of datagrams")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long the next expected bytes may take")
	tlsflags.AddProxy(f, &o.proxy)
	o.tls.Add(f)
	tlsflags.AddKeyLog(f, &o.keyLog)
	modes.AddFlags(cmd)
	return command.Telling(cmd)
}

// playClient plays the connections of a recording, one after the other.
func playClient(ctx context.Context, read Reader, modes Modes, o clientOptions, path string, stdout, stderr io.Writer) error {
	all, err := read.scripts(path, stderr)
	if err != nil {
		return err
	}
	if o.to == "" {
		err := errors.New("play it to which server? Say so with --to host:port")
		if t := all[0].t; t.Target != "" {
			err = fmt.Errorf("%w; it was recorded with %s", err, core.Printable(t.Target))
		}
		return err
	}
	for i, one := range all {
		if len(all) > 1 {
			fmt.Fprintf(stdout, "connection %d of %d, from line %d on\n", i+1, len(all), one.t.Above+1)
		}
		if err := playConnection(ctx, modes, o, path, one.script, one.t, stdout, stderr); err != nil {
			return err
		}
	}
	return nil
}

func playConnection(ctx context.Context, modes Modes, o clientOptions, path string, script *play.Script, t *transcript.Transcript, stdout, stderr io.Writer) error {
	to, err := target.Parse(o.to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if to.Kind == target.WebSocket {
		return errors.New("--to: a recording's client is played over streams, and a WebSocket carries messages: name a target that is not ws:// or wss://")
	}
	switch udp := to.Kind == target.UDP; {
	case udp && !script.Datagrams():
		return fmt.Errorf("--to: %s was recorded over a stream, and is not played over UDP: nobody could say where a datagram ends", core.Printable(path))
	case script.Datagrams() && !udp:
		return fmt.Errorf("--to: %s is a recording of datagrams: name the server as udp://host:port", core.Printable(path))
	}
	if to, err = tlsflags.Through(o.proxy, to); err != nil {
		return err
	}
	if to.TLS || to.Kind != target.TCP || o.proxy != "" {
		if err := script.Alone(); err != nil {
			return err
		}
	}
	upgrades := script.Upgrades()
	if upgrades && to.TLS {
		return fmt.Errorf("%s upgrades to TLS in mid-stream, so that the connection begins in clear: name the server without TLS, as in --to host:port", core.Printable(path))
	}
	speaksTLS := to
	speaksTLS.TLS = to.TLS || upgrades
	security, err := o.tls.Security(speaksTLS)
	if err != nil {
		return err
	}
	if o.keyLog != "" && !speaksTLS.TLS {
		return errors.New("--tls-keylog is for a server that speaks TLS: write --to tls://host:port, or tls+unix:///path")
	}
	keyLog, closeKeyLog, warning, err := tlsflags.OpenKeyLog(o.keyLog)
	if err != nil {
		return err
	}
	defer closeKeyLog()
	if warning != "" {
		fmt.Fprintln(stderr, "warning:", warning)
	}
	player := script.Play(core.Client)
	if script.NeedsMode() {
		watch, stop, err := modes.Watching(ctx, t)
		if err != nil {
			return err
		}
		defer stop()
		d, done, err := watch(ctx)
		if err != nil {
			return fmt.Errorf("match field: %w", err)
		}
		defer done()
		player = script.PlayWith(core.Client, d)
	}
	dialer := target.Dialer{TLSConfig: &tls.Config{KeyLogWriter: keyLog}, Below: func(c net.Conn) net.Conn { return stall.New(c) }}
	conn, err := dialer.Dial(ctx, to, security)
	if err != nil {
		return tlsflags.Explain(err)
	}
	for _, words := range []string{conn.Through(), conn.Secured()} {
		if words != "" {
			fmt.Fprintln(stderr, words)
		}
	}
	talk := play.Talk{Fast: true, Timeout: o.timeout, Secured: func(words string, early int) {
		if early > 0 {
			fmt.Fprintf(stderr, "dropped %d bytes of the server: they came in clear before TLS\n", early)
		}
		fmt.Fprintln(stderr, words)
	}, Rate: func(r play.Rate) {
		fmt.Fprintf(stdout, "%s:%d: %s\n", core.Printable(path), r.Line, &r)
	}}
	err = talk.Over(ctx, conn, player)
	var m *play.Mismatch
	switch {
	case errors.As(err, &m):
		fmt.Fprintf(stdout, "%v\n%s", m, player.Diff())
		if m.Cause != nil {
			fmt.Fprintln(stderr, tlsflags.Explain(m.Cause))
		}
		return &command.Exit{Code: command.Different}
	case ctx.Err() != nil:
		return errors.New("the play was interrupted")
	case err != nil:
		return err
	}
	runs, size := script.Answers()
	fmt.Fprintf(stdout, "%s: same (%s, %d bytes)\n", core.Printable(path), core.Plural(runs, "answer"), size)
	return nil
}
