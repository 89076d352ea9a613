package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/local"
	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/metrics"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/web"
)

// Where the page and the practice server are, unless a flag says otherwise.
const (
	pageAddress = "127.0.0.1:8000"
	echoAddress = "127.0.0.1:4000"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen     string   // "": pageAddress, or a free port; see parsePlace
	echoListen string   // "": echoAddress, or a free port; "off": none
	practice   bool     // run the other practice servers, too
	hosts      []string // names and ports by which browsers come, beside the listener's
	open       bool
	verbose    bool
	logFormat  string // text or json
	audit      string // file of the audit log; "": none
	noRecord   bool
	recordMost int64         // MiB of each session's recording
	keep       time.Duration // of sessions without a watcher
	drain      time.Duration // over which sessions end when the workbench stops
	pprof      bool
	folder     string // of transcripts; "": the user's
	// credentials are files of certificates that TLS can be spoken with.
	credentials []string
	keyLog      string   // file for the secrets of TLS with targets; "": none
	allowExec   bool     // programs may be targets
	policy      []string // what may be dialled: rules, and a preset
	proxy       string   // what is dialled through; "": nothing
	lessons     string   // folder of lessons; "": those that the workbench comes with
	auth        string   // who may use it: authToken or authNone
	users       string   // file of the users beside the account; "": the account's
	progress    string   // folder of what users have reached in lessons; "": the account's
	exposed     bool     // have the bounds of a workbench that others can reach, wherever it listens

	front  frontFlags // how others reach it
	oidc   oidcFlags  // where they sign in
	host   hostFlags
	bounds boundFlags
}

// serveHooks are what a command adds to serve.
type serveHooks struct {
	// start starts the plugin processes, in place of all that are found.
	start func(log *slog.Logger) (*pluginhost.Host, error)
	// extend changes what the gateway is made of.
	extend func(host *pluginhost.Host, c *gateway.Config)
	// tell prints what else people should know at the start; reached says whether other
	// machines can reach the workbench.
	tell func(w io.Writer, reached bool)
	// run runs beside the gateway, until ctx ends.
	run func(ctx context.Context, host *pluginhost.Host)
}

func newServeCommand() *cobra.Command {
	o := serveOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the page (also the default without a command)",
		Example: "  workbench serve\n" +
			"  workbench serve --listen 127.0.0.1:9000 --open\n" +
			"  workbench serve --practice                 with servers to practise on: HTTP, mail, Redis, DNS, toys\n" +
			"  workbench serve --echo-listen off          no practice echo server\n" +
			"  workbench serve --keep 1h                  sessions go on for an hour while no window shows them\n" +
			"  workbench serve --policy public            dial only what is on the Internet\n" +
			"  workbench serve --lessons course           the lessons of the folder course on the page\n" +
			"  workbench serve --host localhost:9000      reached by ssh -L 9000:127.0.0.1:8000\n" +
			"  workbench serve --listen :8443 --tls auto  other machines get in with a token\n" +
			"  workbench serve --listen unix:/run/user/1000/workbench",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, serveHooks{}, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.add(cmd.Flags())
	return cmd
}

// add adds the flags.
func (o *serveOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "", "`ADDRESS` of the page: HOST:PORT, where port 0 picks a free one; unix:PATH, a Unix socket; or systemd, the socket that systemd passes (default "+pageAddress+", or a free port where that is taken)")
	o.front.add(flags)
	flags.StringVar(&o.echoListen, "echo-listen", "", "`ADDRESS` of the practice echo server, or off (default "+echoAddress+", or a free port where that is taken)")
	flags.BoolVar(&o.practice, "practice", false, "also run the servers of workbench practice, which the page lists")
	flags.StringArrayVar(&o.hosts, "host", nil, "also answer browsers that come by `NAME:PORT`, as through ssh -L 9000:127.0.0.1:8000 by localhost:9000; may be given more than once")
	flags.BoolVar(&o.open, "open", false, "open the page in a browser")
	flags.BoolVar(&o.noRecord, "no-record", false, "record no session")
	flags.Int64Var(&o.recordMost, "max-recording", defaultRecording, "record at most `MIB` MiB of text of each session, in parts of 16 MiB; from 1 to 512")
	flags.DurationVar(&o.keep, "keep", defaultKeep, "keep a session that was opened on the page for `TIME` while no window shows it; 0 ends it with its window, at most 24h")
	flags.DurationVar(&o.drain, "drain", defaultDrain, "end the sessions one after the other over `TIME` when the workbench is told to stop; at most 15s")
	flags.StringVar(&o.folder, "transcripts", "", "keep recordings in folder `DIR` (default: the user's state directory)")
	flags.BoolVar(&o.pprof, "pprof", false, "serve Go's profiles of this process below /debug/pprof/, for go tool pprof")
	flags.StringArrayVar(&o.credentials, "tls-credential", nil, "have certificates to verify servers by, or a client certificate and its key, of `FILE` (PEM) ready for TLS; may be given more than once")
	tlsflags.AddKeyLog(flags, &o.keyLog)
	addPolicy(flags, &o.policy)
	addProxy(flags, &o.proxy)
	addAllowExec(flags, &o.allowExec)
	flags.StringVar(&o.lessons, "lessons", "", "offer the lessons of folder `DIR`, in place of those that the workbench comes with")
	flags.StringVar(&o.auth, "auth", authToken, "who may use the workbench: `MODE` token lets in programs of this account, browsers with a link, and others with a token (see workbench token); none lets in whoever reaches the page")
	flags.StringVar(&o.users, "users", "", "`FILE` of the users beside this account (default: users in the user's state directory; see workbench user)")
	o.oidc.add(flags)
	o.host.add(flags)
	o.bounds.add(flags)
	flags.StringVar(&o.audit, "audit", "", "append a record (JSON) of each dial, each end of a session and each request for what is kept to `FILE`")
	flags.StringVar(&o.logFormat, "log-format", "text", "write the log as `FORMAT` text or json")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
}

