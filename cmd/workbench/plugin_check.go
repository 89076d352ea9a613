package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pluginUnderTest is a plugin that was started for plugin test.
type pluginUnderTest struct {
	conformance.Subject
	Goldens string // folder of golden transcripts, or ""
	Close   func() // ends its processes and removes what was built
}

// openPluginForTest builds and starts a plugin. Tests put their own in its
// place.
var openPluginForTest = openPluginProcess

func newPluginTestCommand() *cobra.Command {
	var asJSON bool
	var timeout time.Duration
	var calls extraCalls
	cmd := &cobra.Command{
		Use:   "test PATH",
		Short: "Hold a plugin to what every line mode promises",
		Long: `test builds a plugin if need be, starts it as the workbench does, and checks

  - each *.golden file in the folder testdata beside its source: replayed whole,
    with the server's bytes joined, byte by byte and cut at random, with a crash
    after every event, with a checkpoint and restore after every event. All
    must be equal.
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
What fails is shown by the shortest session that shows it, as a transcript: -
was expected, + came.

Exit codes:
  0  all is as promised
  1  something is not
  2  the plugin or a golden could not be tested: it does not build or start, the
     file is no transcript of this mode, or it took too long`,
		Example: `  workbench plugin test ./shout
  workbench plugin test ~/bin/workbench-plugin-shout.py
  workbench plugin test --json shout.star`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &exitCode{exitUnusable, errors.New("name one plugin to test, as in: workbench plugin test ./shout")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p := &checkPrinter{stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), asJSON: asJSON}
			return testPlugin(cmd.Context(), args[0], calls, timeout, p)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitCode{exitUnusable, err} })
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each golden and each check, a line each")
	callsFlag(cmd.Flags(), &calls)
	cmd.Flags().DurationVar(&timeout, "timeout", testTimeout, "give up after `TIME`; what was not checked by then is named")
	return cmd
}

// testTimeout is many times what a plugin in a slow language takes.
const testTimeout = 5 * time.Minute

