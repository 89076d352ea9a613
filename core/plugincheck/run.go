package plugincheck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
)

// Goldens is what the replay of the goldens is called among the checks.
const Goldens = "goldens"

// Checks returns the names of all that may be chosen, in their order.
func Checks() []string { return slices.Concat([]string{Goldens}, conformance.Checks()) }

// Options say what of a plugin is checked.
type Options struct {
	Only    []string      // names of checks; none: all
	Quick   bool          // leaves out those that take long
	Update  bool          // rewrites the actions of goldens that differ
	Timeout time.Duration // after which the rest is given up
}

// chosen returns the checks that are to be done, in their order, and those that
// are left out.
func (o *Options) chosen() (names, left []string) {
	some := o.Only
	if o.Quick {
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

// GivenUp says that the time was over.
type GivenUp struct {
	After     time.Duration
	Unchecked []string // goldens and checks
}

// Error names what was not checked.
func (e *GivenUp) Error() string {
	return fmt.Sprintf("the test was given up after %v; not checked: %s", e.After, strings.Join(e.Unchecked, ", "))
}

// ErrInterrupted says that the context of Run was done.
var ErrInterrupted = errors.New("the test was interrupted")

// Run checks a plugin and has the results printed as they come. The error is a
// *GivenUp, ErrInterrupted, or says that the plugin could not be reached.
func Run(ctx context.Context, plugin *Plugin, o Options, p *Printer) error {
	goldens := plugin.Goldens
	if len(o.Only) > 0 && !slices.Contains(o.Only, Goldens) {
		goldens = nil
	}
	for _, file := range plugin.Goldens {
		all, err := file.Parse()
		if err != nil {
			continue // its own test says so
		}
		for _, t := range all {
			plugin.Seeds.Goldens = append(plugin.Seeds.Goldens, conformance.Seed{File: file.Path, Transcript: t})
		}
	}
	checks, left := o.chosen()
	for _, file := range goldens {
		p.names = append(p.names, file.Path)
	}
	p.names = append(p.names, checks...)
	p.Counts = map[Outcome]int{}
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	for _, file := range goldens {
		p.progress()
		r, err := checkGolden(ctx, plugin.Subject, file, o.Update)
		if ctx.Err() != nil {
			break
		}
		p.result(r, err)
	}
	p.progress()
	var err error
	if ctx.Err() == nil && len(checks) > 0 {
		_, err = conformance.Run(ctx, plugin.Subject, checks, func(r conformance.Result) {
			p.result(Report{Result: r}, nil)
			p.progress()
		})
	}
	p.clear()
	switch {
	case parent.Err() != nil:
		return ErrInterrupted
	case ctx.Err() != nil && p.done < len(p.names):
		rest := p.names[p.done:]
		p.unchecked(rest, fmt.Sprintf("not checked: the test was given up after %v", o.Timeout))
		return &GivenUp{o.Timeout, rest}
	case err != nil:
		return err
	}
	if o.Quick {
		p.unchecked(left, "left out by --quick")
	}
	p.summary(len(goldens))
	return nil
}

// checkGolden holds a golden to its promises, each of its connections up to the first that
// breaks one, with update after its actions were brought up to date.
func checkGolden(ctx context.Context, s conformance.Subject, file golden.File, update bool) (r Report, err error) {
	r.Check = file.Path
	all, err := file.Parse()
	if err != nil {
		return r, err
	}
	refused := ""
	if update {
		runner := golden.Runner{Modes: golden.Only(s.Manifest, s.Open), Update: true}
		now := runner.Replay(ctx, file)
		if refused, r.Updated = now.Error, now.Updated; r.Updated {
			all = now.Now
		}
	}
	skipped := ""
	for i, t := range all {
		r.Result, err = conformance.Golden(ctx, s, file.Path, t)
		skipped = cmp.Or(skipped, r.Skipped)
		if err != nil || len(r.Findings) > 0 {
			err = golden.InConnection(err, i+1, len(all))
			break
		}
	}
	r.Skipped = cmp.Or(skipped, refused)
	return r, err
}
