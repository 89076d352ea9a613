package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/plugincheck"
	"github.com/protocol-workbench/workbench/core/pluginhost"
)

// openToCheck builds and starts a plugin that is to be checked.
type openToCheck func(ctx context.Context, path string, calls extraCalls) (*plugincheck.Plugin, error)

func newPluginTestCommand(open openToCheck) *cobra.Command {
	var asJSON bool
	var o plugincheck.Options
	var calls extraCalls
	cmd := &cobra.Command{
		Use:   "test PATH",
		Short: "Hold a plugin to what every line mode promises",
		Long: `test builds a plugin if need be, starts it as the workbench does, and checks

  - each *.golden file in the folder testdata beside its source, but for those
    of another plugin in the same folder, by their mode: replayed whole, with
    the server's bytes joined, byte by byte and cut at random, with a crash after
    every event, with a checkpoint and restore after every event. All must be
    equal.
  - with generated sessions, what every line mode promises: that it is
    deterministic, never dies of its input, keeps the bounds, loses nothing at
    the end of a stream, holds a bounded amount of memory, and more. More
    processes of it are started to see that all answer alike.
  - the same with sessions made of the goldens: letters in the other case, ten
    and a hundred of a part, other numbers, one golden after another, and more.

What no golden reaches is listed: kinds of action and event, and lines of Go and
Starlark. That, and what is printed as advice, is no failure.

PATH is an executable workbench-plugin-NAME in any language, a Starlark script
NAME.star, or a folder that holds one of them or Go code, which is built first.
It is copied first, with its goldens, and the copy is tested: what you save
meanwhile does not count.

What fails is shown by the shortest session that shows it, as a transcript: -
was expected, + came. Long payloads are shown shortened, as "a" × 1048576; with
--json every byte is there.

--quick leaves out the checks that take long, and says which. --only does the
checks that it names and no others: goldens, ` + strings.Join(conformance.Checks(), ", ") + `.
--update rewrites the actions of goldens that differ, as workbench replay
--update does, and refuses what that refuses.

Exit codes:
  0  all is as promised
  1  something is not
  2  the plugin or a golden could not be tested: it does not build or start, the
     file is no transcript of this mode, or it took too long`,
		Example: `  workbench plugin test ./shout
  workbench plugin test ~/bin/workbench-plugin-shout.py
  workbench plugin test --quick ./shout                  while you write it
  workbench plugin test --only "end of stream" ./shout   one check, by its name
  workbench plugin test --update ./shout                 the new answers are right: rewrite the goldens
  workbench plugin test --json shout.star`,
		Args: command.Wants(1, 1, "name one plugin to test"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseChecks(o); err != nil {
				return err
			}
			plugin, err := open(cmd.Context(), args[0], calls)
			if err != nil {
				return err
			}
			defer plugin.Close()
			p := &plugincheck.Printer{Out: cmd.OutOrStdout(), Errors: cmd.ErrOrStderr(), JSON: asJSON,
				Progress: screen.Progress(cmd.ErrOrStderr()), SlowAfter: 10 * time.Second}
			err = plugincheck.Run(cmd.Context(), plugin, o, p)
			var late *plugincheck.GivenUp
			switch {
			case errors.As(err, &late):
				return fmt.Errorf("%w; to wait longer, give it --timeout %v", err, 4*late.After)
			case err != nil:
				return err
			case p.Counts[plugincheck.Unusable] > 0:
				return &command.Exit{Code: command.Unusable}
			case p.Counts[plugincheck.Failed] > 0:
				return &command.Exit{Code: command.Different}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each golden and each check, a line each")
	cmd.Flags().BoolVar(&o.Quick, "quick", false, "leave out the checks that take long")
	cmd.Flags().StringArrayVar(&o.Only, "only", nil, "do the check `CHECK` and no others; may be given more than once")
	cmd.Flags().BoolVar(&o.Update, "update", false, "rewrite the actions of goldens that differ; events and comments stay")
	callsFlag(cmd.Flags(), &calls)
	cmd.Flags().DurationVar(&o.Timeout, "timeout", testTimeout, "give up after `TIME`; what was not checked by then is named")
	return command.Telling(cmd)
}

// testTimeout is many times what a plugin in a slow language takes.
const testTimeout = 5 * time.Minute

// refuseChecks says which flags do not go together.
func refuseChecks(o plugincheck.Options) error {
	known := plugincheck.Checks()
	for _, name := range o.Only {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--only %s: there is no such check; there are: %s", core.Printable(name), strings.Join(known, ", "))
		}
	}
	switch {
	case o.Quick && len(o.Only) > 0:
		return errors.New("--quick and --only exclude each other: name the checks, or leave that to --quick")
	case o.Update && len(o.Only) > 0 && !slices.Contains(o.Only, plugincheck.Goldens):
		return errors.New("--update is about the goldens, which --only leaves out: add --only goldens")
	}
	return nil
}

// openPluginProcess is the openToCheck of the program.
func openPluginProcess(ctx context.Context, path string, calls extraCalls) (*plugincheck.Plugin, error) {
	return plugincheck.Open(ctx, path, plugincheck.Starter{Stop: stopHost, Start: func(p catalog.Plugin, counting bool) (*pluginhost.Host, error) {
		return startAlone(p, calls, counting)
	}})
}
