package transcript

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of the rules above one entry.
const (
	MaxRules    = 64      // rules
	MaxRuleText = 4 << 10 // bytes of a rule's regexp or end
	MaxRuleSize = 1 << 20 // bytes that match size may name
)

// RuleKind says how a rule compares.
type RuleKind uint8

// The kinds of rule.
const (
	MatchRule RuleKind = iota + 1 // match "REGEXP", match bytes "REGEXP": what it finds in the payload may differ if it matches again
	AnyRule                       // any, any FROM TO: as many bytes with any values
	UntilRule                     // until "…": everything up to and including this
	UseRule                       // use NAME, use NAME at FROM TO, use NAME in "REGEXP": the text that a match has captured under this name
	FieldRule                     // match field NAME "REGEXP": a message that has a field of this name, whose whole value matches
	SizeRule                      // match size FROM..TO: any bytes, so many
	RateRule                      // rate >= 1MB/s, rate <= 1MB/s: how fast all comes that the side says before the other does
	OrderRule                     // any-order, any-order NAME: the entry may change places with those beside it that have the same rule
)

// Rule is above an entry whose bytes cross the network, and says which of them
// may differ when the session is played again. The payload stays as recorded.
// Package play interprets the rules; Parse checks only how they are written.
type Rule struct {
	Kind     RuleKind
	Field    string   // of a match field: its name
	Text     []byte   // the regexp, the end that until names, or the name; of any-order: the group's, empty without one; of rate: the bytes a second, as written
	Bytes    bool     // of match: the regexp is compared with bytes, also where the payload is text
	From, To int      // of any and use: bytes of the payload; To is 0 if none are named. Of match size: the sizes
	Compare  string   // of rate: >= or <=
	In       []byte   // of use: the regexp whose group is the place; nil for none
	Comments []string // as an entry's
	Line     int      // in the file, from 1
}

// AppendRule appends the rule as it follows its mark, on one line.
func AppendRule(dst []byte, r *Rule) []byte {
	switch r.Kind {
	case MatchRule:
		dst = append(dst, "match "...)
		if r.Bytes {
			dst = append(dst, "bytes "...)
		}
		dst = append(appendQuoted(append(dst, '"'), r.Text), '"')
	case FieldRule:
		dst = append(append(append(dst, "match field "...), r.Field...), ` "`...)
		dst = append(appendQuoted(dst, r.Text), '"')
	case AnyRule:
		dst = append(dst, "any"...)
		dst = appendFromTo(dst, r)
	case UntilRule:
		dst = append(appendQuoted(append(dst, `until "`...), r.Text), '"')
	case UseRule:
		dst = append(append(dst, "use "...), r.Text...)
		if r.To > 0 {
			dst = appendFromTo(append(dst, " at"...), r)
		}
		if r.In != nil {
			dst = append(appendQuoted(append(dst, ` in "`...), r.In), '"')
		}
	case SizeRule:
		dst = fmt.Appendf(dst, "match size %d..%d", r.From, r.To)
	case RateRule:
		dst = append(append(append(append(dst, "rate "...), r.Compare...), ' '), r.Text...)
	case OrderRule:
		dst = append(dst, "any-order"...)
		if len(r.Text) > 0 {
			dst = append(append(dst, ' '), r.Text...)
		}
	default:
		dst = append(dst, "unknown"...) // Parse refuses it
	}
	return dst
}

func appendFromTo(dst []byte, r *Rule) []byte {
	if r.To == 0 {
		return dst
	}
	dst = strconv.AppendInt(append(dst, ' '), int64(r.From), 10)
	return strconv.AppendInt(append(dst, ' '), int64(r.To), 10)
}

// ruleMark begins a rule as ">>" begins an event.
const ruleMark = "~~"

// rule takes what follows the mark of a rule.
func (p *parser) rule(s string, number int) *SyntaxError {
	r := Rule{Line: number}
	word, rest := cutWord(s)
	var err *SyntaxError
	switch word {
	case "match", "until":
		if r.Kind = MatchRule; word == "until" {
			r.Kind = UntilRule
		} else if first, after := cutWord(rest); first == "bytes" {
			r.Bytes, rest = true, after
		} else if first == "size" {
			r.Kind = SizeRule
			r.From, r.To, err = parseSizes(after)
			break
		} else if first == "field" {
			r.Kind = FieldRule
			if r.Field, rest = cutWord(after); !core.ValidFieldName(r.Field) {
				return errorf(`expected the name of a field, as in match field http.status "2.."; found %s`, shown(after))
			}
		}
		r.Text, err = unquote([]byte{}, rest, MaxRuleText)
		if err == nil && len(r.Text) == 0 {
			err = errorf("expected something between the quotes of %s", word)
		}
	case "any":
		r.Kind = AnyRule
		r.From, r.To, err = parseFromTo(rest)
	case "use":
		err = r.parseUse(rest)
	case "rate":
		r.Kind = RateRule
		r.Compare, rest = cutWord(rest)
		if r.Text = []byte(rest); r.Compare != ">=" && r.Compare != "<=" || r.BytesPerSecond() == 0 {
			err = errorf("expected >= or <= and a rate, as in rate >= 1.5MB/s, with B, kB, MB, GB, KiB, MiB or GiB; found %s", shown(s))
		}
	case "any-order":
		r.Kind, r.Text = OrderRule, []byte(rest)
		if rest != "" && !core.ValidName(rest) {
			err = errorf("expected any-order alone or the name of a group, such as any-order replies; found %s", shown(rest))
		}
	default:
		err = errorf(`expected match "REGEXP", match bytes "REGEXP", match field NAME "REGEXP", match size FROM..TO, any, any FROM TO, until "…", use NAME, use NAME at FROM TO, use NAME in "REGEXP", any-order or rate >= RATE; found %s`, shown(s))
	}
	if err != nil {
		return err
	}
	if len(p.rules) == MaxRules {
		return final("expected at most %d rules above an entry", MaxRules)
	}
	r.Comments = p.takeComments()
	p.rules = append(p.rules, r)
	p.at = atEntries
	return nil
}

