package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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

// run is the driver without the process around it. Progress goes to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	kept, err := readReference(c.reference)
	if err != nil {
		return err
	}
	if c.quick && kept.Quick == nil {
		return fmt.Errorf("%s holds no quick run to compare with; `make bench` writes one, in the project's folder", c.reference)
	}
	dir, err := os.MkdirTemp(memoryDir(), "workbench-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	targets, err := startServers()
	if err != nil {
		return err
	}
	defer targets.close()

	d := &driver{
		binary: c.workbench, broker: c.broker, dir: dir, limit: c.limit, servers: targets, progress: stderr, began: time.Now(),
		running: map[*system]*process{},
	}
	needed := func(name string) bool { return slices.Contains(c.systems, name) }
	if (needed(workbenchName) || needed(unrecordedName)) && d.binary == "" {
		d.say("building the workbench")
		if d.binary, err = buildWorkbench(ctx, dir); err != nil {
			return err
		}
	}
	d.systems = slices.DeleteFunc(allSystems(d.binary, dir, targets), func(s *system) bool { return !needed(s.name) })
	for _, s := range d.systems {
		if s.missing != nil {
			d.say(fmt.Sprintf("%s is left out: %v", s.title, s.missing))
		}
	}
	defer d.stopAll()
	if c.quick {
		return d.compareWith(ctx, kept.Quick, c.only, c.rounds, stdout)
	}
	found, err := d.measureAll(ctx, c.only, c.rounds, c.sizes())
	if err != nil {
		return err
	}
	if c.json {
		err = writeJSON(stdout, found)
	} else {
		err = found.print(stdout)
	}
	if err != nil || c.write == "" {
		return err
	}
	return d.writeAll(ctx, c, kept, found)
}

// writeAll adds what the quick form finds, and writes all of it into the folder
// of the documents.
func (d *driver) writeAll(ctx context.Context, c config, kept *reference, found *report) error {
	d.stopAll()
	d.systems = slices.DeleteFunc(slices.Clone(d.systems), func(s *system) bool { return !slices.Contains(quickSystems, s.name) })
	sizes := quickSizes()
	if c.brief {
		sizes = briefSizes()
	}
	only := slices.DeleteFunc(slices.Clone(c.only), func(name string) bool { return !slices.Contains(measureNames(isQuick), name) })
	quick, err := d.measureAll(ctx, only, max(c.rounds, quickReferenceRounds), sizes)
	if err != nil {
		return err
	}
	kept.Full, kept.Quick = merge(kept.Full, found), merge(kept.Quick, quick)
	if err := kept.write(filepath.Join(c.write, referenceFile)); err != nil {
		return err
	}
	command := "make bench"
	if c.rounds != fullRounds {
		command += fmt.Sprintf(` BENCH="-rounds %d -write docs"`, c.rounds)
	}
	return kept.Full.writeDocument(c.write, command)
}

// quickReferenceRounds is the least number of rounds in which the reference of the
// quick form is measured: its spread is what later runs are held to.
const quickReferenceRounds = 5

// buildWorkbench builds the workbench into dir, as make build does, and returns the
// binary's path.
func buildWorkbench(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "workbench.exe") // the ending matters on one system and harms on none
	return binary, build(ctx, binary)
}

// build builds the workbench.
func build(ctx context.Context, binary string, flags ...string) error {
	const pkg = "github.com/protocol-workbench/workbench/cmd/workbench"
	args := append([]string{"build", "-ldflags=-s -w", "-o", binary}, flags...)
	out, err := exec.CommandContext(ctx, "go", append(args, pkg)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the workbench does not build, so there is nothing to measure; see go build ./cmd/workbench, or name a binary with -workbench: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
