package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/playcmd"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/play/decode"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// playModes has the line modes of recordings watch what is played.
type playModes struct{ host hostFlags }

var _ playcmd.Modes = (*playModes)(nil)

func newPlayModes() *playModes { return &playModes{host: defaultHost} }

// AddFlags implements playcmd.Modes.
func (p *playModes) AddFlags(cmd *cobra.Command) { p.host.addPlugins(cmd.Flags()) }

// Watching implements playcmd.Modes. It starts the processes of the recording's mode alone.
func (p *playModes) Watching(ctx context.Context, t *transcript.Transcript) (playcmd.Watch, func(), error) {
	log := newLog(os.Stderr, false)
	found, _ := findPlugins(p.host.pluginDirs, log)
	flags := p.host
	flags.only = t.Mode
	host, err := startHost(log, flags, found)
	if err != nil {
		return nil, nil, err
	}
	stop := func() { stopHost(host) }
	m, err := host.Manifest(ctx, t.Mode)
	if err == nil {
		err = decode.Check(m)
	}
	var options core.Options
	if err == nil {
		values := map[string]string{}
		for _, o := range t.Options {
			values[o.Name] = o.Value
		}
		options, err = m.ParseOptions(values)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("match field: %w", err)
	}
	open := func(ctx context.Context) (*wire.Conn, error) { return host.Open(ctx, t.Mode) }
	return func(ctx context.Context) (play.Decoder, func(), error) {
		d, err := decode.Open(ctx, open, m, options, t.Target)
		if err != nil {
			return nil, nil, err
		}
		return d, d.Close, nil
	}, stop, nil
}
