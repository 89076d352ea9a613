package lesson

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// blockParser gathers the checks of a step.
type blockParser struct {
	*parser
	step   *Step
	target *[]condition // where an indented line belongs
	inHint bool
	any    int // how far the any order above is indented; -1: there is none
}

// step makes a step of a section.
func (p *parser) step(s *section, setting Setting) (Step, error) {
	step := Step{Title: s.title, Text: strings.TrimSpace(s.text.String()), Setting: setting}
	b := &blockParser{parser: p, step: &step, any: -1}
	for _, block := range s.blocks {
		if err := p.each(block, b.take); err != nil {
			return step, err
		}
	}
	p.line = s.line
	if len(step.Checks) == 0 {
		return step, p.errorf("expected a check, quiz or stage in a block lesson of the step %s", shown(s.title))
	}
	for i := range step.Checks {
		c := &step.Checks[i]
		if err := p.whole(&step, c); err != nil {
			p.line = c.Line
			return step, p.wrap(err)
		}
		step.Points += c.Points
		step.together = step.together || c.Kind == Stage || slices.ContainsFunc(c.conditions, func(c condition) bool { return c.kind == another })
	}
	return step, nil
}

// take takes a line of a step's block.
func (b *blockParser) take(indent int, line string) error {
	word, rest := cutWord(line)
	if indent > 0 {
		if len(b.step.Checks) == 0 {
			return errors.New("expected a check, quiz or stage above an indented line")
		}
		return b.indented(indent, line, word, rest)
	}
	b.any, b.inHint = -1, false
	switch word {
	case string(Observe), string(Quiz), string(Stage):
		return b.begin(Kind(word), rest)
	case "hint":
		return b.hint(rest)
	}
	if len(b.step.Checks) > 0 {
		return fmt.Errorf("expected check, quiz, stage or hint, or a condition further to the right; found %s", shown(line))
	}
	ok, err := b.setting(&b.step.Setting, word, rest)
	if !ok && err == nil {
		err = fmt.Errorf("expected check, quiz, stage, hint or a setting; found %s", shown(line))
	}
	return err
}

// begin takes the first line of a check.
func (b *blockParser) begin(kind Kind, rest string) error {
	if len(b.step.Checks) == MaxChecks {
		return fmt.Errorf("expected at most %d checks in a step", MaxChecks)
	}
	count, words := cutWord(rest)
	points, err := strconv.Atoi(count)
	if err != nil || points < 0 || points > MaxPoints || words == "" {
		return fmt.Errorf("expected points from 0 to %d and words, as in %s 2 you ask for the page; found %s", MaxPoints, kind, shown(rest))
	}
	if words, err = b.values.expand(words, plain); err != nil {
		return err
	}
	b.step.Checks = append(b.step.Checks, Check{N: len(b.step.Checks) + 1, Kind: kind, Points: points, Words: words, Line: b.line})
	b.target = &b.check().conditions
	return nil
}

func (b *blockParser) check() *Check { return &b.step.Checks[len(b.step.Checks)-1] }

func (b *blockParser) hint(words string) error {
	if len(b.step.Checks) == 0 {
		return errors.New("expected a check above its hint")
	}
	c := b.check()
	words, err := b.values.expand(words, plain)
	switch {
	case err != nil:
		return err
	case words == "":
		return errors.New("expected words after hint")
	case len(c.hints) == MaxHints:
		return fmt.Errorf("expected at most %d hints for a check", MaxHints)
	}
	c.hints = append(c.hints, hint{words: words})
	b.inHint, b.target = true, &c.hints[len(c.hints)-1].conditions
	return nil
}

// indented takes a line below a check or a hint.
func (b *blockParser) indented(indent int, line, word, rest string) error {
	c := b.check()
	if !b.inHint {
		switch {
		case c.Kind == Quiz:
			return b.quiz(c, word, rest)
		case line == "partial":
			c.partial = true
			return nil
		case c.Kind == Stage && word == "plays":
			g, err := b.golden(rest, 0)
			c.plays = g
			return err
		}
	}
	made, err := b.condition(line)
	switch {
	case err != nil:
		return err
	case made.kind == answered && !(b.inHint && c.Kind == Quiz):
		return errors.New("expected answer below a quiz or a hint for one")
	case made.kind == another && (b.inHint || c.Kind == Stage):
		return errors.New("expected another connection below a check")
	}
	if b.any >= 0 && indent > b.any {
		if made.kind == anyOrder || made.kind == another {
			return fmt.Errorf("expected no %s below any order", line)
		}
		group := &(*b.target)[len(*b.target)-1]
		group.any = append(group.any, made)
		return nil
	}
	if b.any = -1; made.kind == anyOrder {
		b.any = indent
	}
	*b.target = append(*b.target, made)
	return nil
}

// quiz takes a line below a quiz.
func (b *blockParser) quiz(c *Check, word, rest string) (err error) {
	switch word {
	case "right", "wrong":
		if rest, err = b.values.expand(rest, plain); err != nil {
			return err
		}
		if rest == "" || len(c.Choices) == MaxChoices {
			return fmt.Errorf("expected words after %s, and at most %d choices", word, MaxChoices)
		}
		c.Choices = append(c.Choices, Choice{rest, word == "right"})
	case "answer":
		c.answer, err = b.regexp(rest)
	case "shows":
		_, c.Shows, err = b.source.transcript(rest, b.values)
	default:
		err = fmt.Errorf("expected right, wrong, answer REGEXP or shows FILE below a quiz; found %s", shown(word))
	}
	return err
}

// whole says what a check lacks.
func (p *parser) whole(step *Step, c *Check) error {
	switch c.Kind {
	case Quiz:
		right := 0
		for _, choice := range c.Choices {
			if choice.right {
				right++
			}
		}
		if (c.answer != nil) == (len(c.Choices) > 0) || len(c.Choices) > 0 && (right == 0 || right == len(c.Choices)) {
			return errors.New("expected answer REGEXP below the quiz, or choices of which one at least is right and one wrong")
		}
	case Stage:
		if c.plays == nil || !step.Setting.YourServer {
			return errors.New("expected plays FILE below the stage, and your server PORT above")
		}
	default:
		if len(c.conditions) == 0 {
			return errors.New("expected a condition below the check")
		}
	}
	for _, all := range append([][]condition{c.conditions}, hintConditions(c)...) {
		for i, made := range all {
			last := i+1 == len(all) || all[i+1].kind == another
			if made.kind == anyOrder && len(made.any) == 0 || made.kind == another && (i == 0 || last) {
				p.line = made.line
				return p.errorf("expected conditions around %s", made.text)
			}
		}
	}
	return nil
}

func hintConditions(c *Check) (all [][]condition) {
	for _, h := range c.hints {
		all = append(all, h.conditions)
	}
	return all
}
