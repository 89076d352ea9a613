package lesson

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// MaxConnections bounds what is judged of an attempt; the last ones count.
const MaxConnections = 64

// Attempt is what a student has done.
type Attempt struct {
	Connections []Connection // in the order in which they began
	// Answers are those to quizzes, by the number of the step and of the check in it,
	// such as "2.1". One to choose is its number, from 1, or its words.
	Answers map[string]string
}

// Connection is the transcript of one. It may be of a session that is running.
type Connection struct {
	Name string // for people, such as a file or an ID
	Log  *transcript.Transcript
}

// MaxAnswer bounds what counts of an answer, in bytes.
const MaxAnswer = 4 << 10

// StageRemark returns the remark that marks a transcript as that of a stage which was
// played to the student's server, so that it counts for this stage alone.
func StageRemark(step, check int) string {
	return fmt.Sprintf("lesson stage %d.%d", step, check)
}

// Judge judges all steps.
func (l *Lesson) Judge(a Attempt) *Verdict {
	v := &Verdict{Lesson: l.Name, Seed: l.seed, Passed: true}
	wires := newWires(a)
	for i := range l.Steps {
		s := l.Steps[i].judge(a, wires)
		v.Passed = v.Passed && s.Passed
		v.Points += s.Points
		v.Of += s.Of
		v.Steps = append(v.Steps, s)
	}
	return v
}

// JudgeStep judges one step alone, from 1.
func (l *Lesson) JudgeStep(n int, a Attempt) (*Verdict, error) {
	if n < 1 || n > len(l.Steps) {
		return nil, fmt.Errorf("lesson %s has steps 1 to %d, and no step %d", l.Name, len(l.Steps), n)
	}
	one := *l
	one.Steps = l.Steps[n-1 : n]
	return one.Judge(a), nil
}

// attempted is a connection, taken apart.
type attempted struct {
	*wire
	number int    // in Attempt.Connections, from 1
	stage  string // of a stage's
}

func newWires(a Attempt) []attempted {
	var all []attempted
	for i := max(0, len(a.Connections)-MaxConnections); i < len(a.Connections); i++ {
		c := attempted{newWire(a.Connections[i].Log), i + 1, ""}
		for _, e := range c.log.Entries {
			if e.Dir != transcript.Remark {
				break
			}
			if strings.HasPrefix(e.Remark, "lesson stage ") {
				c.stage = e.Remark
			}
		}
		all = append(all, c)
	}
	return all
}

// judge judges a step: each connection by itself, and the best counts, of equals the
// last; or all together.
func (s *Step) judge(a Attempt, wires []attempted) StepVerdict {
	if s.together || len(wires) == 0 {
		return s.judgeOn(a, wires)
	}
	var best StepVerdict
	for i := range wires {
		if v := s.judgeOn(a, wires[i:i+1]); i == 0 || v.Passed || v.Points >= best.Points && !best.Passed {
			best = v
		}
	}
	return best
}

func (s *Step) judgeOn(a Attempt, wires []attempted) StepVerdict {
	v := StepVerdict{Step: s.N, Title: s.Title, Passed: true, Of: s.Points}
	for i := range s.Checks {
		c := &s.Checks[i]
		var r CheckVerdict
		answer := core.CutWords(strings.TrimSpace(a.Answers[strconv.Itoa(s.N)+"."+strconv.Itoa(c.N)]), MaxAnswer)
		var seen *attempted
		switch c.Kind {
		case Quiz:
			r = c.ask(answer)
			answer = c.words(answer)
		case Stage:
			r, seen = c.judgeStage(s.N, wires)
		default:
			r, seen = c.judgeParts(wires)
		}
		r.Check, r.Kind, r.Words, r.Of = c.N, c.Kind, c.Words, c.Points
		if r.Holds {
			r.Points = c.Points
		} else {
			r.Hint = c.hint(seen, answer)
			if v.Hint == nil || r.Hint != nil && r.Hint.Mistake && !v.Hint.Mistake {
				v.Hint = r.Hint
			}
		}
		v.Passed = v.Passed && r.Holds
		v.Points += r.Points
		v.Checks = append(v.Checks, r)
	}
	return v
}

