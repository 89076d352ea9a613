package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// config is what the flags say.
type config struct {
	rounds    int
	quick     bool
	brief     bool
	json      bool
	limit     time.Duration
	workbench string
	write     string // the folder of the documents, or ""
	reference string
	only      []string // measures
	systems   []string
}

func (c config) sizes() sizes {
	if c.brief {
		return briefSizes()
	}
	return fullSizes()
}

const usualLimit = time.Minute

// Rounds where the flag does not say.
const (
	fullRounds  = 5
	quickRounds = 3
)

// quickSystems are those whose ratios the quick form compares.
var quickSystems = []string{workbenchName, lineName, copyName}

const help = `bench measures the workbench beside other gateways, on this machine.

Usage: go run ./bench [flags]

  go run ./bench                            everything, 5 rounds: about half an hour
  go run ./bench -write docs                the same, into docs/performance.md, as make bench does
  go run ./bench -only search -write docs   measure one thing again, and leave the rest of the document
  go run ./bench -rounds 2 -write docs      the document with less care
  go run ./bench -only lines,down           some measures
  go run ./bench -systems line,copy         some systems; without the workbench nothing is built
  go run ./bench -systems workbench,copy,websocat,ttyd
                                            beside other programs, found in PATH
  go run ./bench -quick                     compare with the document's run; exit code 1 if worse
  go run ./bench -workbench bin/old         measure this binary, such as that of another commit
  go run ./bench -brief                     see that it runs; the numbers mean little

Ctrl-C stops it and what it has started; nothing is written then.

Flags:
`

func parseFlags(args []string, stderr io.Writer) (config, error) {
	all := measureNames(false)
	c := config{only: all, systems: usualSystems}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, help)
		flags.PrintDefaults()
	}
	flags.IntVar(&c.rounds, "rounds", 0, "take the medians of `N` rounds; 0 is "+fmt.Sprint(fullRounds)+", with -quick "+fmt.Sprint(quickRounds))
	flags.BoolVar(&c.quick, "quick", false, "compare ratios with the reference; what is worse twice in a row is an error")
	flags.BoolVar(&c.brief, "brief", false, "do little of everything, to see that it runs")
	flags.BoolVar(&c.json, "json", false, "print JSON in place of the table")
	flags.StringVar(&c.write, "write", "", "write performance.md's tables, its plots and performance.json in this `folder`")
	flags.StringVar(&c.reference, "reference", filepath.Join("docs", referenceFile), "the `file` with the reference, for -quick")
	flags.DurationVar(&c.limit, "limit", usualLimit, "give up a measure of one system after this `time`; without the flag long ones have more")
	flags.StringVar(&c.workbench, "workbench", "", "measure this `binary` in place of a fresh build")
	given := map[string]bool{}
	list := func(into *[]string, name, what string, known []string) {
		usage := fmt.Sprintf("%s of these `names`, with commas between: %s", what, strings.Join(known, ", "))
		flags.Func(name, usage, func(value string) error {
			given[name] = true
			*into = strings.Split(value, ",")
			for _, v := range *into {
				if !slices.Contains(known, v) {
					return fmt.Errorf("no %q; expected one of %s", v, strings.Join(known, ", "))
				}
			}
			return nil
		})
	}
	list(&c.only, "only", "do only the measures", all)
	list(&c.systems, "systems", "measure only the systems", systemNames)
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	switch {
	case flags.NArg() > 0:
		return c, fmt.Errorf("%q is not expected; see -help", flags.Arg(0))
	case c.rounds < 0:
		return c, fmt.Errorf("-rounds must be at least 1, not %d", c.rounds)
	case c.limit <= 0:
		return c, fmt.Errorf("-limit must be more than nothing, not %v", c.limit)
	case c.quick && (c.write != "" || c.brief || c.json):
		return c, errors.New("-quick only compares: it does not go with -write, -brief or -json")
	case c.write != "" && slices.ContainsFunc(usualSystems, func(name string) bool { return !slices.Contains(c.systems, name) }):
		return c, fmt.Errorf("-write needs at least the systems %s, or the document would lack their columns", strings.Join(usualSystems, ", "))
	}
	if c.write != "" {
		c.reference = filepath.Join(c.write, referenceFile)
	}
	if c.rounds == 0 {
		c.rounds = fullRounds
		if c.quick {
			c.rounds = quickRounds
		}
	}
	if c.quick {
		if !given["systems"] {
			c.systems = quickSystems
		}
		if !given["only"] {
			c.only = measureNames(true)
		}
	}
	return c, nil
}

// measureNames lists the measures, all or those of the quick form.
func measureNames(quick bool) (names []string) {
	for _, m := range measures() {
		if m.quick || !quick {
			names = append(names, m.name)
		}
	}
	return names
}
