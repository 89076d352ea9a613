package fault

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// SyntaxError is a line that is no rule.
type SyntaxError struct {
	Line int    // from 1
	Msg  string // what was expected, and what was found
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse reads a file of rules. Its errors are a *SyntaxError, but for a file that is too
// large.
func Parse(text []byte) (*Rules, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("the fault rules have %d bytes; at most %d KiB fit", len(text), MaxFile>>10)
	}
	rules, seeded := &Rules{}, false
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		p := parser{rest: strings.TrimSpace(line)}
		switch {
		case p.rest == "" || p.rest[0] == '#':
			continue
		case !utf8.ValidString(line):
			p.fail("expected UTF-8; write other bytes as \\xNN")
		case p.word("seed"):
			if seeded || len(rules.All) > 0 {
				p.fail("expected seed once, before the rules")
			}
			rules.Seed, seeded = p.seed(), true
		case len(rules.All) == MaxRules:
			p.fail("expected at most %d rules", MaxRules)
		default:
			rule := p.rule()
			rule.Line, rule.Text = number, strings.TrimSpace(line)
			rules.All = append(rules.All, rule)
		}
		p.end()
		if p.err != "" {
			return nil, &SyntaxError{number, p.err}
		}
	}
	if len(rules.All) == 0 {
		return nil, &SyntaxError{max(number, 1), `expected a rule, such as: from-server after line 1: delay 2s`}
	}
	return rules, nil
}

// parser reads one line. The first thing that is wrong stands in err.
type parser struct {
	rest string
	err  string
}

func (p *parser) fail(format string, args ...any) {
	if p.err == "" {
		p.err = fmt.Sprintf(format, args...)
	}
}

// expected fails with what stands here.
func (p *parser) expected(what string) {
	found := "the end of the line"
	if p.rest != "" {
		found = strconv.Quote(core.CutWords(p.rest, 40))
	}
	p.fail("expected %s; found %s", what, found)
}

// peek returns the next word, which ends before a blank, a colon or a quote.
func (p *parser) peek() string {
	if i := strings.IndexAny(p.rest, " \t:\"#"); i >= 0 {
		return p.rest[:i]
	}
	return p.rest
}

func (p *parser) skip(n int) { p.rest = strings.TrimLeft(p.rest[n:], " \t") }

// word takes a word, if it is the next one.
func (p *parser) word(w string) bool {
	if p.err != "" || w == "" || p.peek() != w {
		return false
	}
	p.skip(len(w))
	return true
}

// end expects that nothing is left but a comment.
func (p *parser) end() {
	if p.rest != "" && p.rest[0] != '#' {
		p.expected("the end of the line")
	}
}

func (p *parser) seed() uint64 {
	n, err := strconv.ParseUint(p.peek(), 10, 64)
	if err != nil {
		p.expected("a number after seed, as in seed 42")
		return 0
	}
	p.skip(len(p.peek()))
	return n
}

