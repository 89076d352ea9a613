package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// The exit codes of replay.
const (
	exitDifferent = 1
	exitUnusable  = 2
)

// replayAtOnce is how many files are replayed at a time.
const replayAtOnce = 4

// replayEnv is what replay needs of the rest of the program.
type replayEnv struct {
	// Open makes the line modes ready, in processes of their own or in this
	// one. Whoever called it closes them when done.
	Open func(ctx context.Context, o replayOptions) (*replayModes, error)
}

type replayOptions struct {
	mode      string
	recut     int // below 0: runs are not cut anew
	seed      uint64
	update    bool
	inProcess bool
	strict    bool
	asJSON    bool
	report    string // one of reportForms, or "": for people

	pluginDirs []string
	calls      extraCalls
}

func newReplayCommand(env replayEnv) *cobra.Command {
	o := replayOptions{recut: -1, seed: 1}
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
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return &command.Exit{Code: exitUnusable, Err: errors.New("replay what? Name transcripts or folders, as in: workbench replay testdata")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, paths []string) error {
			switch {
			case cmd.Flags().Changed("recut") && o.recut < 0:
				return &command.Exit{Code: exitUnusable, Err: fmt.Errorf("--recut %d: it must be 0 or more", o.recut)}
			case cmd.Flags().Changed("seed") && o.recut < 1:
				return &command.Exit{Code: exitUnusable, Err: errors.New("--seed is for random cuts: say how many with --recut N")}
			case o.report != "" && !slices.Contains(reportForms, o.report):
				return &command.Exit{Code: exitUnusable, Err: fmt.Errorf("--report %s: it must be %s", o.report, strings.Join(reportForms, ", "))}
			case o.report != "" && o.asJSON:
				return &command.Exit{Code: exitUnusable, Err: errors.New("--report and --json exclude each other: both would write to standard output")}
			case o.update && o.mode != "":
				return &command.Exit{Code: exitUnusable, Err: errors.New("--update and --mode exclude each other: the file would name one mode and hold the answers of another")}
			}
			return runReplay(cmd.Context(), env, o, paths, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &command.Exit{Code: exitUnusable, Err: err} })
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", "", "replay through line mode `M` instead of the file's own")
	f.IntVar(&o.recut, "recut", o.recut, "replay again with the server's bytes joined, byte by byte, and cut at random `N` times (default: not)")
	f.Lookup("recut").DefValue = "0" // so that the help says the default once, in words
	f.Uint64Var(&o.seed, "seed", o.seed, "begin the random cuts with seed `S`; the next ones have S+1, S+2, ...")
	f.BoolVar(&o.update, "update", false, "rewrite the actions of transcripts that differ; events and comments stay")
	f.BoolVar(&o.inProcess, "in-process", false, "run the line modes in this process, not in their own")
	pluginDirFlag(f, &o.pluginDirs)
	callsFlag(f, &o.calls)
	f.BoolVar(&o.strict, "strict", false, "refuse a file that would only be warned of: one without a newline at its end")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each file, a line each")
	f.StringVar(&o.report, "report", "", "print what CI reads: `FORM` is "+strings.Join(reportForms, ", "))
	return cmd
}

func runReplay(ctx context.Context, env replayEnv, o replayOptions, paths []string, stdout, stderr io.Writer) error {
	files, err := findTranscripts(paths)
	if err != nil {
		return &command.Exit{Code: exitUnusable, Err: err}
	}
	modes, err := env.Open(ctx, o)
	if err != nil {
		return &command.Exit{Code: exitUnusable, Err: err}
	}
	defer modes.close()
	if o.mode != "" {
		switch _, err := modes.describe(o.mode); {
		case errors.Is(err, pluginhost.ErrNoMode):
			return &command.Exit{Code: exitUnusable, Err: fmt.Errorf("--mode %s: there is no such line mode; workbench modes lists them", o.mode)}
		case err != nil:
			return &command.Exit{Code: exitUnusable, Err: fmt.Errorf("--mode %s: %w", o.mode, err)}
		}
	}
	r := &replayer{replayOptions: o, replayModes: modes}
	p := &replayPrinter{replayOptions: o, stdout: stdout, stderr: stderr, total: len(files)}
	r.all(ctx, files, p)
	switch {
	case ctx.Err() != nil:
		return &command.Exit{Code: exitUnusable, Err: errors.New("the replay was interrupted")}
	case p.unusable > 0:
		return &command.Exit{Code: exitUnusable}
	case p.different > 0:
		return &command.Exit{Code: exitDifferent}
	}
	return nil
}

// replayer replays files.
type replayer struct {
	replayOptions
	*replayModes
	replays atomic.Int64
}

