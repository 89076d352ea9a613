// Command workbench talks to network services by hand: a page, three line modes
// and those that people write themselves, and tools for what was recorded.
//
// This package joins the others; it knows no protocol.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/broker"
	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/lessoncmd"
	"github.com/protocol-workbench/workbench/cmd/workbench/playcmd"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/room"
)

func main() {
	if servePlugin(os.Args) {
		return // this process was a plugin
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	out, errs := screen.New(stdout), screen.New(stderr)
	defer errs.Flush()
	defer out.Flush()
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := 1
	var exit *command.Exit
	if errors.As(err, &exit) {
		code, err = exit.Code, exit.Err
	}
	if err != nil {
		fmt.Fprintln(errs, "workbench:", core.Under(err.Error()))
	}
	return code
}

// newHelpCommand is cobra's, but a command that does not exist is an error.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show what a command does",
		Example: "  workbench help transcript list",
		RunE: func(_ *cobra.Command, names []string) error {
			cmd, rest, err := root.Find(names)
			if err != nil || len(rest) > 0 && cmd.HasSubCommands() {
				return fmt.Errorf("%q is no command of workbench; see workbench --help", strings.Join(names, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

func newRoot() *cobra.Command {
	serve := newServeCommand()
	root := &cobra.Command{
		Use:   "workbench",
		Short: "Talk to network services by hand, and see every byte",
		Long: "workbench serves a page on which you name a host and a port, pick a line mode\n" +
			"and talk. It records the sessions, plays them again as the server or the client,\n" +
			"and replays them as tests; and it helps to write line modes of your own.\n\n" +
			"Without a command it serves the page: workbench is workbench serve.",
		Example: "  workbench                     serve the page on http://127.0.0.1:8000\n" +
			"  workbench --open              the same, and open it in a browser\n" +
			"  workbench modes               list the line modes\n" +
			"  workbench plugin new shout    begin a line mode of your own\n" +
			"  workbench transcript list     list what was recorded\n" +
			"  workbench replay testdata     replay all golden transcripts in a folder",
		Args:              command.NoArguments,
		RunE:              serve.RunE,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.SetFlagErrorFunc(command.FlagError)
	root.SetHelpCommand(newHelpCommand(root))
	settings.AddFlag(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return settings.Apply(cmd) }
	root.AddCommand(
		serve, settings.NewCommand(newRoot), newReplayCommand(openForReplay), newModesCommand(), newDecodeCommand(), newPluginCommand(describeProcess),
		newTranscriptCommand(), playcmd.New(readRecorded, listenPackets, newPlayModes()), lessoncmd.New(readRecorded, room.Value),
		newSandboxCommand(), newDoctorCommand(), newPolicyCommand(), newTokenCommand(), newUserCommand(), newCACommand(),
		newPracticeCommand(), newTapCommand(), newClassCommand(), newDocsCommand(), newMCPCommand(), newManCommand(), newVersionCommand(),
	)
	root.AddCommand(broker.Commands()...)
	return root
}
