// Command echo runs the practice echo server: it sends back what it gets, and
// closes a connection when a line starts with quit.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/practice"
)

const defaultAddress = "127.0.0.1:4000"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run is the command without the process around it. It returns when ctx is
// done, or with an error for the user.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var named string
	cmd := &cobra.Command{
		Use:   "echo [PORT]",
		Short: "Run the practice echo server",
		Long: `The practice echo server sends back what it gets. It closes a connection when
a line, or what arrives at once, starts with quit.

It listens on this machine only, on both 127.0.0.1 and [::1]: it asks nobody
who they are.`,
		Example: `  echo                        listen on ` + defaultAddress + `, or a free port where that is taken
  echo 4001                   listen on 127.0.0.1:4001
  echo 0                      listen on a free port, and print which
  echo --listen '[::1]:4000'  listen on a full address`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("there can be one port, not %d: write it as in: echo 4000", len(args))
			}
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			address := named
			if len(args) == 1 {
				if cmd.Flags().Changed("listen") {
					return errors.New("a port and --listen exclude each other: give one of them")
				}
				address = "127.0.0.1:" + args[0]
			}
			return serve(cmd.Context(), address, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&named, "listen", "", "listen on `ADDR`, a loopback host:port (default "+defaultAddress+", or a free port where that is taken)")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cmd.ExecuteContext(ctx)
}

func serve(ctx context.Context, address string, stdout, stderr io.Writer) error {
	l, taken, err := loopback.Open(address, defaultAddress)
	var why *loopback.Error
	switch {
	case errors.As(err, &why):
		return explain(why)
	case err != nil:
		return err
	case taken != nil:
		fmt.Fprintf(stderr, "echo: another program listens on %s, so the practice server takes a free port\n", taken.Addr)
	}
	fmt.Fprintf(stdout, "practice echo server on %s (quit at the start of a line closes, Ctrl-C ends the server)\n", l.Addr())
	log := slog.New(slog.NewTextHandler(stderr, nil))
	return (&practice.Echo{Log: log}).Serve(ctx, l)
}

// explain puts into words why listening failed.
func explain(why *loopback.Error) error {
	port := why.Addr.Port()
	switch why.Reason {
	case loopback.NoAddress:
		return fmt.Errorf("cannot listen on %q: write an address as in --listen %s", why.Address, defaultAddress)
	case loopback.NoPort:
		_, port, _ := net.SplitHostPort(why.Address)
		return fmt.Errorf("cannot listen on port %q: a port is a number from 1 to 65535, or 0 for a free one, as in: echo 4000", port)
	case loopback.NoHost:
		return fmt.Errorf("cannot listen on %q: the host must be localhost, 127.0.0.1 or [::1]", why.Address)
	case loopback.NotLoopback:
		return fmt.Errorf("will not listen on %q: others could reach it, and the practice server asks nobody who they are; use 127.0.0.1:%d", why.Address, port)
	case loopback.Taken:
		return fmt.Errorf("port %d is taken: another program listens on %s, perhaps the workbench with its own practice server; end that one, or choose another port, as in: echo %d", port, why.Addr, next(port))
	case loopback.Forbidden:
		return fmt.Errorf("this user may not listen on port %d: choose one from 1024 on, as in: echo 4000", port)
	case loopback.Missing:
		return fmt.Errorf("this machine has no address %s: use 127.0.0.1:%d", why.Addr.Addr(), port)
	}
	return why
}

// next suggests a port near p.
func next(p uint16) uint16 {
	if p == 65535 {
		return 4001
	}
	return p + 1
}