// parseHosts reads what --host names.
func parseHosts(named []string) (hosts []gateway.Host, err error) {
	for _, s := range named {
		h, err := gateway.ParseHost(s)
		if err != nil {
			return nil, fmt.Errorf("--host %w", err)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// defaultKeep is how long a session goes on that nobody watches, maxKeep the most
// that can be asked for.
const (
	defaultKeep = 10 * time.Minute
	maxKeep     = 24 * time.Hour
)

// Bounds of an ordered stop.
const (
	defaultDrain = 5 * time.Second
	maxDrain     = 15 * time.Second
	hardStop     = 20 * time.Second // of all sessions
	stopLimit    = 5 * time.Second  // of the plugin processes, and of what is still to be recorded
)

// serve runs the workbench until ctx ends.
func serve(ctx context.Context, o serveOptions, with serveHooks, stdout, stderr io.Writer) error {
	log, err := o.newLog(stderr)
	if err != nil {
		return err
	}
	front, err := newFront(o, log)
	if err != nil {
		return err
	}
	if o.keep < 0 || o.keep > maxKeep {
		return fmt.Errorf("--keep is %v; it must be from 0 to %v, as in: --keep 1h", o.keep, maxKeep)
	}
	if o.recordMost < 1 || o.recordMost > maxRecording {
		return fmt.Errorf("--max-recording is %d; it must be from 1 to %d MiB, as in: --max-recording %d", o.recordMost, maxRecording, defaultRecording)
	}
	if o.drain < 0 || o.drain > maxDrain {
		return fmt.Errorf("--drain is %v; it must be from 0s to %v", o.drain, maxDrain)
	}
	bounds, err := o.bounds.read(front.reached() || o.exposed, log)
	if err != nil {
		return err
	}
	words, _ := front.targets()
	policy, err := readPolicy(words)
	if err != nil {
		return err
	}
	proxy, err := readProxy(o.proxy, policy)
	if err != nil {
		return err
	}
	signIn, err := o.oidc.read(o.auth)
	if err != nil {
		return err
	}
	door, err := openDoor(o.auth, o.users, log)
	if err != nil {
		return err
	}
	if front.certificate {
		door.origin = "" // the certificate has the names at which the page is
	}
	credentials, err := tlsflags.Credentials(o.credentials)
	if err != nil {
		return err
	}
	keyLog, closeKeyLog, warning, err := tlsflags.OpenKeyLog(o.keyLog)
	if err != nil {
		return err
	}
	defer closeKeyLog()
	if warning != "" {
		log.Warn(warning, "file", o.keyLog)
	}
	lessons, err := openLessons(o.lessons, log)
	if err != nil {
		return err
	}
	audit, closeAudit, err := openAudit(o.audit, log)
	if err != nil {
		return err
	}
	defer closeAudit()
	if err := front.listenNow(log); err != nil {
		return err
	}
	listener := front.listener
	defer listener.Close()
	encryption, err := front.encryption(door.origin, log)
	if err != nil {
		return err
	}
	echoListener, err := listenEcho(o.echoListen, log)
	if err != nil {
		return err
	}
	if echoListener != nil {
		defer echoListener.Close()
	}
	if with.start == nil {
		with.start = func(log *slog.Logger) (*pluginhost.Host, error) {
			found, _ := findPlugins(o.host.pluginDirs, log)
			return startHost(log, o.host, found)
		}
	}
	host, err := startSandboxed(log, with.start)
	if err != nil {
		return err
	}
	defer stopHost(host)
	var running sync.WaitGroup
	defer running.Wait()
	echoCtx, stopEcho := context.WithCancel(context.Background())
	defer stopEcho()
	echo := startEcho(echoCtx, echoListener, log, &running)

	var practices []practising
	practiceRoom := room.New()
	if o.practice {
		if practices, err = servePractices(echoCtx, practiceRoom, log, &running); err != nil {
			stopEcho()
			return err
		}
	}

	transcripts := openRecordings(o, log)
	defer transcripts.close()

	policy = front.refusesItself(policy)
	if echoListener != nil {
		policy = policy.Practice(loopbacks(echoListener.Addr())...)
	}
	for _, p := range practices {
		policy = policy.Practice(loopbacks(p.at)...)
	}
	dialer := &target.Dialer{Policy: policy, Below: patiently, Proxy: proxy, Local: opener(o.allowExec), TLSConfig: &tls.Config{KeyLogWriter: keyLog}}
	listeners := new(local.Listeners)
	defer listeners.Close()
	unhurried := *dialer
	unhurried.Below = nil
	m := metrics.New(host, transcripts.recordings)
	config := gateway.Config{
		Modes:      func() []gateway.Mode { return modes(host) },
		Sandbox:    func() gateway.Sandbox { return sandboxOf(host) },
		Manifest:   host.Manifest,
		Plugin:     func(mode string) (session.Plugin, error) { return leased(host.Lease(mode)) },
		Dial:       dialWith(dialer),
		Await:      awaitWith(dialer, listeners),
		DialAsker:  dialAsker(dialer),
		Unresolved: dialer.ProxyResolves,
		Listen:     loopback.Listen,
		Keep:       o.keep,
		Observe:    m.Observe,
		KeepPoison: keepPoison,
		Metrics:    m.Handler(),
		Page:       web.Files(),
		Practice:   echo,
		Practices:  listed(practices),
		Practise:   practiseWithin(echoCtx, practiceRoom, dialer, &running),
		Lessons:    lessons,
		Progress:   openProgress(o.progress, "", log),
		Hosts:      door.hosts(front.hosts),
		TLS:        encryption,
		Proxies:    front.proxies,
		Access:     door.gate,
		Login:      door.letIn(signIn),
		Origin:     door.origin,
		Addresses:  door.pages(front.urls()),
		Of:         transcripts.of,
		Bounds:     bounds,
		Audit:      audit,
		Log:        log,

		DialWatched: dialWith(&unhurried),
		Credentials: credentials,
		Transcripts: transcripts.Transcripts,
		Recordings:  transcripts.Recordings,
	}
	if o.pprof {
		config.Profiles = metrics.Profiles()
	}
	if with.extend != nil {
		with.extend(host, &config)
	}
	g := gateway.New(config)
	served := make(chan error, 1)
	go func() { served <- g.Serve(listener) }()

	front.tell(stdout)
	link := door.link(front.urls()[0])
	if link != "" {
		fmt.Fprintln(stdout, "Open the page:", printable(link))
	}
	if back := door.callback(front.urls()[0]); signIn != nil && back != "" {
		fmt.Fprintf(stdout, "Users sign in at %s, which must lead them back to %s\n", signIn.Issuer, back)
	}
	if echo != "" {
		fmt.Fprintf(stdout, "Practice echo server: %s\n", echo)
	}
	for _, p := range practices {
		fmt.Fprintf(stdout, "Practice server: %s %s\n", p.Target, p.Name)
	}
	if with.tell != nil {
		with.tell(stdout, front.reached())
	}
	fmt.Fprintln(stdout, "Press Ctrl-C to stop.")
	if o.open {
		closed := openBrowser(cmp.Or(link, front.urls()[0]), log)
		defer closed()
	}
	if with.run != nil {
		running.Go(func() { with.run(ctx, host) })
	}
	select {
	case err := <-served:
		return fmt.Errorf("the page cannot be served any more: %w", err)
	case <-ctx.Done():
	}
	stop(g, o.drain, log)
	return nil
}

// stop lets the sessions end one after the other, ends those that are left and the
// server, and cuts off what has not ended within hardStop.
func stop(g *gateway.Gateway, drain time.Duration, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), hardStop)
	defer cancel()
	g.Drain(ctx, drain)
	if g.Stop(ctx) != nil {
		log.Warn("some sessions did not end in time and were cut off", "after", hardStop)
	}
}

// modes shows the host's modes to the gateway.
func modes(host *pluginhost.Host) []gateway.Mode {
	var all []gateway.Mode
	for _, s := range host.Status() {
		m := gateway.Mode{
			Manifest: s.Manifest, State: string(s.State), Code: s.Code.String(), PID: s.PID, Spare: s.Spare, Uptime: s.Uptime,
			Sessions: s.Sessions, Restarts: s.Restarts, Error: s.LastError, ErrorCode: s.ErrorCode.String(),
		}
		if o := s.Overload; o != nil {
			m.Overload = &gateway.Overload{Waiting: o.Waiting, Longest: o.Longest.Seconds()}
		}
		all = append(all, m)
	}
	return all
}

// keepPoison keeps a transcript that ends its plugin's process in the user's
// state directory, and returns its path.
func keepPoison(t *transcript.Transcript) (string, error) {
	state, err := catalog.StateDir()
	if err != nil {
		return "", err
	}
	return store.KeepPoison(filepath.Join(state, "poison"), t)
}
