package lesson

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxCases bounds the cases of a lesson.
const MaxCases = 256

// Case is a way to do a step, right or wrong, and the verdict that it must get.
type Case struct {
	Name string
	Line int // in tests/cases.txt
	Step int // 0: the whole lesson

	seed      string // "": several are tried
	played    []played
	answers   map[string]string
	passed    *bool
	points    int // below 0: any
	holds     []string
	fails     []string // numbers of checks, STEP.CHECK or, with a step, CHECK
	hint      *regexp.Regexp
	mistake   bool // the hint is for a mistake
	noMistake bool
}

// played is a transcript that a case has, of the student with this seed.
type played struct{ file, as string }

// caseSeeds are tried where a case names none: the verdict must not depend on who the
// student is.
var caseSeeds = []string{"anna", "student-2", "7"}

// Result is what became of a case.
type Result struct {
	Case    *Case
	Seed    string
	Faults  []string // how the verdict differs from what the case expects; none: it does not
	Verdict *Verdict
}

// Cases reads tests/cases.txt. A lesson without it has none.
func (s *Source) Cases() ([]Case, error) {
	data, ok := s.files[casesFile]
	if !ok {
		return nil, nil
	}
	var all []Case
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest := cutWord(line)
		var err error
		switch {
		case word == "case" && rest != "" && len(all) < MaxCases:
			all = append(all, Case{Name: rest, Line: number, points: -1, answers: map[string]string{}})
		case word == "case":
			err = fmt.Errorf("expected a name after case, and at most %d cases", MaxCases)
		case len(all) == 0:
			err = errors.New("expected case NAME above all else")
		default:
			err = all[len(all)-1].take(word, rest)
		}
		if err != nil {
			return nil, &Error{casesFile, number, err.Error()}
		}
	}
	return all, nil
}

// take takes a line of a case.
func (c *Case) take(word, rest string) (err error) {
	switch word {
	case "step":
		if c.Step, err = strconv.Atoi(rest); err != nil || c.Step < 1 {
			err = fmt.Errorf("expected the number of a step; found %s", shown(rest))
		}
	case "seed":
		if c.seed = rest; !ValidSeed(rest) {
			err = fmt.Errorf("expected a seed; found %s", shown(rest))
		}
	case "transcript":
		file, as := cutWord(rest)
		seed, found := strings.CutPrefix(as, "as ")
		if file == "" || as != "" && (!found || !ValidSeed(seed)) {
			err = fmt.Errorf("expected transcript FILE or transcript FILE as SEED; found %s", shown(rest))
		}
		c.played = append(c.played, played{path.Join(path.Dir(casesFile), file), seed})
	case "answer":
		check, text := cutWord(rest)
		c.answers[check] = text
	case "passed", "failed":
		passed := word == "passed"
		if c.passed = &passed; rest != "" {
			err = fmt.Errorf("expected nothing after %s", word)
		}
	case "points":
		if c.points, err = strconv.Atoi(rest); err != nil || c.points < 0 {
			err = fmt.Errorf("expected a number of points; found %s", shown(rest))
		}
	case "holds":
		c.holds = append(c.holds, strings.Fields(rest)...)
	case "fails":
		c.fails = append(c.fails, strings.Fields(rest)...)
	case "hint":
		c.mistake = true
		c.hint, err = regexp.Compile(rest)
	case "no":
		if c.noMistake = true; rest != "hint" {
			err = errors.New("expected no hint")
		}
	default:
		err = fmt.Errorf("expected case, step, seed, transcript, answer, passed, failed, points, holds, fails, hint or no hint; found %s", shown(word))
	}
	return err
}

// Try judges a case: for the student that it names, or for several. It stops at the
// first verdict that is not as expected. An error says what cannot be used.
func (s *Source) Try(c *Case) (Result, error) {
	var r Result
	for _, seed := range c.Seeds() {
		l, err := s.For(seed)
		if err != nil {
			return r, err
		}
		a, err := s.Attempt(c, seed)
		if err != nil {
			return r, err
		}
		if r, err = l.TryOn(c, a); err != nil || len(r.Faults) > 0 {
			return r, err
		}
	}
	return r, nil
}

// Seeds returns the seeds of the students that a case is tried for.
func (c *Case) Seeds() []string {
	if c.seed != "" {
		return []string{c.seed}
	}
	return caseSeeds
}

// Attempt returns what the student with this seed does in a case.
func (s *Source) Attempt(c *Case, seed string) (Attempt, error) {
	a := Attempt{Answers: map[string]string{}}
	at := &parser{file: casesFile, line: c.Line}
	for _, p := range c.played {
		values := student{seed, s.values}
		if p.as != "" {
			values.seed = p.as
		}
		t, _, err := s.transcript(p.file, values)
		if err != nil {
			return a, at.wrap(err)
		}
		a.Connections = append(a.Connections, Connection{p.file, t})
	}
	for check, text := range c.answers {
		answer, err := student{seed, s.values}.expand(text, plain)
		if err != nil {
			return a, at.wrap(err)
		}
		a.Answers[c.full(check)] = answer
	}
	return a, nil
}

// TryOn judges an attempt, and compares the verdict with what the case expects.
func (l *Lesson) TryOn(c *Case, a Attempt) (Result, error) {
	v := l.Judge(a)
	if c.Step > 0 {
		var err error
		if v, err = l.JudgeStep(c.Step, a); err != nil {
			return Result{}, &Error{casesFile, c.Line, err.Error()}
		}
	}
	return Result{c, l.seed, c.faults(v), v}, nil
}

// full returns the number of a check with its step's.
func (c *Case) full(check string) string {
	if c.Step > 0 && !strings.Contains(check, ".") {
		return strconv.Itoa(c.Step) + "." + check
	}
	return check
}

// faults says how a verdict differs from what the case expects.
func (c *Case) faults(v *Verdict) (all []string) {
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if c.passed != nil && *c.passed != v.Passed {
		fault("expected %s, got %s", passedWords(*c.passed), passedWords(v.Passed))
	}
	if c.points >= 0 && c.points != v.Points {
		fault("expected %d points, got %d of %d", c.points, v.Points, v.Of)
	}
	state := map[string]bool{}
	var hints []string
	for _, s := range v.Steps {
		for _, r := range s.Checks {
			state[fmt.Sprintf("%d.%d", s.Step, r.Check)] = r.Holds
		}
		if s.Hint != nil && s.Hint.Mistake {
			hints = append(hints, s.Hint.Words)
		}
	}
	for i, list := range [][]string{c.holds, c.fails} {
		for _, check := range list {
			holds, found := state[c.full(check)]
			switch {
			case !found:
				fault("there is no check %s", check)
			case holds != (i == 0):
				fault("expected check %s to %s, and it does not", check, [...]string{"hold", "fail"}[i])
			}
		}
	}
	shown := strings.Join(hints, " / ")
	switch {
	case c.mistake && !slices.ContainsFunc(hints, c.hint.MatchString):
		fault("expected a hint that is %s, got %q", c.hint, shown)
	case c.noMistake && len(hints) > 0:
		fault("expected no hint for a mistake, got %q", shown)
	}
	return all
}

func passedWords(passed bool) string {
	if passed {
		return "passed"
	}
	return "failed"
}

// NamesMistake reports whether a hint for a mistake is expected.
func (c *Case) NamesMistake() bool { return c.mistake }