// parseUse takes what follows use.
func (r *Rule) parseUse(s string) (err *SyntaxError) {
	name, s := cutWord(s)
	r.Kind, r.Text = UseRule, []byte(name)
	if !core.ValidName(name) {
		return errorf("expected the name that a match above captures, such as id of (?P<id>[0-9]+); found %s", shown(name))
	}
	switch word, rest := cutWord(s); {
	case word == "at" && rest != "":
		r.From, r.To, err = parseFromTo(rest)
	case word == "in":
		if r.In, err = unquote([]byte{}, rest, MaxRuleText); err == nil && len(r.In) == 0 {
			err = errorf("expected something between the quotes of in")
		}
	case word != "":
		err = errorf(`expected the place of %s, as in use %s at 4 12 or use %s in "tag=([a-z]+) "; found %s`, name, name, name, shown(s))
	}
	return err
}

// parseFromTo reads the two numbers that may follow any and at.
func parseFromTo(s string) (from, to int, err *SyntaxError) {
	if s == "" {
		return 0, 0, nil
	}
	first, second := cutWord(s)
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil || from < 0 || from >= to || to > core.MaxActionPayload {
		return 0, 0, errorf("expected the bytes from and to, as in any 4 12, or any alone; found %s", shown(s))
	}
	return from, to, nil
}

// parseSizes reads what follows match size.
func parseSizes(s string) (from, to int, err *SyntaxError) {
	least, most, _ := strings.Cut(s, "..")
	from, err1 := strconv.Atoi(least)
	to, err2 := strconv.Atoi(most)
	if err1 != nil || err2 != nil || from < 0 || to < max(from, 1) || to > MaxRuleSize || s != fmt.Sprintf("%d..%d", from, to) {
		return 0, 0, errorf("expected the fewest and the most bytes, to 1 MiB, as in match size 100..200; found %s", shown(s))
	}
	return from, to, nil
}

// rateUnits are what a rate may be in, in bytes a second.
var rateUnits = []struct {
	name  string
	bytes float64
}{{"GiB/s", 1 << 30}, {"MiB/s", 1 << 20}, {"KiB/s", 1 << 10}, {"GB/s", 1e9}, {"MB/s", 1e6}, {"kB/s", 1e3}, {"B/s", 1}}

// BytesPerSecond returns the rate of a rate rule; 0 for what is no rate.
func (r *Rule) BytesPerSecond() float64 {
	for _, unit := range rateUnits {
		number, ok := strings.CutSuffix(string(r.Text), unit.name)
		if !ok {
			continue
		}
		if len(number) > 15 || strings.Trim(number, "0123456789.") != "" {
			return 0
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0
		}
		return n * unit.bytes
	}
	return 0
}

// takesRules reports whether the payload of an entry can cross the network.
func takesRules(e *Entry) bool {
	switch e.Dir {
	case Event:
		return e.Event.Kind.IsBytes()
	case Action:
		return e.Action.Kind == core.SendServer
	}
	return false
}

// takeRules moves the rules so far to the entry.
func (p *parser) takeRules(e *Entry) *SyntaxError {
	if len(p.rules) > 0 && !takesRules(e) {
		return errorf(`expected bytes below the rule of line %d: >> server "…", << server "…", >> client text "…" or >> client binary "…"`, p.rules[0].Line)
	}
	e.Rules, p.rules = p.rules, nil
	return nil
}

// allComments returns all comments above the entry, its rules' among them.
func (e *Entry) allComments() []string {
	var all []string
	for i := range e.Rules {
		all = append(all, e.Rules[i].Comments...)
	}
	return append(all, e.Comments...)
}

// looseRules ends a file that has rules below its last entry: an error, unless
// the file was cut off and the entry is what is missing.
func (p *parser) looseRules() *SyntaxError {
	if len(p.rules) == 0 {
		return nil
	}
	if !p.t.CutOff {
		err := errorf("expected an entry below the rule")
		err.Line = p.rules[0].Line
		return err
	}
	loose := Entry{Rules: p.rules, Comments: p.comments}
	p.rules, p.comments = nil, loose.allComments()
	return nil
}