// parts cuts conditions where another connection begins.
func parts(all []condition) [][]condition {
	parts := [][]condition{nil}
	for _, c := range all {
		if c.kind == another {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], c)
	}
	return parts
}

// judgeParts looks for a connection in which each part holds, later than the part
// above has it. It returns the connection that tells most about what does not.
func (c *Check) judgeParts(wires []attempted) (r CheckVerdict, seen *attempted) {
	if len(wires) == 0 {
		return CheckVerdict{Code: CodeNoConnection, Why: "there is no connection yet"}, nil
	}
	all := parts(c.conditions)
	next, held, of := 0, 0, 0
	failed := false
	for _, part := range all {
		best := -1
		var found CheckVerdict
		var bestHeld, n int
		for i := next; i < len(wires) && !failed; i++ {
			v, heldHere, total := judgePart(&wires[i], part)
			if n = total; best < 0 || heldHere >= bestHeld {
				best, bestHeld, found = i, heldHere, v
			}
			if v.Holds {
				break
			}
		}
		held += bestHeld
		of += max(n, len(part))
		switch {
		case failed:
			continue
		case best < 0:
			r = CheckVerdict{Code: CodeNoConnection, Why: "there is no other connection after it yet"}
			failed = true
			continue
		}
		r, seen, next = found, &wires[best], best+1
		failed = !found.Holds
	}
	if c.partial && !r.Holds {
		r.Points = c.Points * held / of
	}
	return r, seen
}

// judgePart says whether conditions hold in a connection, and how many of them.
func judgePart(w *attempted, conditions []condition) (v CheckVerdict, held, of int) {
	v.Holds = true
	outcomes := w.observe(conditions, "")
	for _, o := range outcomes {
		switch {
		case o.holds:
			if held++; v.Holds && o.entry >= 0 {
				v.show(w, o.entry)
			}
		case v.Holds:
			v = CheckVerdict{Code: o.code, Why: o.why, Condition: o.line, Shown: v.Shown}
			if o.entry >= 0 {
				v.show(w, o.entry)
			}
		}
	}
	return v, held, len(outcomes)
}

// judgeStage looks for the connection of a stage: one that was played for it, or any
// that agrees with what it plays.
func (c *Check) judgeStage(step int, wires []attempted) (r CheckVerdict, seen *attempted) {
	r = CheckVerdict{Code: CodeNoConnection, Why: "it was not played to a server yet"}
	for i := range wires {
		w := &wires[i]
		if w.stage != "" && w.stage != StageRemark(step, c.N) {
			continue
		}
		v, _, _ := judgePart(w, append([]condition{{kind: reaches, gold: c.plays, line: c.Line}}, c.conditions...))
		if v.Holds || w.stage != "" {
			r, seen = v, w
		}
		if v.Holds {
			break
		}
	}
	return r, seen
}

// words returns what the student chose, if it was by number.
func (c *Check) words(answer string) string {
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(c.Choices) {
		return c.Choices[n-1].Words
	}
	return answer
}

// ask judges the answer to a quiz.
func (c *Check) ask(answer string) CheckVerdict {
	if answer == "" {
		return CheckVerdict{Code: CodeNoAnswer, Why: "the question is not answered yet"}
	}
	words := c.words(answer)
	right := c.answer != nil && c.answer.MatchString(answer)
	for _, choice := range c.Choices {
		right = right || choice.right && choice.Words == words
	}
	if right {
		return CheckVerdict{Holds: true}
	}
	return CheckVerdict{Code: CodeAnswer, Why: "the answer is not right"}
}

// hint returns the first hint that fits what was done: one whose conditions all hold,
// or one without any.
func (c *Check) hint(seen *attempted, answer string) *HintVerdict {
	if seen == nil {
		seen = &attempted{wire: newWire(&transcript.Transcript{})}
	}
	for i, h := range c.hints {
		fits := true
		for _, o := range seen.observe(h.conditions, answer) {
			fits = fits && o.holds
		}
		if fits {
			return &HintVerdict{Check: c.N, Hint: i + 1, Words: h.words, Mistake: len(h.conditions) > 0}
		}
	}
	return nil
}