// all replays the files, a few at a time, and has them printed in their order.
func (r *replayer) all(ctx context.Context, files []transcriptFile, p *replayPrinter) {
	reports := make([]chan *replayReport, len(files))
	for i := range reports {
		reports[i] = make(chan *replayReport, 1)
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	defer workers.Wait()
	for range min(replayAtOnce, len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				reports[i] <- r.file(ctx, files[i])
			}
		})
	}
	p.begin()
	tick := time.NewTicker(progressEach)
	defer tick.Stop()
	for i := 0; i < len(files) && ctx.Err() == nil; {
		select {
		case report := <-reports[i]:
			if ctx.Err() == nil {
				p.print(report)
			}
			i++
		case <-tick.C:
			p.progress(r.replays.Load())
		case <-ctx.Done():
		}
	}
	p.summary(ctx, r.replays.Load())
}

// file replays one file in all the ways that were asked for, up to the first
// that differs.
func (r *replayer) file(ctx context.Context, file transcriptFile) *replayReport {
	report := &replayReport{File: file.path, Mode: r.mode}
	g, err := r.load(file, report)
	if err != nil {
		return report.fail(err)
	}
	whole, err := r.whole(ctx, g, report)
	if err != nil {
		return report.fail(err)
	}
	report.take(whole)
	if !whole.Same && r.update {
		g, whole, err = r.rewrite(ctx, file, g, whole, report)
	}
	if err != nil || !whole.Same || r.recut < 0 {
		return report
	}
	for cuts := range replay.Plan(r.recut, r.seed) {
		r.count(report)
		recut, err := g.Recut(ctx, r.open, whole, cuts)
		if err != nil {
			return report.fail(err)
		}
		if !recut.Same {
			report.take(recut)
			return report
		}
	}
	return report
}

// load reads and checks a file.
func (r *replayer) load(file transcriptFile, report *replayReport) (*replay.Golden, error) {
	if r.update {
		if err := refuseRunning(file); err != nil {
			return nil, err
		}
	}
	data, err := readTranscript(file)
	if err != nil {
		return nil, err
	}
	t, err := transcript.Parse(file.path, data)
	if err != nil {
		return nil, err
	}
	if r.mode != "" {
		t.Mode = r.mode
	}
	report.Mode = t.Mode
	if t.CutOff && r.strict {
		return nil, &transcript.SyntaxError{File: file.path, Line: bytes.Count(data, []byte("\n")) + 1, Msg: "expected a newline at the end of the file"}
	}
	if t.CutOff {
		report.Warning = "no newline at the end of the file, so it may have been cut off: the actions of its last event are compared only as far as they go"
	}
	return r.ready(file.path, t)
}

// ready makes t ready for its mode.
func (r *replayer) ready(path string, t *transcript.Transcript) (*replay.Golden, error) {
	m, err := r.describe(t.Mode)
	if err != nil && !errors.Is(err, pluginhost.ErrNoMode) {
		return nil, fmt.Errorf("%s: its line mode %s cannot be used: %w", core.Printable(path), t.Mode, err)
	}
	return replay.New(path, t, func(string) (core.Manifest, bool) { return m, err == nil })
}

func (r *replayer) whole(ctx context.Context, g *replay.Golden, report *replayReport) (*replay.Result, error) {
	r.count(report)
	return g.Whole(ctx, r.open)
}

func (r *replayer) count(report *replayReport) {
	report.Replays++
	r.replays.Add(1)
}

// rewrite brings the file up to date, if one more replay of what it would say
// then finds it the same. An error is in the report already.
func (r *replayer) rewrite(ctx context.Context, file transcriptFile, g *replay.Golden, whole *replay.Result, report *replayReport) (*replay.Golden, *replay.Result, error) {
	updated, err := g.Update(whole)
	if err != nil {
		report.Error = err.Error()
		return nil, nil, err
	}
	data := updated.Append(nil)
	t, err := transcript.Parse(report.File, data)
	if err == nil {
		g, err = r.ready(report.File, t)
	}
	if err != nil {
		report.Error = fmt.Sprintf("%v: with the new actions it would be no transcript: %v", replay.ErrUpdate, err)
		return nil, nil, err
	}
	again, err := r.whole(ctx, g, report)
	if err != nil {
		report.fail(err)
		return nil, nil, err
	}
	if !again.Same {
		report.take(again)
		report.Error = replay.ErrUpdate.Error() + ": replayed once more it was answered otherwise; a line mode must always answer the same"
		return nil, nil, replay.ErrUpdate
	}
	if err := writeTranscript(file, data); err != nil {
		report.fail(err)
		return nil, nil, err
	}
	report.Result, report.Updated, report.now = resultUpdated, true, data
	return g, again, nil
}
