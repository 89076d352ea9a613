package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/tap"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// tapOptions are the flags of tap.
type tapOptions struct {
	listen    string
	to        string
	mode      string
	options   []string
	through   bool
	elsewhere bool
	faults    string
	golden    string
	once      bool
	noRecord  bool
	most      int64
	folder    string
	verbose   bool
	proxy     string
	allowExec bool
	tls       tlsflags.Client
	front     tapFront
	keyLog    string
	host      hostFlags
}

func newTapCommand() *cobra.Command {
	o := tapOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "tap --listen ADDRESS --to TARGET",
		Short: "Put a real client at the client's end: listen, pass on, record",
		Long: `tap listens for the clients of a real program and connects each of them with the
target. Every connection is a session: it is recorded like those of the page, and
can be listed, shown, replayed, exported and played (workbench transcript, replay,
play).

The line mode watches: what crosses is copied at once, in both directions, and the
mode sees it beside that. It can note what it finds, and can change and delay
nothing, whatever becomes of it. With --through it is in the path instead, as in a
session by hand: what it makes of the bytes is what arrives.

With --fault, too, and then the rules in FILE have the peers misbehave at chosen
places of their streams: they delay, drop, change and forge bytes, or end a
connection. Each line is a rule, such as

  from-server after line 1: delay 2s

The recording has each fault, and is replayed without the rules. docs/faults.md
has all of them, with examples.`,
		Example: `  workbench tap --listen 127.0.0.1:6380 --to 127.0.0.1:6379
  workbench tap --listen 127.0.0.1:2525 --to mail.example.com:25 --mode http-line
  workbench tap --listen 127.0.0.1:8080 --to https://example.com        the client speaks in clear, the tap TLS
  workbench tap --listen 127.0.0.1:8443 --to https://example.com --tls  both speak TLS
  workbench tap --listen 127.0.0.1:2525 --to 127.0.0.1:25 --mode http-line --through
                                                                        lines leave with CR LF
  workbench tap --listen 127.0.0.1:6380 --to 127.0.0.1:6379 --fault slow.faults
                                                                        does the client bear a slow server?
  workbench tap --listen udp://127.0.0.1:5353 --to udp://192.0.2.1:53   datagrams: a session for each address
  workbench tap --listen 127.0.0.1:6380 --to 127.0.0.1:6379 --once --golden ping.golden
                                                                        one connection, kept as a test`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "", "`ADDRESS` for the clients, HOST:PORT or udp://HOST:PORT on this machine; port 0 picks a free one")
	f.StringVar(&o.to, "to", "", "the `TARGET`: host:port, tls://host:port, udp://host:port, or a scheme with its port, as in redis://host, unix:///path, serial:///dev/…, exec:/path/to/program")
	f.StringVar(&o.mode, "mode", "raw", "line `MODE` of the sessions")
	f.StringArrayVar(&o.options, "option", nil, "set an option of the line mode, `NAME=VALUE`; may be given more than once")
	f.BoolVar(&o.elsewhere, "elsewhere", false, "let the line mode open further connections to other hosts than the target's")
	f.BoolVar(&o.through, "through", false, "put the line mode into the path, instead of beside it")
	f.StringVar(&o.faults, "fault", "", "make the faults that the rules in `FILE` say; the line mode is then in the path")
	f.StringVar(&o.golden, "golden", "", "keep the first connection as a golden in `FILE`")
	f.BoolVar(&o.once, "once", false, "end after one connection")
	f.BoolVar(&o.noRecord, "no-record", false, "record no session")
	f.Int64Var(&o.most, "max-recording", defaultRecording, "record at most `MIB` MiB of text of each session, in parts of 16 MiB; from 1 to 512")
	f.StringVar(&o.folder, "transcripts", "", "keep recordings in folder `DIR` (default: the user's state directory)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	tlsflags.AddProxy(f, &o.proxy)
	addAllowExec(f, &o.allowExec)
	o.front.add(f)
	o.tls.AddBesideServer(f)
	tlsflags.AddKeyLog(f, &o.keyLog)
	o.host.add(f)
	return cmd
}

