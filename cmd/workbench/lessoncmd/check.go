package lessoncmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/stage"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/play"
)

type checkOptions struct {
	seed     string
	step     int
	answers  []string
	given    string // file of answers
	asJSON   bool
	junit    string
	port     int
	patience time.Duration
	save     string
}

func newCheck(l *lessons) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check LESSON TRANSCRIPT...",
		Short: "Judge what a student did by a lesson",
		Long: `check judges transcripts, each an ID or a file, by the checks of a lesson, in the
order in which the connections began. It says of each check whether it holds and
which entry shows it, and gives the first hint that fits. The page gives the same
verdict.

With --port it plays the stages of a step to the student's own server on this
machine, each over a connection of its own, and judges what crosses.

Exit codes:
  0  all checks hold
  1  at least one does not
  2  the lesson or a transcript cannot be used (told as file:line: what was
     expected), or the student's server not be reached`,
		Example: `  workbench lesson check http-by-hand --step 1 --seed anna walk.transcript
  workbench lesson check ./teapot --seed anna --answer 2.1=2 *.transcript --junit report.xml
  workbench lesson check write-your-own-server --step 1 --port 2000`,
		Args: command.Wants(1, math.MaxInt, "check what? Name a lesson and transcripts"),
		RunE: func(cmd *cobra.Command, names []string) error {
			return l.check(cmd.Context(), o, names[0], names[1:], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.seed, "seed", "", "the student's `SEED`, from which values such as ${student.word} come")
	f.IntVar(&o.step, "step", 0, "judge step `N` alone")
	f.StringArrayVar(&o.answers, "answer", nil, "the answer to a quiz: `STEP.CHECK=TEXT`, a choice by its number or words")
	f.StringVar(&o.given, "answers", "", "the answers of `FILE`, as answers.json of a submission has them")
	f.BoolVar(&o.asJSON, "json", false, "print the verdict as JSON")
	f.StringVar(&o.junit, "junit", "", "also write what CI reads to `FILE`")
	f.IntVar(&o.port, "port", 0, "play the stages to the student's server on 127.0.0.1 port `N`")
	f.DurationVar(&o.patience, "timeout", 5*time.Second, "with --port: how long the next expected bytes may take")
	f.StringVar(&o.save, "save", "", "with --port: also write the transcripts to folder `DIR`")
	return command.Telling(cmd)
}

func (l *lessons) check(ctx context.Context, o checkOptions, name string, paths []string, stdout, stderr io.Writer) error {
	made, err := l.student(name, o.seed)
	if err != nil {
		return err
	}
	a := lesson.Attempt{}
	if a.Answers, err = o.allAnswers(); err != nil {
		return err
	}
	for _, path := range paths {
		c, err := l.transcript(path, stderr)
		if err != nil {
			return err
		}
		a.Connections = append(a.Connections, c)
	}
	if len(paths) > lesson.MaxConnections {
		fmt.Fprintf(stderr, "workbench: warning: only the last %d transcripts are judged\n", lesson.MaxConnections)
	}
	if o.step < 0 || o.step > len(made.Steps) {
		return fmt.Errorf("--step %d: the lesson has steps 1 to %d", o.step, len(made.Steps))
	}
	switch {
	case o.port != 0:
		played, err := o.play(ctx, made)
		if err != nil {
			return err
		}
		a.Connections = append(a.Connections, played...)
	case o.save != "":
		return errors.New("--save is for what --port plays: say to which port with --port N")
	case len(paths) == 0 && len(a.Answers) == 0:
		return errors.New("check what? Name transcripts, or answer with --answer STEP.CHECK=TEXT, or play stages with --port N")
	}
	v := made.Judge(a)
	if o.step > 0 {
		if v, err = made.JudgeStep(o.step, a); err != nil {
			return err
		}
	}
	if err := writeJUnit(o.junit, stdout, suites(made, v, a)); err != nil {
		return err
	}
	if o.asJSON {
		err = command.PrintJSON(stdout, v)
	} else {
		tell(stdout, made, v, a)
	}
	if err == nil && !v.Passed {
		return &command.Exit{Code: command.Different}
	}
	return err
}

// maxAnswers bounds a file of answers, in bytes.
const maxAnswers = 1 << 20

// allAnswers takes those of the file, and STEP.CHECK=TEXT, which counts before them.
func (o *checkOptions) allAnswers() (map[string]string, error) {
	answers := map[string]string{}
	if o.given != "" {
		f, err := os.Open(o.given)
		if err != nil {
			return nil, plainfile.Unreadable(o.given, err)
		}
		defer f.Close()
		if err := json.NewDecoder(io.LimitReader(f, maxAnswers)).Decode(&answers); err != nil {
			return nil, fmt.Errorf("--answers %s: expected JSON such as {\"3.1\": \"2\"}: %w", core.Printable(o.given), err)
		}
		for place := range answers {
			if !isPlace(place) {
				return nil, fmt.Errorf("--answers %s: %s is not STEP.CHECK, as in {\"3.1\": \"2\"}", core.Printable(o.given), core.Printable(place))
			}
		}
	}
	for _, text := range o.answers {
		place, answer, found := strings.Cut(text, "=")
		if !found || !isPlace(place) {
			return nil, fmt.Errorf("--answer %s: write it as STEP.CHECK=TEXT, as in --answer 3.1=2", core.Printable(text))
		}
		answers[place] = answer
	}
	return answers, nil
}

