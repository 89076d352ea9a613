package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/wire"
)

// openModes makes the line modes ready, in processes of their own or in this
// one. stop ends them.
type openModes func(ctx context.Context, o replayOptions) (modes golden.Modes, stop func(), err error)

type replayOptions struct {
	mode      string
	recut     int // below 0: runs are not cut anew
	seed      uint64
	update    bool
	inProcess bool
	strict    bool
	asJSON    bool
	report    string // one of reportForms, or "": for people
	host      hostFlags
}

func newReplayCommand(open openModes) *cobra.Command {
	o := replayOptions{recut: -1, seed: 1, host: defaultHost}
	cmd := &cobra.Command{
		Use:   "replay [flags] PATH...",
		Short: "Replay transcripts and compare what the line mode answers",
		Long: `replay feeds the events of each transcript to its line mode and compares the
actions that come back. PATH is a transcript, or a folder whose *.golden files
are replayed, those in its subfolders too.

A difference is shown in lines of the transcript: - was expected, + came.

Exit codes:
  0  every transcript is the same
  1  at least one is different, or was not updated
  2  at least one could not be replayed: the file is no transcript (told as
     file:line: what was expected), or cannot be read, or its plugin not started`,
		Example: `  workbench replay testdata
  workbench replay --recut 20 testdata/http-line           also with the server's bytes cut elsewhere
  workbench replay --recut 1 --seed 7 walk.golden          repeat the cuts of seed 7
  workbench replay --update walk.golden                    the new answers are right: rewrite the actions
  workbench replay --mode http-line --in-process x.golden  through another mode, without a process`,
		Args: command.Wants(1, math.MaxInt, "replay what? Name transcripts or folders"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			switch {
			case cmd.Flags().Changed("recut") && o.recut < 0:
				return fmt.Errorf("--recut %d: it must be 0 or more", o.recut)
			case cmd.Flags().Changed("seed") && o.recut < 1:
				return errors.New("--seed is for random cuts: say how many with --recut N")
			case o.report != "" && !slices.Contains(reportForms, o.report):
				return fmt.Errorf("--report %s: it must be %s", o.report, strings.Join(reportForms, ", "))
			case o.report != "" && o.asJSON:
				return errors.New("--report and --json exclude each other: both would write to standard output")
			case o.update && o.mode != "":
				return errors.New("--update and --mode exclude each other: the file would name one mode and hold the answers of another")
			}
			return runReplay(cmd.Context(), open, o, paths, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", "", "replay through line mode `M` instead of the file's own")
	f.IntVar(&o.recut, "recut", o.recut, "replay again with the server's bytes joined, byte by byte, and cut at random `N` times (default: not)")
	f.Lookup("recut").DefValue = "0" // so that the help says the default once, in words
	f.Uint64Var(&o.seed, "seed", o.seed, "begin the random cuts with seed `S`; the next ones have S+1, S+2, ...")
	f.BoolVar(&o.update, "update", false, "rewrite the actions of transcripts that differ; events and comments stay")
	f.BoolVar(&o.inProcess, "in-process", false, "run the line modes in this process, not in their own")
	o.host.addPlugins(f)
	f.BoolVar(&o.strict, "strict", false, "refuse a file that would only be warned of: one without a newline at its end")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each file, a line each")
	f.StringVar(&o.report, "report", "", "print what CI reads: `FORM` is "+strings.Join(reportForms, ", "))
	return command.Telling(cmd)
}

// reportForms are the forms of --report.
var reportForms = []string{string(golden.JUnit), string(golden.TAP), string(golden.GitHub)}

func runReplay(ctx context.Context, open openModes, o replayOptions, paths []string, stdout, stderr io.Writer) error {
	files, err := golden.Named(paths, recordedFile)
	if err != nil {
		return err
	}
	modes, stop, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer stop()
	if o.mode != "" {
		switch _, ok, err := modes.Manifest(o.mode); {
		case err != nil:
			return fmt.Errorf("--mode %s: %w", o.mode, err)
		case !ok:
			return fmt.Errorf("--mode %s: there is no such line mode; workbench modes lists them", o.mode)
		}
	}
	r := &golden.Runner{Modes: modes, Mode: o.mode, Update: o.update, Strict: o.strict, Running: store.Running}
	if o.recut >= 0 {
		r.Cuts = replay.Plan(o.recut, o.seed)
	}
	p := &golden.Printer{Out: stdout, Errors: stderr, Form: golden.Form(o.report), Progress: screen.Progress(stderr)}
	if o.asJSON {
		p.Form = golden.JSON
	}
	r.All(ctx, files, p)
	switch {
	case ctx.Err() != nil:
		return errors.New("the replay was interrupted")
	case p.Counts[golden.Unusable] > 0:
		return &command.Exit{Code: command.Unusable}
	case p.Counts[golden.Different] > 0:
		return &command.Exit{Code: command.Different}
	}
	return nil
}

// recordedFile returns the file of a recorded transcript that is named by its
// ID, where there is no file of that name; else the file of that name.
func recordedFile(name string) golden.File {
	if _, err := os.Stat(name); err == nil || !store.ValidID(name) {
		return golden.File{Path: name}
	}
	if file, err := (&recordings{}).file(name); err == nil {
		return file
	}
	return golden.File{Path: name}
}

// openForReplay is the openModes of the program.
func openForReplay(ctx context.Context, o replayOptions) (golden.Modes, func(), error) {
	if o.inProcess {
		return golden.Modes{Open: openBuiltin, Manifest: func(mode string) (core.Manifest, bool, error) {
			d, ok := builtinNamed(mode)
			return d.Manifest, ok, nil
		}}, func() {}, nil
	}
	log := newLog(os.Stderr, false)
	found, problems := findPlugins(o.host.pluginDirs, log)
	host, err := startHost(log, o.host, found)
	if err != nil {
		return golden.Modes{}, nil, err
	}
	describe := func(mode string) (core.Manifest, bool, error) {
		m, err := host.Manifest(ctx, mode)
		if !errors.Is(err, pluginhost.ErrNoMode) {
			return m, true, err
		}
		if i := slices.IndexFunc(problems, func(p catalog.Problem) bool { return p.Plugin == mode }); i >= 0 {
			return m, true, &problems[i]
		}
		if i := slices.IndexFunc(found, func(p catalog.Plugin) bool { return p.Name == mode }); i >= 0 {
			_, err := modeOf(found[i], o.host.calls)
			return m, true, err // why it was left out
		}
		return m, false, nil
	}
	return golden.Modes{Open: host.Open, Manifest: describe}, func() { stopHost(host) }, nil
}

// openBuiltin opens a machine of a built-in mode in this process.
func openBuiltin(_ context.Context, mode string) (*wire.Conn, error) {
	if d, ok := builtinNamed(mode); ok {
		return wire.Pipe(d, slog.New(slog.DiscardHandler)), nil
	}
	return nil, fmt.Errorf("there is no built-in mode %q; plugins have a process of their own, leave --in-process out", mode)
}