// check reports what the flags alone get wrong.
func (o *tapOptions) check() error {
	const example = "workbench tap --listen 127.0.0.1:6380 --to 127.0.0.1:6379"
	switch {
	case o.listen == "":
		return fmt.Errorf("say where clients connect with --listen, as in: %s", example)
	case o.to == "":
		return fmt.Errorf("say where they are connected to with --to, as in: %s", example)
	case o.golden != "" && o.noRecord:
		return errors.New("--golden and --no-record exclude each other: a golden is made of the recording")
	case o.most < 1 || o.most > maxRecording:
		return fmt.Errorf("--max-recording is %d; it must be from 1 to %d MiB, as in: --max-recording %d", o.most, maxRecording, defaultRecording)
	}
	return o.front.check()
}

// run taps until ctx ends, or with --once one connection has.
func (o *tapOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	to, err := target.Parse(o.to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	faults, err := command.ReadFaults(o.faults)
	if err != nil {
		return err
	}
	o.through = o.through || faults != nil
	if to.Listens() {
		return fmt.Errorf("--to: %s waits for a client, and a tap connects each of its own with the target", core.Printable(to.String()))
	}
	if to.Kind == target.Exec && !o.allowExec {
		return fmt.Errorf("--to: programs are not started without --%s", allowExecFlag)
	}
	if to.Kind == target.WebSocket {
		return errors.New("--to: a tap's client sends a stream, and a WebSocket carries messages: name a target that is not ws:// or wss://")
	}
	if to, err = tlsflags.Through(o.proxy, to); err != nil {
		return err
	}
	if err := o.checkEnds(to); err != nil {
		return err
	}
	upgradable := to
	upgradable.TLS = to.TLS || o.through && to.ServerEnd() == core.ServerStream
	security, err := o.tls.Security(upgradable)
	if err != nil {
		return err
	}
	keyLog, closeKeyLog, warning, err := tlsflags.OpenKeyLog(o.keyLog)
	if err != nil {
		return err
	}
	defer closeKeyLog()
	log := newLog(stderr, o.verbose)
	if warning != "" {
		log.Warn(warning)
	}
	found, _ := findPlugins(o.host.pluginDirs, log)
	o.host.only = o.mode // no other's start or restart takes time from the connections
	o.host.yield = !o.through
	host, err := startHost(log, o.host, found)
	if err != nil {
		return err
	}
	defer stopHost(host)
	mode, options, err := o.findMode(ctx, host)
	if err != nil {
		return err
	}
	opening := core.Opening{Client: o.clientEnd(), Server: to.ServerEnd(), Watch: !o.through}
	if err := session.CheckFaults(faults, opening, mode.Messages); err != nil {
		return fmt.Errorf("--fault: %w", err)
	}
	listener, err := o.open()
	if err != nil {
		return err
	}
	defer listener.Close()

	front, err := o.front.open(listener.Addr(), to, keyLog, log)
	if err != nil {
		return err
	}
	dialer := &target.Dialer{Policy: target.Policy{}.Own(loopbacks(listener.Addr())...), Local: opener(o.allowExec), TLSConfig: &tls.Config{KeyLogWriter: keyLog}}
	accepting := new(target.Dialer)
	if o.through { // the session waits for nobody for ever
		dialer.Below, accepting.Below = patiently, patiently
	}
	dial := func(ctx context.Context, s target.Security) (*target.Conn, error) {
		conn, err := dialer.Dial(ctx, to, s)
		if err != nil {
			return nil, o.tls.Explain(err)
		}
		return conn, nil
	}
	if front != nil {
		front.Dial = asClientsDo(dial, to, security)
		front.Later = o.through && mode.Knows(core.ClientTLS)
	}
	t := &tap.Tap{
		Mode: mode, Options: options, Target: to.String(), Server: to.ServerEnd(), Through: o.through, Faults: faults,
		Plugin:           func() (session.Plugin, error) { return leased(host.Lease(mode.Name)) },
		DialTellsNothing: !to.DialTells(),
		Dial: func(ctx context.Context) (session.Server, error) {
			conn, err := dial(ctx, security)
			if err != nil {
				return nil, err
			}
			return conn, nil
		},
		Front: front,
		Links: tapLinks{dialer: dialer, to: to, security: security, anywhere: o.elsewhere},
		Accepted: func(c net.Conn) tap.Conn {
			if source, ok := c.(*tap.Source); ok {
				return source
			}
			return accepting.Over(c.(*net.TCPConn), "")
		},
		KeepPoison: poisonKept(mode.Name, log),
		Log:        log,
	}
	for _, c := range security.Choices() {
		t.TLS = append(t.TLS, transcript.OptionValue(c))
	}
	if !o.noRecord {
		recordings := openRecordings(serveOptions{folder: o.folder, recordMost: o.most}, serveHooks{}, log)
		defer recordings.close()
		t.Recordings = recordings.recordings
	}
	if o.golden != "" && t.Recordings == nil {
		return errors.New("--golden: sessions cannot be recorded")
	}

	how := "which watches"
	if o.through {
		how = "in the path"
	}
	if front != nil && front.Later {
		how += "; it decides when the clients' TLS begins"
	}
	if faults != nil {
		how += ", with " + faults.String()
	}
	fmt.Fprintf(stdout, "Tap: %s to %s, line mode %s, %s\nPress Ctrl-C to stop.\n", shownAddress(listener), core.Printable(to.String()), mode.Name, how)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first sync.Once
	var failed error
	t.Ended = func(s tap.Session) {
		fmt.Fprintf(stdout, "%s from %s: %s%s\n", s.ID, s.Client, core.Printable(strings.ReplaceAll(s.End.Words, "\n", ". ")), named(s.Transcript))
		first.Do(func() {
			if o.golden != "" {
				failed = keepGolden(t.Recordings, s, o.golden)
			}
			if o.once {
				cancel()
			}
		})
	}
	if o.once {
		listener = &onceListener{Listener: listener, closed: ctx.Done()}
	}
	if err := t.Serve(ctx, listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("no more connections can be taken: %w", err)
	}
	return failed
}

func named(transcript string) string {
	if transcript == "" {
		return ""
	}
	return "; transcript " + transcript
}

// findMode returns the mode, and its options as the flags have them.
func (o *tapOptions) findMode(ctx context.Context, host *pluginhost.Host) (m core.Manifest, options core.Options, err error) {
	if m, err = host.Manifest(ctx, o.mode); err != nil {
		return m, nil, err
	}
	if err := tap.CheckFor(m, o.clientEnd()); err != nil {
		return m, nil, fmt.Errorf("%w; try --mode raw", err)
	}
	values := map[string]string{}
	for _, s := range o.options {
		name, value, ok := strings.Cut(s, "=")
		if _, twice := values[name]; !ok || twice {
			return m, nil, fmt.Errorf("--option is %q; it must be NAME=VALUE, each name once, as in: --option eol=lf", core.CutWords(s, core.MaxName))
		}
		values[name] = value
	}
	options, err = m.ParseOptions(values)
	return m, options, err
}

// keepGolden writes a recording as a golden.
func keepGolden(all *store.Recordings, s tap.Session, path string) error {
	if s.Transcript == "" {
		return fmt.Errorf("--golden: the first connection was not recorded: %s", s.End.Words)
	}
	text, err := all.Open(s.Transcript)
	if err != nil {
		return fmt.Errorf("--golden: %w", err)
	}
	defer text.Close()
	t, err := store.Parse(s.Transcript, text, golden.MaxFile)
	if err != nil {
		return fmt.Errorf("--golden: %w", err)
	}
	store.Golden(t)
	err = plainfile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(t.Append(nil))
		return err
	})
	if err != nil {
		return fmt.Errorf("--golden: %w", err)
	}
	return nil
}

// poisonKept keeps a transcript of an event that ends its plugin's process, and says
// where.
func poisonKept(mode string, log *slog.Logger) func(*transcript.Transcript, bool) string {
	return func(t *transcript.Transcript, withheld bool) string {
		t.Mode = mode
		path, err := keepPoison(t)
		if err != nil {
			log.Error("an event ends the plugin's process; it could not be kept", "reason", err)
			return "an event ends the plugin's process again and again; it could not be kept"
		}
		if withheld {
			return "an event ends the plugin's process again and again; what was said is withheld, since a secret was marked: " + path
		}
		return "an event ends the plugin's process again and again; to see it: workbench replay " + path
	}
}

// onceListener accepts one connection, and then waits.
type onceListener struct {
	net.Listener
	closed <-chan struct{}
	used   bool
}

// Accept is called by one goroutine.
func (l *onceListener) Accept() (net.Conn, error) {
	if l.used {
		l.Listener.Close() // nobody else is to connect
		<-l.closed
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	l.used = err == nil
	return conn, err
}
