package play

import (
	"fmt"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// Rate is how fast a peer said all that it says before the other side does, where a rule
// asks for it. The time begins when we have said what came before it, or else when the
// talk begins or the last such run was over, and ends with its last byte.
type Rate struct {
	File   string
	Line   int    // of the rule
	Rule   string // as a transcript has it
	Bytes  int64
	Within time.Duration
	OK     bool // the rule holds
}

// String tells the figures.
func (r *Rate) String() string {
	return fmt.Sprintf("%s: %d bytes in %v", rateWords(perSecond(r.Bytes, r.Within)), r.Bytes, r.Within.Round(time.Microsecond))
}

// perSecond counts what took no time that a clock shows as a nanosecond's.
func perSecond(bytes int64, within time.Duration) float64 {
	return float64(bytes) / max(within, 1).Seconds()
}

func rateWords(bytes float64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"GB/s", 1e9}, {"MB/s", 1e6}, {"kB/s", 1e3}} {
		if bytes >= unit.size {
			return fmt.Sprintf("%.3g", bytes/unit.size) + unit.name
		}
	}
	return fmt.Sprintf("%.0fB/s", bytes)
}

// rateRules returns the rate rules above an entry.
func rateRules(e *transcript.Entry) (all []*transcript.Rule) {
	for i := range e.Rules {
		if e.Rules[i].Kind == transcript.RateRule {
			all = append(all, &e.Rules[i])
		}
	}
	return all
}

// rates refuses rules about rates that do not stand where what they measure begins.
func (b *builder) rates() error {
	first := 0
	for i := range b.steps {
		s := &b.steps[i]
		if i == 0 || s.kind != bytesStep || b.steps[i-1].kind != bytesStep || b.steps[i-1].from != s.from {
			first = i
		}
		switch {
		case len(s.rates) == 0:
			continue
		case i > first:
			return b.unusable(s.rates[0].Line, "expected rate above the first entry of what the %s says there, that of line %d: it is about all that comes before the other side speaks", s.from, b.steps[first].line)
		case s.order != nil:
			return b.unusable(s.rates[0].Line, "expected rate above an entry that keeps its place, and not one in any order")
		}
		if b.rated == 0 {
			b.rated = s.rates[0].Line
		}
	}
	return nil
}

// rating is the run of the peer's that is being measured.
type rating struct {
	rules []*transcript.Rule
	line  int // of its first entry
	begun int // 1 + the step that it began with, so that it begins once
	end   int // the step after it
	from  int64
	whole []measured // those that are over, until the talk has told of them
}

// measured is a run that was measured.
type measured struct {
	rules      []*transcript.Rule
	line       int
	from, size int64
}

// rate follows which run the peer is in. What differs is not measured.
func (p *Player) rate() {
	r := &p.rating
	if r.rules != nil && p.at >= r.end {
		if p.differs == nil {
			r.whole = append(r.whole, measured{r.rules, r.line, r.from, p.offset - r.from})
		}
		r.rules = nil
	}
	if p.at < len(p.steps) && len(p.steps[p.at].rates) > 0 && p.steps[p.at].from != p.as && r.begun != p.at+1 {
		s := &p.steps[p.at]
		r.rules, r.line, r.from, r.begun, r.end = s.rates, s.line, p.offset, p.at+1, p.runEnd()
	}
}

// ahead reports whether bytes of the run that is measured have come.
func (p *Player) ahead() bool {
	return p.rating.rules != nil && p.offset+int64(p.off+len(p.held)+len(p.choosing.came)) > p.rating.from
}

// unrated returns a *transcript.SyntaxError if the script has rules about rates.
func (s *Script) unrated() error {
	if s.rated == 0 {
		return nil
	}
	return &transcript.SyntaxError{File: s.file, Line: s.rated, Msg: "expected no rate here: it is measured only where one recording is played, and not a connection of several"}
}

// speaks begins the time of what the peer says next. The lock is held.
func (k *talk) speaks() {
	if p, ok := k.p.(*Player); ok && !p.ahead() {
		k.turn = time.Now()
	}
}

// tellRates tells of the runs that are over, and makes differences of those that were not as
// fast or as slow as they should be. The lock is held.
func (k *talk) tellRates() {
	p, ok := k.p.(*Player)
	if !ok || len(p.rating.whole) == 0 {
		return
	}
	now := time.Now()
	for _, run := range p.rating.whole {
		for _, rule := range run.rules {
			r := Rate{File: p.file, Line: rule.Line, Rule: string(transcript.AppendRule(nil, rule)), Bytes: run.size, Within: now.Sub(k.turn)}
			got := perSecond(r.Bytes, r.Within)
			r.OK = got == rule.BytesPerSecond() || (got > rule.BytesPerSecond()) == strings.HasPrefix(rule.Compare, ">")
			if k.Rate != nil {
				k.Rate(r)
			}
			if !r.OK {
				k.differ(&Mismatch{File: p.file, Line: run.line, From: other(p.as), Offset: run.from, Want: r.Rule, Got: r.String()})
			}
		}
		k.turn = now
	}
	p.rating.whole = nil
}

// differ tells of a mismatch, and ends the talk unless it is to go on. The lock is held.
func (k *talk) differ(m *Mismatch) {
	if k.stopped == nil && (k.Mismatch == nil || !k.Mismatch(m)) {
		k.stop(m)
	}
}
