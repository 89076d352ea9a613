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

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/local"
	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/metrics"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/shared"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/web"
)

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
	// shared is the log that other workbenches share, in place of that of the flags.
	shared *shared.Log
	// over reports that what was recorded is to be deleted from it; nil: it is kept.
	over func() bool
}

func newServeCommand() *cobra.Command {
	o := serveOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the page (also the default without a command)",
		Example: "  workbench serve\n" +
			"  workbench serve --listen 127.0.0.1:9000 --open\n" +
			"  workbench serve --practice                 with servers to practise on: HTTP, mail, FTP, Redis, DNS, MQTT, toys\n" +
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

// Bounds of an ordered stop.
const (
	hardStop  = 20 * time.Second // of all sessions
	stopLimit = 5 * time.Second  // of the plugin processes, and of what is still to be recorded
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
	if err := o.check(); err != nil {
		return err
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
	transcriptsPath, err := (&recordings{o.folder}).path()
	if err != nil {
		return err
	}
	if with.shared == nil {
		if with.shared, err = o.shared.open(transcriptsPath, log); err != nil {
			return err
		}
	}
	if with.shared != nil {
		defer letGo(with.shared)
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
	if front.isOddLoopback() && len(front.hosts) == 0 {
		door.origin = "" // no browser finds it by that name, unless a tunnel leads here
	}
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
	practiceRoom, practiceCertificate, err := newRoom()
	if err != nil {
		return err
	}
	if o.practice {
		if practices, err = servePractices(echoCtx, practiceRoom, log, &running); err != nil {
			stopEcho()
			return err
		}
	}

	transcripts := openRecordings(o, with, log)
	defer transcripts.close()

	policy = front.refusesItself(policy)
	if echoListener != nil {
		policy = policy.Practice(loopbacks(echoListener.Addr())...)
	}
	for _, p := range practices {
		policy = p.allow(policy)
	}
	dialer := &target.Dialer{Policy: policy, Below: patiently, Proxy: proxy, Local: opener(o.allowExec), TLSConfig: &tls.Config{KeyLogWriter: keyLog}}
	listeners := new(local.Listeners)
	defer listeners.Close()
	unhurried := *dialer
	unhurried.Below = nil
	m := metrics.New(host, transcripts.recordings, transcripts.shared)
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
		Docs:       &liveDocs{modes: func() []core.Manifest { return manifests(host) }},
		Practice:   echo,
		Practices:  listed(practices),
		Practise:   practiseWithin(echoCtx, practiceRoom, practiceCertificate, dialer, &running),
		Lessons:    lessons,
		Progress:   openProgress(o.progress, "", nil, log),
		Hosts:      door.hosts(front.hosts),
		TLS:        encryption,
		Proxies:    front.proxies,
		Access:     door.gate,
		Login:      door.letIn(signIn),
		Origin:     door.origin,
		Addresses:  door.pages(front.urls()),
		Of:         transcripts.of,
		Agents:     o.agents,
		Bounds:     bounds,
		Audit:      audit,
		Log:        log,

		DialWatched: dialWith(&unhurried),
		Credentials: credentials,
		Transcripts: transcripts.Transcripts,
		Recordings:  transcripts.Recordings,
	}
	if with.shared != nil {
		config.Name, config.Peers = with.shared.Gateway(), with.shared
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

// manifests returns those of the host's modes.
func manifests(host *pluginhost.Host) (all []core.Manifest) {
	for _, s := range host.Status() {
		all = append(all, s.Manifest)
	}
	return all
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