func testPlugin(ctx context.Context, path string, calls extraCalls, timeout time.Duration, p *checkPrinter) error {
	plugin, err := openPluginForTest(ctx, path, calls)
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	defer plugin.Close()
	goldens, err := goldenFiles(plugin.Goldens)
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	plugin.Seeds.Goldens = seedsIn(goldens)
	p.names = slices.Concat(goldens, conformance.Checks())
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, file := range goldens {
		p.progress()
		r, err := testGolden(ctx, plugin.Subject, file)
		if ctx.Err() != nil {
			break
		}
		p.result(r, err)
	}
	p.progress()
	if ctx.Err() == nil {
		_, err = conformance.Run(ctx, plugin.Subject, func(r conformance.Result) {
			p.result(r, nil)
			p.progress()
		})
	}
	p.clear()
	switch {
	case parent.Err() != nil:
		return &exitCode{exitUnusable, errors.New("the test was interrupted")}
	case ctx.Err() != nil && p.done < len(p.names):
		p.unchecked(fmt.Sprintf("not checked: the test was given up after %v", timeout))
		return &exitCode{exitUnusable, fmt.Errorf("the test was given up after %v; not checked: %s; to wait longer, give it --timeout %v",
			timeout, strings.Join(p.names[p.done:], ", "), 4*timeout)}
	case err != nil:
		return &exitCode{exitUnusable, err}
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

func testGolden(ctx context.Context, s conformance.Subject, file string) (conformance.Result, error) {
	r := conformance.Result{Check: file}
	data, err := readTranscript(transcriptFile{file, true})
	if err != nil {
		return r, err
	}
	t, err := transcript.Parse(file, data)
	if err != nil {
		return r, err
	}
	return conformance.Golden(ctx, s, file, t)
}

// checkPrinter prints results as they come.
type checkPrinter struct {
	stdout, stderr         io.Writer
	asJSON                 bool
	names                  []string // of all goldens and checks, in their order
	done                   int
	failed, unusable, left int
	line                   bool   // progress stands on the terminal's last line
	quick                  func() // ends what tells that a check takes long
}

// checkReport is a result as --json prints it.
type checkReport struct {
	conformance.Result
	Outcome string `json:"outcome"` // ok, partly, failed or unusable
	Error   string `json:"error,omitempty"`
}

func (p *checkPrinter) result(r conformance.Result, err error) {
	p.clear()
	p.done++
	report := checkReport{Result: r, Outcome: "ok"}
	switch {
	case err != nil:
		report.Outcome, report.Error = "unusable", err.Error()
		p.unusable++
	case len(r.Findings) > 0:
		report.Outcome = "failed"
		p.failed++
	case r.Skipped != "":
		report.Outcome = "partly"
		p.left++
	}
	if p.asJSON {
		if report.Findings == nil {
			report.Findings = []conformance.Finding{}
		}
		_ = json.NewEncoder(p.stdout).Encode(report)
		return
	}
	about := r.About
	if filepath.Ext(r.Check) == goldenSuffix {
		about = "" // a golden's name says enough
	}
	fmt.Fprintln(p.stdout, strings.TrimRight(fmt.Sprintf("%-9s %-16s %s", report.Outcome, core.Printable(shortPath(r.Check)), about), " "))
	for _, f := range r.Findings {
		fmt.Fprintf(p.stdout, "%s\n", f)
	}
	for _, f := range r.Advice {
		fmt.Fprintf(p.stdout, "advice: %s\n", f)
	}
	for _, words := range []string{reached(r), r.Skipped, report.Error} {
		if words != "" {
			fmt.Fprintf(p.stdout, "          %s\n", under(words))
		}
	}
}

// unchecked prints an object for each check that was not done.
func (p *checkPrinter) unchecked(why string) {
	for _, name := range p.names[p.done:] {
		if p.asJSON {
			r := conformance.Result{Check: name, Skipped: why, Findings: []conformance.Finding{}}
			_ = json.NewEncoder(p.stdout).Encode(checkReport{Result: r, Outcome: "partly"})
		}
	}
}

// shortPath is a path as seen from the current folder, if it is below it.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

// slowAfter is when a check takes long. Tests have less patience.
var slowAfter = 10 * time.Second

// progress tells a person what is being checked: on a terminal at once, else
// when it takes long.
func (p *checkPrinter) progress() {
	if p.done == len(p.names) {
		return
	}
	words := fmt.Sprintf("%d of %d: %s …", p.done+1, len(p.names), core.Printable(shortPath(p.names[p.done])))
	if isTerminal(p.stderr) {
		fmt.Fprintf(unfiltered(p.stderr), "\r%s\x1b[K", words)
		p.line = true
		return
	}
	told := make(chan struct{})
	slow := time.AfterFunc(slowAfter, func() {
		defer close(told)
		fmt.Fprintln(p.stderr, words)
	})
	p.quick = func() {
		if !slow.Stop() {
			<-told
		}
	}
}

func (p *checkPrinter) clear() {
	if p.line {
		fmt.Fprint(unfiltered(p.stderr), "\r\x1b[K")
		p.line = false
	}
	if p.quick != nil {
		p.quick()
		p.quick = nil
	}
}

// summary prints the last line, and returns what the program ends with.
func (p *checkPrinter) summary(goldens int) error {
	if !p.asJSON {
		fmt.Fprintf(p.stdout, "%s and %s: %d failed", count(goldens, "golden"), count(p.done-goldens, "check"), p.failed)
		if p.unusable > 0 {
			fmt.Fprintf(p.stdout, ", %d unusable", p.unusable)
		}
		if p.left > 0 {
			fmt.Fprintf(p.stdout, ", %d done only in part", p.left)
		}
		fmt.Fprintln(p.stdout)
	}
	switch {
	case p.unusable > 0:
		return &exitCode{code: exitUnusable}
	case p.failed > 0:
		return &exitCode{code: exitDifferent}
	}
	return nil
}
