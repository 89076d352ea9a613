package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/wire"
	"github.com/protocol-workbench/workbench/plugins"
	echoquit "github.com/protocol-workbench/workbench/plugins/echo-quit"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
	"github.com/protocol-workbench/workbench/plugins/raw"
)

// builtin lists the line modes that are in this binary; the first is the one
// that a client gets that names none.
var builtin = []core.Discipline{
	httpline.Discipline(),
	raw.Discipline(),
	echoquit.Discipline(),
}

// pluginCommand is the hidden command by which this binary is started again
// as the plugin of one mode.
const pluginCommand = "plugin-serve"

// servePlugin runs a built-in mode's plugin, if that is what this process was
// started for. It comes before flags are parsed, here and in tests, where the
// test binary is the plugin.
func servePlugin(args []string) bool {
	if len(args) != 3 || args[1] != pluginCommand {
		return false
	}
	for _, d := range builtin {
		if d.Manifest.Name == args[2] {
			plugins.Serve(d)
			return true
		}
	}
	os.Stderr.WriteString("there is no built-in mode " + args[2] + "\n")
	os.Exit(1)
	return true
}

// startHost starts the plugin processes of the built-in modes.
func startHost(log *slog.Logger, held sandbox.Mode, timeout time.Duration) (*pluginhost.Host, error) {
	self, err := pluginhost.Self()
	if err != nil {
		return nil, err
	}
	box, err := sandboxConfig(held)
	if err != nil {
		return nil, err
	}
	var modes []pluginhost.Mode
	for _, d := range builtin {
		modes = append(modes, pluginhost.Mode{Manifest: d.Manifest, Path: self, Args: []string{pluginCommand, d.Manifest.Name}})
	}
	return pluginhost.Start(pluginhost.Config{Modes: modes, Log: log, Sandbox: box, Timeout: timeout})
}

// manifest returns a built-in mode's manifest.
func manifest(mode string) (core.Manifest, bool) {
	for _, d := range builtin {
		if d.Manifest.Name == mode {
			return d.Manifest, true
		}
	}
	return core.Manifest{}, false
}

// openForReplay makes the built-in modes ready for replay.
func openForReplay(_ context.Context, inProcess bool) (replay.Opener, func(mode string) (core.Manifest, bool), func(), error) {
	if inProcess {
		open := func(_ context.Context, mode string) (*wire.Conn, error) {
			for _, d := range builtin {
				if d.Manifest.Name == mode {
					return wire.Pipe(d, slog.New(slog.DiscardHandler)), nil
				}
			}
			return nil, fmt.Errorf("there is no mode %q", mode)
		}
		return open, manifest, func() {}, nil
	}
	host, err := startHost(newLog(os.Stderr, false), sandbox.BestEffort, pluginhost.DefaultTimeout)
	if err != nil {
		return nil, nil, nil, err
	}
	return host.Open, manifest, func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		host.Stop(ctx)
	}, nil
}
