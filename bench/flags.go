package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
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
	broker    string
	only      []string // measures
	systems   []string

	// These are of a school; nothing where the flag does not say.
	students     []int64
	school, away time.Duration
	recordings   int64
}

func (c config) sizes() sizes {
	s := fullSizes()
	if c.brief {
		s = briefSizes()
	}
	if c.students != nil {
		s.students = c.students
	}
	s.school, s.away = cmp.Or(c.school, s.school), cmp.Or(c.away, s.away)
	s.recordings = cmp.Or(c.recordings, s.recordings)
	return s
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
  go run ./bench -only school -rounds 1     simulate a school with a shared log: about half an hour,
                                            and done only if it is asked for
  go run ./bench -only school-load -rounds 1 -students 60,600,2000
                                            a part of that

Ctrl-C stops it and what it has started; nothing is written then.

Flags:
`

func parseFlags(args []string, stderr io.Writer) (config, error) {
	c := config{only: measureNames(isUsual), systems: usualSystems}
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
	flags.StringVar(&c.broker, "broker", "", "have this `binary` with the command broker serve a school's log, in place of a fresh build")
	flags.Func("students", fmt.Sprintf("simulate schools with these `numbers` of students, with commas between: %d", allStudents), func(value string) error {
		c.students = nil
		for v := range strings.SplitSeq(value, ",") {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || !slices.Contains(allStudents, n) {
				return fmt.Errorf("%q; expected some of %d", v, allStudents)
			}
			c.students = append(c.students, n)
		}
		slices.Sort(c.students)
		return nil
	})
	flags.DurationVar(&c.school, "school", 0, "have the students work for this `time`")
	flags.DurationVar(&c.away, "away", 0, "keep a school's brokers away for this `time`")
	flags.Int64Var(&c.recordings, "recordings", 0, "search `N` recordings, in a folder or a school's log; 0 is "+number(float64(fullSizes().recordings), 0))
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
			if i := slices.Index(*into, schoolName); i >= 0 {
				*into = slices.Replace(*into, i, i+1, measureNames(isSchool)...)
			}
			return nil
		})
	}
	list(&c.only, "only", "do only the measures", append(measureNames(isAny), schoolName))
	list(&c.systems, "systems", "measure only the systems", systemNames)
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	switch {
	case flags.NArg() > 0:
		return c, fmt.Errorf("%q is not expected; see -help", flags.Arg(0))
	case c.rounds < 0:
		return c, fmt.Errorf("-rounds must be at least 1, not %d", c.rounds)
	case c.school < 0 || c.away < 0 || c.recordings < 0:
		return c, errors.New("-school, -away and -recordings must not be less than nothing")
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
			c.only = measureNames(isQuick)
		}
	}
	return c, nil
}

// measureNames lists those measures that are as is says.
func measureNames(is func(measure) bool) (names []string) {
	for _, m := range measures() {
		if is(m) {
			names = append(names, m.name)
		}
	}
	return names
}

// schoolName stands for all measures of a school.
const schoolName = "school"

func isAny(measure) bool      { return true }
func isQuick(m measure) bool  { return m.quick }
func isUsual(m measure) bool  { return !m.asked }
func isSchool(m measure) bool { return strings.HasPrefix(m.name, schoolName+"-") }
