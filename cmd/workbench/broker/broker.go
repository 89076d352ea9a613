//go:build broker

package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// Commands returns the command that serves a shared log.
func Commands() []*cobra.Command {
	var listen, folder, config string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Serve the log that workbenches share (a NATS server)",
		Long: "broker serves a shared log for workbench serve --store, where there is no NATS server.\n" +
			"It listens on this machine alone. For other machines, or several servers, name a\n" +
			"configuration of NATS, which says who may come in and with which certificate.",
		Example: "  workbench broker\n" +
			"  workbench serve --store nats://127.0.0.1:4222        in another terminal\n" +
			"  workbench broker --nats-config nats.conf             see docs.nats.io",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := options(listen, folder, config)
			if err != nil {
				return err
			}
			o.NoLog = !verbose
			return serve(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:4222", "`ADDRESS` of this machine alone")
	cmd.Flags().StringVar(&folder, "folder", "", "keep the log in `DIR` (default: broker in the user's state directory)")
	cmd.Flags().StringVar(&config, "nats-config", "", "do as `FILE` says, a configuration of NATS, in place of both")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what the server does")
	return []*cobra.Command{cmd}
}

// options returns what the server is told.
func options(listen, folder, config string) (*server.Options, error) {
	if config != "" {
		o, err := server.ProcessConfigFile(config)
		if err != nil {
			return nil, fmt.Errorf("--nats-config: %w", err)
		}
		if !o.JetStream {
			return nil, errors.New("--nats-config: it has no jetstream { }, which keeps what is shared")
		}
		return o, nil
	}
	address, err := netip.ParseAddrPort(listen)
	if err != nil || !address.Addr().IsLoopback() {
		return nil, fmt.Errorf("--listen %q is no address of this machine alone, as 127.0.0.1:4222 is; others come in by a --nats-config that says who may", listen)
	}
	if folder == "" {
		state, err := catalog.StateDir()
		if err != nil {
			return nil, err
		}
		folder = filepath.Join(state, "broker")
	}
	return &server.Options{
		ServerName: "workbench-broker", Host: address.Addr().String(), Port: int(address.Port()),
		JetStream: true, StoreDir: folder, MaxPayload: 1 << 20,
	}, nil
}

// serve serves until ctx is done.
func serve(ctx context.Context, o *server.Options, stdout io.Writer) error {
	o.NoSigs = true
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(30 * time.Second) {
		return fmt.Errorf("the broker cannot be reached at %s:%d; is another program there?", o.Host, o.Port)
	}
	fmt.Fprintf(stdout, "Shared log: %s\nPress Ctrl-C to stop.\n", s.ClientURL())
	<-ctx.Done()
	return nil
}