// isPlace reports whether text is STEP.CHECK.
func isPlace(text string) bool {
	step, check, dotted := strings.Cut(text, ".")
	_, err1 := strconv.ParseUint(step, 10, 16)
	_, err2 := strconv.ParseUint(check, 10, 16)
	return dotted && err1 == nil && err2 == nil
}

// play plays the stages of the steps that are judged.
func (o *checkOptions) play(ctx context.Context, made *lesson.Lesson) ([]lesson.Connection, error) {
	switch {
	case o.port < 1 || o.port > 65535:
		return nil, fmt.Errorf("--port %d: it must be from 1 to 65535", o.port)
	case o.patience <= 0:
		return nil, fmt.Errorf("--timeout %v: it must be more than 0", o.patience)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port))
	dial := func(ctx context.Context) (play.Conn, error) {
		conn, err := (&net.Dialer{Timeout: o.patience}).DialContext(ctx, "tcp", address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("nothing listens on %s; start your server, and leave it running", address)
		}
		if err != nil {
			return nil, err
		}
		return conn.(*net.TCPConn), nil
	}
	var all []lesson.Connection
	stages := false
	for i := range made.Steps {
		s := &made.Steps[i]
		if o.step != 0 && o.step != s.N || !s.Setting.YourServer {
			continue
		}
		stages = true
		played, err := stage.Play(ctx, s, address, o.patience, dial)
		if err != nil {
			return nil, err
		}
		all = append(all, played...)
	}
	if !stages {
		return nil, errors.New("--port: there are no stages to play; they are in steps with your server")
	}
	return all, o.keep(all)
}

// keep writes what was played to files, if --save says so.
func (o *checkOptions) keep(all []lesson.Connection) error {
	if o.save == "" {
		return nil
	}
	if err := os.MkdirAll(o.save, 0o755); err != nil {
		return plainfile.Unwritable(o.save, err)
	}
	for i := range all {
		path := filepath.Join(o.save, all[i].Name)
		text := all[i].Log.Append(nil)
		if err := plainfile.Write(path, 0o644, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return plainfile.Unwritable(path, err)
		}
		all[i].Name = path
	}
	return nil
}

// tell prints a verdict for people.
func tell(w io.Writer, l *lesson.Lesson, v *lesson.Verdict, a lesson.Attempt) {
	for _, s := range v.Steps {
		fmt.Fprintf(w, "%s, step %d, %s: %d of %s\n", core.Printable(l.Title), s.Step, core.Printable(s.Title), s.Points, core.Plural(s.Of, "point"))
		for _, c := range s.Checks {
			fmt.Fprintf(w, "  %d/%d  %s\n", c.Points, c.Of, core.Printable(c.Words))
			if c.Holds {
				continue
			}
			for _, line := range explained(c, a) {
				fmt.Fprintf(w, "       %s\n", line)
			}
		}
	}
	if len(v.Steps) > 1 {
		fmt.Fprintf(w, "%s: %d of %s\n", core.Printable(l.Title), v.Points, core.Plural(v.Of, "point"))
	}
}

// explained says why a check does not hold, in lines for people.
func explained(c lesson.CheckVerdict, a lesson.Attempt) (lines []string) {
	why := core.Printable(c.Why)
	switch s := c.Shown; {
	case s == nil:
		lines = append(lines, why)
	case c.Code == lesson.CodeMissing:
		lines = append(lines, fmt.Sprintf("after %s: %s", place(s, a), why), "  "+core.Printable(s.Text))
	default:
		lines = append(lines, place(s, a)+": "+why)
		for line := range strings.SplitSeq(s.Text, "\n") {
			lines = append(lines, "  "+core.Printable(line))
		}
	}
	if c.Hint != nil {
		lines = append(lines, "hint: "+core.Printable(c.Hint.Words))
	}
	return lines
}

// place names an entry of a connection.
func place(s *lesson.Shown, a lesson.Attempt) string {
	name := core.Printable(a.Connections[s.Connection-1].Name)
	if s.Line > 0 {
		return fmt.Sprintf("%s:%d", name, s.Line)
	}
	return fmt.Sprintf("%s, entry %d", name, s.Entry)
}

// suites are a verdict for CI: a suite for each step, a case for each check.
func suites(l *lesson.Lesson, v *lesson.Verdict, a lesson.Attempt) (all []suite) {
	for _, s := range v.Steps {
		one := suite{Name: fmt.Sprintf("workbench lesson %s, step %d", l.Name, s.Step)}
		for _, c := range s.Checks {
			made := testCase{Class: fmt.Sprintf("lesson.%s.step%d", l.Name, s.Step), Name: c.Words}
			if !c.Holds {
				made.Failure = &problem{fmt.Sprintf("%s: %d of %s", c.Code, c.Points, core.Plural(c.Of, "point")), strings.Join(explained(c, a), "\n")}
			}
			one.Cases = append(one.Cases, made)
		}
		all = append(all, one)
	}
	return all
}