func (p *parser) isNumber() bool {
	word := p.peek()
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// number takes a number from least to most.
func (p *parser) number(least, most int64, what string) int64 {
	n, err := strconv.ParseInt(p.peek(), 10, 64)
	if err != nil || n < least || n > most {
		p.expected(fmt.Sprintf("%s from %d to %d", what, least, most))
		return least
	}
	p.skip(len(p.peek()))
	return n
}

// quoted takes a string as Go writes it, of 1 to most bytes.
func (p *parser) quoted(most int, what string) string {
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil || quoted[0] != '"' {
		p.expected(what)
		return ""
	}
	text, _ := strconv.Unquote(quoted)
	if len(text) == 0 || len(text) > most {
		p.fail("expected %s with 1 to %d bytes between the quotes; found %d", what, most, len(text))
	}
	p.skip(len(quoted))
	return text
}

const ruleForm = "from-server, to-server, from-client or to-client"

// rule takes FLOW TRIGGER [with chance P%]: ACTION.
func (p *parser) rule() (r Rule) {
	flow, ok := core.ParseFlow(p.peek())
	if !ok {
		p.expected(ruleForm)
		return r
	}
	p.skip(len(p.peek()))
	r.Flow, r.Chance = flow, 100
	r.When = p.trigger(flow)
	if p.word("with") {
		r.Chance = p.chance()
	}
	if p.err != "" {
		return r
	}
	if !strings.HasPrefix(p.rest, ":") {
		p.expected(`":" and what is to happen, as in: from-server after line 1: delay 2s`)
		return r
	}
	p.skip(1)
	r.Do = p.action(&r)
	return r
}

func (p *parser) chance() int {
	const form = "chance and percents from 1% to 99%, as in with chance 10%"
	text, ok := strings.CutSuffix(strings.TrimPrefix(p.chanceWord(), "chance "), "%")
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 1 || n > 99 {
		p.expected(form)
		return 100
	}
	p.word("chance")
	p.skip(len(p.peek()))
	return n
}

// chanceWord returns "chance " and the word that follows, or what stands there instead.
func (p *parser) chanceWord() string {
	ahead := *p
	if !ahead.word("chance") {
		return ""
	}
	return "chance " + ahead.peek()
}

const triggerForm = `at BYTE, after line N, after match "REGEXP", on match "REGEXP", after message N or after field NAME "REGEXP"`

// trigger takes what a rule waits for.
func (p *parser) trigger(flow core.Flow) (t Trigger) {
	t.N = 1
	switch {
	case p.word("at"):
		t.Kind, t.N = AtByte, p.number(0, core.MaxFlow, "a byte of the flow, 0 being the first,")
		return t
	case p.word("on"):
		if t.Every = p.word("every"); !p.word("match") {
			p.expected(`match and a regexp, as in on match "^QUIT"`)
		}
		t.Kind = OnMatch
	case p.word("after"):
		t.Every = p.word("every")
		switch {
		case p.word("line"):
			t.Kind = AfterLine
		case p.word("match"):
			t.Kind = AfterMatch
		case p.word("message"):
			t.Kind = AfterMessage
		case p.word("field"):
			t.Kind = AfterField
		default:
			p.expected(triggerForm)
		}
	default:
		p.expected(triggerForm)
	}
	if p.err != "" {
		return t
	}
	if p.isNumber() && t.Every {
		p.expected("no number: every is each time")
	} else if p.isNumber() {
		t.N = p.number(1, math.MaxInt32, "how many times,")
	} else if !t.Every && (t.Kind == AfterLine || t.Kind == AfterMessage) {
		p.expected("a number, as in after line 1, or every before it")
	}
	switch t.Kind {
	case OnMatch, AfterMatch:
		t.match = p.regexp(t.Kind == AfterMatch)
	case AfterField:
		t.Field, t.value = p.field()
	}
	if t.Kind == AfterMessage || t.Kind == AfterField {
		t.Of = p.of(flow)
	}
	return t
}

// of takes the flow of which messages are counted.
func (p *parser) of(flow core.Flow) core.Flow {
	if isIncoming(flow) {
		p.fail("expected to-server or to-client for a rule about messages: what comes from a peer is not decoded yet; use match or line there")
	}
	if !p.word("of") {
		return flow
	}
	of, ok := core.ParseFlow(p.peek())
	if !ok {
		p.expected(ruleForm + " after of")
		return flow
	}
	p.skip(len(p.peek()))
	return of
}

func (p *parser) regexp(first bool) *matcher {
	text := p.quoted(core.MaxFieldText, `a regexp in quotes, as in match "^250 "`)
	if p.err != "" {
		return nil
	}
	m, err := newMatcher(text)
	if err != nil {
		p.fail("expected a regexp for a stream: %v", err)
		return nil
	}
	return m.fresh(first)
}

func (p *parser) field() (name string, value *regexp.Regexp) {
	name = p.peek()
	if !core.ValidFieldName(name) {
		p.expected(`the name of a field and a regexp for its value, as in field resp.type "error"`)
		return "", nil
	}
	p.skip(len(name))
	text := p.quoted(core.MaxFieldText, "a regexp in quotes for the field's value")
	if p.err != "" {
		return name, nil
	}
	value, err := regexp.Compile(text)
	if err != nil {
		p.fail("expected a regexp: %v", err)
	}
	return name, value
}

// action takes what a rule does.
func (p *parser) action(r *Rule) (a Action) {
	word := p.peek()
	for v, s := range verbs {
		if s != "" && s == word {
			a.Verb = Verb(v)
		}
	}
	if a.Verb == 0 {
		p.expected("delay, cut, drop, replace, duplicate, forge, answer, half-close, reset, stall or limit")
		return a
	}
	p.skip(len(word))
	switch a.Verb {
	case Delay:
		a.Pause = p.pause()
	case Limit:
		a.Rate = p.number(1, 1<<30, "bytes a second")
	}
	switch a.Verb {
	case Cut, Limit:
		if a.Extent.Kind = Rest; p.err == "" && p.rest != "" && p.rest[0] != '#' {
			a.Extent = p.extent(r, true, core.MaxFlow)
		}
	case Drop:
		a.Extent = p.extent(r, true, core.MaxFlow)
	case Replace, Duplicate, Answer:
		a.Extent = p.extent(r, false, MaxBytes)
	}
	switch a.Verb {
	case Answer:
		if r.Flow != core.ToServer {
			p.fail("expected to-server for answer: it is what goes to the server that is answered in its place")
		}
		fallthrough
	case Replace, Forge:
		a.Forged = []byte(p.quoted(MaxBytes, "bytes in quotes"))
	}
	return a
}

func (p *parser) pause() time.Duration {
	d, err := time.ParseDuration(p.peek())
	if err != nil || d <= 0 || d > MaxPause {
		p.expected(fmt.Sprintf("a time up to %v, as in delay 500ms", MaxPause))
		return 0
	}
	p.skip(len(p.peek()))
	return d
}

// extent takes which bytes an action is about.
func (p *parser) extent(r *Rule, rest bool, most int64) (e Extent) {
	switch {
	case p.word("line"):
		return Extent{Kind: Line}
	case p.word("match"):
		if r.When.Kind != OnMatch {
			p.fail("expected on match for what a rule does to the match: after it, the match has gone on already")
		}
		return Extent{Kind: Match}
	case rest && p.word("rest"):
		return Extent{Kind: Rest}
	case p.isNumber():
		e = Extent{Bytes, p.number(1, most, "a number of bytes")}
		if !p.word("bytes") && !p.word("byte") {
			p.expected("bytes after their number, as in 5 bytes")
		}
		return e
	case rest:
		p.expected("which bytes: N bytes, line, match or rest")
	default:
		p.expected("which bytes: N bytes, line or match")
	}
	return e
}
