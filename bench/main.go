package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == baselineCommand {
		if err := runBaseline(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the driver at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	rounds    int
	quick     bool
	json      bool
	limit     time.Duration
	workbench string
	only      []string // measures
	systems   []string
}

func parseFlags(args []string, stderr io.Writer) (config, error) {
	var measureNames []string
	for _, m := range measures() {
		measureNames = append(measureNames, m.name)
	}
	c := config{only: measureNames, systems: systemNames}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&c.rounds, "rounds", 3, "print the median of `N` rounds")
	flags.BoolVar(&c.quick, "quick", false, "do little of everything, to see that it runs")
	flags.BoolVar(&c.json, "json", false, "print JSON in place of the table")
	flags.DurationVar(&c.limit, "limit", time.Minute, "give up a measure of one system after this `time`")
	flags.StringVar(&c.workbench, "workbench", "", "measure this `binary` in place of a fresh build")
	list := func(into *[]string, name, what string, known []string) {
		usage := fmt.Sprintf("%s of these `names`, with commas between: %s", what, strings.Join(known, ", "))
		flags.Func(name, usage, func(value string) error {
			*into = strings.Split(value, ",")
			for _, v := range *into {
				if !slices.Contains(known, v) {
					return fmt.Errorf("no %q; expected one of %s", v, strings.Join(known, ", "))
				}
			}
			return nil
		})
	}
	list(&c.only, "only", "do only the measures", measureNames)
	list(&c.systems, "systems", "measure only the systems", systemNames)
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	switch {
	case flags.NArg() > 0:
		return c, fmt.Errorf("%q is not expected; see -help", flags.Arg(0))
	case c.rounds < 1:
		return c, fmt.Errorf("-rounds must be at least 1, not %d", c.rounds)
	case c.limit <= 0:
		return c, fmt.Errorf("-limit must be more than nothing, not %v", c.limit)
	}
	return c, nil
}

// run is the driver without the process around it. Progress goes to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "workbench-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	targets, err := startServers()
	if err != nil {
		return err
	}
	defer targets.close()

	if slices.Contains(c.systems, workbenchName) && c.workbench == "" {
		fmt.Fprintln(stderr, "building the workbench")
		if c.workbench, err = buildWorkbench(ctx, dir); err != nil {
			return err
		}
	}
	systems := allSystems(c.workbench, dir, targets)
	systems = slices.DeleteFunc(systems, func(s *system) bool { return !slices.Contains(c.systems, s.name) })
	if _, err := findWebsockify(); err != nil && slices.Contains(c.systems, websockifyName) {
		fmt.Fprintln(stderr, "websockify is not installed and is left out; its package is of the same name")
		systems = slices.DeleteFunc(systems, func(s *system) bool { return s.name == websockifyName })
	}

	d := &driver{config: c, dir: dir, systems: systems, servers: targets, progress: stderr, running: map[*system]*process{}}
	defer d.stopAll()
	report, err := d.measureAll(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return report.printJSON(stdout)
	}
	return report.print(stdout)
}
