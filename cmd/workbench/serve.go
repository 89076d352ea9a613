package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/wire"
	"github.com/protocol-workbench/workbench/web"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen     string
	echoListen string
	open       bool
	verbose    bool

	pluginTimeout time.Duration
	sandbox       sandbox.Mode
}

func newServeCommand() *cobra.Command {
	o := serveOptions{sandbox: sandbox.BestEffort}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the page (also the default without a command)",
		Example: "  workbench serve\n" +
			"  workbench serve --listen 127.0.0.1:9000 --open\n" +
			"  workbench serve --echo-listen off          no practice echo server",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8000", "address of the page; port 0 picks a free one")
	flags.StringVar(&o.echoListen, "echo-listen", "127.0.0.1:4000", "address of the practice echo server, or off")
	flags.BoolVar(&o.open, "open", false, "open the page in a browser")
	flags.Var(&o.sandbox, "sandbox", "how plugin processes are held back: strict (all of it, or no start), best-effort or off; see workbench sandbox")
	flags.DurationVar(&o.pluginTimeout, "plugin-timeout", pluginhost.DefaultTimeout, "how long a plugin may take to answer before it is killed and its sessions recovered; at most 10s")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	return cmd
}

// stopLimit bounds an ordered stop.
const stopLimit = 5 * time.Second

// serve runs the workbench until ctx ends.
func serve(ctx context.Context, o serveOptions, stdout, stderr io.Writer) error {
	log := newLog(stderr, o.verbose)
	listener, err := listenLoopback(o.listen, "--listen")
	if err != nil {
		return err
	}
	defer listener.Close()
	host, err := startSandboxed(log, o.sandbox, o.pluginTimeout)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		host.Stop(ctx)
	}()
	var running sync.WaitGroup
	defer running.Wait()
	echoCtx, stopEcho := context.WithCancel(context.Background())
	defer stopEcho()
	echo := startEcho(echoCtx, o.echoListen, log, &running)

	m := newMetrics(host)
	g := gateway.New(gateway.Config{
		Modes: func() []gateway.Mode { return modes(host) },
		Open: func(ctx context.Context, mode string, alone bool) (*wire.Conn, error) {
			if alone {
				return host.OpenAlone(ctx, mode)
			}
			return host.Open(ctx, mode)
		},
		Dial:      dial,
		Counters:  m.counters,
		Recovered: m.recovered,
		Poisoned:  keepPoison,
		Metrics:   m.handler(),
		Page:      web.Files(),
		Practice:  echo,
		Log:       log,
	})
	server := g.Server()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	page := "http://" + listener.Addr().String()
	fmt.Fprintf(stdout, "Protocol Workbench: %s\n", page)
	if echo != "" {
		fmt.Fprintf(stdout, "Practice echo server: %s\n", echo)
	}
	fmt.Fprintln(stdout, "Press Ctrl-C to stop.")
	if o.open {
		openBrowser(page, log)
	}
	select {
	case err := <-served:
		return fmt.Errorf("the page can not be served any more: %w", err)
	case <-ctx.Done():
	}
	return stop(g, server)
}

// stop ends all sessions and the server, in stopLimit at most.
func stop(g *gateway.Gateway, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	err := g.Stop(ctx)
	server.Shutdown(ctx)
	server.Close()
	if err != nil {
		return errors.New("some sessions did not end in time and were cut off")
	}
	return nil
}

// modes shows the host's modes to the gateway.
func modes(host *pluginhost.Host) []gateway.Mode {
	var all []gateway.Mode
	for _, s := range host.Status() {
		all = append(all, gateway.Mode{
			Manifest: s.Manifest, State: string(s.State), PID: s.PID, Uptime: s.Uptime,
			Sessions: s.Sessions, Restarts: s.Restarts, Error: s.LastError,
		})
	}
	return all
}

// dialer dials every session's target.
var dialer = &target.Dialer{
	TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	Below:     func(conn net.Conn) net.Conn { return session.Patient(conn) },
}

func dial(ctx context.Context, t target.Target) (session.Server, error) {
	conn, err := dialer.Dial(ctx, t)
	if err != nil {
		return nil, err // not a nil *target.Conn in an interface
	}
	return conn, nil
}

// startEcho starts the practice server and returns its address, or "" when it
// is off or its port is taken, which is no reason not to start.
func startEcho(ctx context.Context, address string, log *slog.Logger, running *sync.WaitGroup) string {
	if address == "off" || address == "" {
		return ""
	}
	listener, err := listenLoopback(address, "--echo-listen")
	if err != nil {
		log.Warn("there is no practice echo server", "reason", err.Error())
		return ""
	}
	e := &practice.Echo{Log: log}
	running.Go(func() {
		if err := e.Serve(ctx, listener); err != nil {
			log.Error("the practice echo server stopped", "reason", err.Error())
		}
	})
	return listener.Addr().String()
}

// listenLoopback listens on an address of this machine alone: there is no
// access control, and whoever reaches the page can dial from here.
func listenLoopback(address, flag string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is no address; write it as 127.0.0.1:8000", flag, address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.IsLoopback() {
		return nil, fmt.Errorf("%s %s is refused: it can be reached from other machines, and there is no access control yet; use 127.0.0.1 or [::1]", flag, address)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program; stop it, or choose another port with %s 127.0.0.1:PORT", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port over 1023 with %s 127.0.0.1:PORT", address, flag)
	case err != nil:
		return nil, fmt.Errorf("can not listen on %s (%s): %w", address, flag, err)
	}
	return listener, nil
}

func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// openBrowser asks the system to open the page; where it can not, the address
// was printed.
func openBrowser(page string, log *slog.Logger) {
	command := []string{"xdg-open", page}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open", page}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(command[0], command[1:]...)
	if err := cmd.Start(); err != nil {
		log.Warn("the browser could not be opened; open the page by hand", "page", page, "reason", err.Error())
		return
	}
	go cmd.Wait()
}
