package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// peekTime is how long a list of modes waits for a process under a debugger.
const peekTime = 50 * time.Millisecond

func newPluginDebugCommand() *cobra.Command {
	o := serveOptions{host: defaultHost}
	cmd := &cobra.Command{
		Use:   "debug [flags] DIR",
		Short: "Serve the page with a plugin that runs under a debugger",
		Long: `debug builds the Go plugin in DIR for a debugger, serves the page with its line
mode picked, and prints the line that starts the plugin under delve. Its process
is yours: it is not held by the sandbox, and it may stand at a breakpoint for
hours, no time-out ends anything. When you start it again, the sessions that are
open are recovered in it.

An editor's debugger does as well: have it start the program that the line
names, with the environment variable that stands in front of it.`,
		Example: `  workbench plugin debug ./shout`,
		Args:    command.Wants(1, 1, "which plugin? Name its folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return debugPlugin(cmd.Context(), o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.add(cmd.Flags())
	return cmd
}

func debugPlugin(ctx context.Context, o serveOptions, source string, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "workbench-debug-") // for the user alone, and short enough for a socket
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := catalog.Build(ctx, source, catalog.BuildOptions{Into: dir, Debug: true, Output: stderr})
	if err != nil {
		return err
	}
	if p.Kind != catalog.KindGo && p.Kind != catalog.KindProgram {
		return fmt.Errorf("%s is a %s: delve debugs Go alone. Let the plugin print to standard error, which workbench plugin dev %s shows", core.Printable(p.Source), p.Kind, catalog.Quote(source))
	}
	if err := notBuiltIn(p.Name); err != nil {
		return err
	}
	attached := &pluginhost.Attached{Name: p.Name, Socket: filepath.Join(dir, "socket")}
	fmt.Fprintf(stdout, "Start the plugin in another terminal, and let it continue:\n\n  %s=%s dlv exec %s\n\n",
		pluginproto.DebugVariable, attached.Socket, catalog.Quote(p.Path))
	return serve(ctx, o, serveHooks{
		extend: func(host *pluginhost.Host, c *gateway.Config) { addAttached(c, attached) },
	}, stdout, stderr)
}

// addAttached adds a mode whose process somebody else runs to the gateway's.
func addAttached(c *gateway.Config, a *pluginhost.Attached) {
	c.DevMode = a.Name
	modes, manifest, plugin := c.Modes, c.Manifest, c.Plugin
	c.Modes = func() []gateway.Mode {
		mode := gateway.Mode{
			Manifest: core.Manifest{Name: a.Name, Title: a.Name, Input: core.InputLine, Options: []core.Option{},
				Summary: "Runs under a debugger. Start it there, then reload this page for its options."},
			State: string(pluginhost.Starting), Code: pluginhost.CodeStarting.String(),
		}
		ctx, cancel := context.WithTimeout(context.Background(), peekTime)
		defer cancel()
		if m, err := a.Manifest(ctx); err == nil {
			mode.Manifest, mode.State, mode.Code = m, string(pluginhost.Ready), pluginhost.CodeReady.String()
		}
		return append(modes(), mode)
	}
	c.Manifest = func(ctx context.Context, mode string) (core.Manifest, error) {
		if mode == a.Name {
			return a.Manifest(ctx)
		}
		return manifest(ctx, mode)
	}
	c.Plugin = func(mode string) (session.Plugin, error) {
		if mode == a.Name {
			return &session.Fixed{Connect: func(ctx context.Context, _ bool) (*wire.Conn, error) { return a.Open(ctx) }}, nil
		}
		return plugin(mode)
	}
}
