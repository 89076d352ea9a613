package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"slices"

	"github.com/spf13/cobra"

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
again, replays the plugin's goldens, shows what is answered otherwise, and puts
the new build into the sessions that are open: their connections stay.

A session whose past the new build answers otherwise stays on the old one; dev
says at which event. Type m and Enter, or use the button on the page, to move
such sessions anyway. A build that fails, or does not start, is told with the
reason and changes nothing; the page is served once the first one works.`,
		Example: `  workbench plugin dev ./shout
  workbench plugin dev shout.star --open
  workbench plugin dev . --listen 127.0.0.1:0 --echo-listen 127.0.0.1:0   on free ports`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("which plugin? Name its folder, as in: workbench plugin dev ./shout")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return develop(cmd.Context(), o, args[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.add(cmd.Flags())
	return cmd
}

func develop(ctx context.Context, o serveOptions, source string, stdin io.Reader, stdout, stderr io.Writer) error {
	log := newLog(stderr, o.verbose)
	var loop *devloop.Loop
	build := func(p catalog.Plugin) (pluginhost.Mode, error) {
		m, err := modeOf(p, o.host.calls)
		m.Log = slog.New(&hearing{log.Handler(), slog.LevelWarn, loop})
		m.Output = slog.New(&hearing{log.Handler(), everything, loop})
		return m, err
	}
	loop, err := devloop.New(devloop.Config{Source: source, ModeOf: build})
	if err != nil {
		return err
	}
	defer loop.Close()
	mode := loop.Mode()
	if _, taken := manifest(mode); taken {
		return errors.New(mode + " is the name of a built-in line mode; give the plugin another one, in its manifest and its file's name")
	}
	terminal := &devTerminal{out: stdout, progress: stderr, serves: make(chan struct{})}
	shown := make(chan struct{})
	showing, stop := context.WithCancel(ctx)
	go func() {
		defer close(shown)
		terminal.show(showing, loop)
	}()
	defer func() {
		stop()
		<-shown
	}()
	return serve(ctx, o, addition{
		start: func(log *slog.Logger) (*pluginhost.Host, error) {
			return startDev(ctx, log, o.host, loop, terminal.serves)
		},
		extend: func(host *pluginhost.Host, c *gateway.Config) {
			c.DevMode, c.Dev = mode, &devAPI{loop: loop}
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
			go readOrders(stdin, loop)
			loop.Run(ctx)
		},
	}, stdout, stderr)
}

// startDev starts the host, with the plugin that is in development as soon as it
// works and the terminal has told so. Nobody else gets its name.
func startDev(ctx context.Context, log *slog.Logger, f hostFlags, loop *devloop.Loop, told <-chan struct{}) (*pluginhost.Host, error) {
	found, problems := findPlugins(f.pluginDirs)
	for _, problem := range problems {
		log.Warn(problem.Error())
	}
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
	case <-told:
	case <-ctx.Done():
	}
	return host, nil
}

// hearing is a log's handler that also gives the loop what is of a level or
// above.
type hearing struct {
	slog.Handler
	from slog.Level
	loop *devloop.Loop
}

// everything is below all levels.
const everything = slog.Level(math.MinInt)

// Enabled takes what the loop wants, and what the log does.
func (h *hearing) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.from || h.Handler.Enabled(ctx, level)
}

// Handle gives the record to the loop if it wants it, else to the log.
func (h *hearing) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < h.from {
		return h.Handler.Handle(ctx, r)
	}
	h.loop.Heard(lineOf(r))
	return nil
}

// WithAttrs passes on.
func (h *hearing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hearing{h.Handler.WithAttrs(attrs), h.from, h.loop}
}

// WithGroup passes on.
func (h *hearing) WithGroup(name string) slog.Handler {
	return &hearing{h.Handler.WithGroup(name), h.from, h.loop}
}

// lineOf writes a record of the log as one line for people.
func lineOf(r slog.Record) string {
	line := r.Message
	if r.Level >= slog.LevelWarn {
		line = r.Level.String() + " " + line
	}
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	return line
}
