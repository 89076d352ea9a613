package main

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/devloop"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/session"
)

func newPluginDevCommand() *cobra.Command {
	o := serveOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "dev [flags] DIR",
		Short: "Serve the page with a plugin that is reloaded on each save",
		Long: `dev builds the plugin in DIR (or takes the .star file or executable that DIR
names) and serves the page with its line mode picked. On each save it builds
again, replays the plugin's goldens, shows what is answered differently, and puts
the new build into the sessions that are open: their connections stay.

A session whose past the new build answers differently stays on the old one; dev
says at which event. Type m and Enter, or use the button on the page, to move
such sessions anyway. A build that fails, or does not start, is told with the
reason and changes nothing; the page is served once the first one works.`,
		Example: `  workbench plugin dev ./shout
  workbench plugin dev shout.star --open
  workbench plugin dev . --listen 127.0.0.1:0 --echo-listen 127.0.0.1:0   on free ports`,
		Args: command.Wants(1, 1, "which plugin? Name its folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return develop(cmd.Context(), o, args[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.add(cmd.Flags())
	return cmd
}

func develop(ctx context.Context, o serveOptions, source string, stdin io.Reader, stdout, stderr io.Writer) error {
	log, err := o.newLog(stderr)
	if err != nil {
		return err
	}
	build := func(p catalog.Plugin) (pluginhost.Mode, error) { return modeOf(p, o.host.calls) }
	loop, err := devloop.New(devloop.Config{Source: source, ModeOf: build, Log: log.Handler()})
	if err != nil {
		return err
	}
	defer loop.Close()
	mode := loop.Mode()
	if err := notBuiltIn(mode); err != nil {
		return err
	}
	showing, stop := context.WithCancel(ctx)
	served, shown := loop.Show(showing, stdout, stderr)
	defer func() {
		stop()
		<-shown
	}()
	return serve(ctx, o, serveHooks{
		start: func(log *slog.Logger) (*pluginhost.Host, error) {
			return startDev(ctx, log, o.host, loop, served)
		},
		extend: func(host *pluginhost.Host, c *gateway.Config) {
			c.DevMode, c.Dev = mode, loop
			c.WholeLog = devloop.WholeLog
			observe := c.Observe
			c.Observe = func(id, of string) []session.Observer {
				all := observe(id, of)
				if of == mode {
					all = append(all, loop.Observe(id))
				}
				return all
			}
		},
		run: func(ctx context.Context, _ *pluginhost.Host) {
			go loop.Orders(stdin)
			loop.Run(ctx)
		},
	}, stdout, stderr)
}

// startDev starts the host, and returns once the plugin that is in development
// works and the terminal says so. Nobody else gets its name.
func startDev(ctx context.Context, log *slog.Logger, f hostFlags, loop *devloop.Loop, served <-chan struct{}) (*pluginhost.Host, error) {
	found, _ := findPlugins(f.pluginDirs, log)
	found = slices.DeleteFunc(found, func(p catalog.Plugin) bool { return p.Name == loop.Mode() })
	host, err := startHost(log, f, found, loop.Mode())
	if err != nil {
		return nil, err
	}
	if err := loop.First(ctx, host); err != nil {
		stopHost(host)
		return nil, err
	}
	select {
	case <-served:
	case <-ctx.Done():
	}
	return host, nil
}
