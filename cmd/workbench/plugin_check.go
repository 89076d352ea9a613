package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// pluginUnderTest is a plugin that was started for plugin test.
type pluginUnderTest struct {
	conformance.Subject
	Goldens []transcriptFile // that belong to it
	Close   func()           // ends its processes and removes what was built
}

// openPluginForTest builds and starts a plugin. Tests put their own in its
// place.
var openPluginForTest = openPluginProcess

func newPluginTestCommand() *cobra.Command {
	var asJSON bool
	var o testOptions
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
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &command.Exit{Code: exitUnusable, Err: errors.New("name one plugin to test, as in: workbench plugin test ./shout")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return &command.Exit{Code: exitUnusable, Err: err}
			}
			p := &checkPrinter{stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), asJSON: asJSON}
			return testPlugin(cmd.Context(), args[0], o, p)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &command.Exit{Code: exitUnusable, Err: err} })
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each golden and each check, a line each")
	cmd.Flags().BoolVar(&o.quick, "quick", false, "leave out the checks that take long")
	cmd.Flags().StringArrayVar(&o.only, "only", nil, "do the check `CHECK` and no others; may be given more than once")
	cmd.Flags().BoolVar(&o.update, "update", false, "rewrite the actions of goldens that differ; events and comments stay")
	callsFlag(cmd.Flags(), &o.calls)
	cmd.Flags().DurationVar(&o.timeout, "timeout", testTimeout, "give up after `TIME`; what was not checked by then is named")
	return cmd
}

// testTimeout is many times what a plugin in a slow language takes.
const testTimeout = 5 * time.Minute

// goldensCheck is what --only calls the goldens.
const goldensCheck = "goldens"

// testOptions are the flags of plugin test.
type testOptions struct {
	calls         extraCalls
	timeout       time.Duration
	only          []string // names of checks; none: all
	quick, update bool
}

func (o *testOptions) check() error {
	known := slices.Concat([]string{goldensCheck}, conformance.Checks())
	for _, name := range o.only {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--only %s: there is no such check; there are: %s", core.Printable(name), strings.Join(known, ", "))
		}
	}
	switch {
	case o.quick && len(o.only) > 0:
		return errors.New("--quick and --only exclude each other: name the checks, or leave that to --quick")
	case o.update && len(o.only) > 0 && !slices.Contains(o.only, goldensCheck):
		return errors.New("--update is about the goldens, which --only leaves out: add --only goldens")
	}
	return nil
}

// chosen returns the checks that are to be done, in their order, and those that
// are left out.
func (o *testOptions) chosen() (names, left []string) {
	some := o.only
	if o.quick {
		some = conformance.Quick()
	}
	for _, name := range conformance.Checks() {
		if len(some) == 0 || slices.Contains(some, name) {
			names = append(names, name)
		} else {
			left = append(left, name)
		}
	}
	return names, left
}

func testPlugin(ctx context.Context, path string, o testOptions, p *checkPrinter) error {
	plugin, err := openPluginForTest(ctx, path, o.calls)
	if err != nil {
		return &command.Exit{Code: exitUnusable, Err: err}
	}
	defer plugin.Close()
	goldens := plugin.Goldens
	if len(o.only) > 0 && !slices.Contains(o.only, goldensCheck) {
		goldens = nil
	}
	plugin.Seeds.Goldens = seedsIn(plugin.Goldens)
	checks, left := o.chosen()
	for _, golden := range goldens {
		p.names = append(p.names, golden.path)
	}
	p.names = append(p.names, checks...)
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	for _, golden := range goldens {
		p.progress()
		r, err := testGolden(ctx, plugin.Subject, golden, o.update)
		if ctx.Err() != nil {
			break
		}
		p.result(r, err)
	}
	p.progress()
	if ctx.Err() == nil && len(checks) > 0 {
		_, err = conformance.RunChosen(ctx, plugin.Subject, checks, func(r conformance.Result) {
			p.result(checkReport{Result: r}, nil)
			p.progress()
		})
	}
	p.clear()
	switch {
	case parent.Err() != nil:
		return &command.Exit{Code: exitUnusable, Err: errors.New("the test was interrupted")}
	case ctx.Err() != nil && p.done < len(p.names):
		p.unchecked(p.names[p.done:], fmt.Sprintf("not checked: the test was given up after %v", o.timeout))
		return &command.Exit{Code: exitUnusable, Err: fmt.Errorf("the test was given up after %v; not checked: %s; to wait longer, give it --timeout %v",
			o.timeout, strings.Join(p.names[p.done:], ", "), 4*o.timeout)}
	case err != nil:
		return &command.Exit{Code: exitUnusable, Err: err}
	}
	if o.quick {
		p.unchecked(left, "left out by --quick")
	}
	return p.summary(len(goldens))
}

// goldenFiles returns the goldens in a folder; "" has none.
func goldenFiles(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, plainError(folder, err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), goldenSuffix) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files, nil
}

// testGolden holds a golden to its promises, with update after its actions were
// brought up to date.
func testGolden(ctx context.Context, s conformance.Subject, file transcriptFile, update bool) (r checkReport, err error) {
	r.Check = file.path
	data, err := readTranscript(file)
	if err != nil {
		return r, err
	}
	refused := ""
	if update {
		report := updateGolden(ctx, s, file)
		if refused, r.Updated = report.Error, report.Updated; r.Updated {
			data = report.now
		}
	}
	t, err := transcript.Parse(file.path, data)
	if err != nil {
		return r, err
	}
	r.Result, err = conformance.Golden(ctx, s, file.path, t)
	if r.Skipped == "" {
		r.Skipped = refused
	}
	return r, err
}

// updateGolden does what workbench replay --update does, through the plugin
// under test.
func updateGolden(ctx context.Context, s conformance.Subject, file transcriptFile) *replayReport {
	r := &replayer{replayOptions{recut: -1, update: true}, &replayModes{
		open: func(ctx context.Context, _ string) (*wire.Conn, error) { return s.Open(ctx) },
		describe: func(mode string) (core.Manifest, error) {
			if mode != s.Manifest.Name {
				return core.Manifest{}, pluginhost.ErrNoMode
			}
			return s.Manifest, nil
		},
	}, atomic.Int64{}}
	return r.file(ctx, file)
}
