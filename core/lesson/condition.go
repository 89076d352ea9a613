package lesson

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// condition is one line below a check or a hint.
type condition struct {
	kind  conditionKind
	not   bool
	side  core.Side
	re    *regexp.Regexp
	n     int     // of segments
	data  []byte  // of bytes
	gold  *golden // of reaches
	field fieldTest
	name  string      // of header: mode, target, or the option's after "option "
	any   []condition // of anyOrder: to hold in whichever order
	text  string      // as it was written, its values expanded
	line  int         // in lesson.md
}

type conditionKind uint8

const (
	sent        conditionKind = iota // a line of the side
	stream                           // the side's stream, from where the conditions above have got to
	bytesSent                        // these bytes in the side's stream, likewise
	closed                           // the side ended its stream
	reset                            // the connection broke on the side
	closedFirst                      // the side ended its stream before the other one did
	bareLF                           // the side sent an LF without a CR before it
	noBareLF                         // the side sent CR LF, and no LF without a CR
	segments                         // the side's bytes, or a line of it, came in so many pieces
	reaches                          // a golden
	entry                            // an entry as the transcript has it
	header                           // the mode, the target or an option of the session
	answered                         // the answer of a quiz; in hints alone
	field                            // of a message that the line mode has recognised
	anyOrder
	another // the conditions below hold in a later connection
)

const conditionForms = "expected client sent REGEXP, client stream REGEXP, client bytes HEX, client closed, client closed first or client reset, the same of server, " +
	"no bare LF, bare LF, at least N segments, golden FILE, entry REGEXP, FIELD = VALUE, FIELD ~ REGEXP, FIELD wrong, mode REGEXP, option NAME REGEXP, target REGEXP, any order or another connection"

// condition takes a condition.
func (p *parser) condition(s string) (c condition, err error) {
	c = condition{line: p.line}
	if p.conditions++; p.conditions > MaxConditions {
		return c, fmt.Errorf("expected at most %d conditions in a lesson", MaxConditions)
	}
	if c.text, err = p.values.expand(s, plain); err != nil {
		return c, err
	}
	rest, found := strings.CutPrefix(s, "not ")
	c.not = found
	rest = strings.TrimSpace(rest)
	word, arg := cutWord(rest)
	switch word {
	case "any", "another":
		switch {
		case c.not:
			return c, fmt.Errorf("expected no not before %s", rest)
		case rest == "any order":
			c.kind = anyOrder
			return c, nil
		case rest == "another connection":
			c.kind = another
			return c, nil
		}
	case "client", "server":
		if c.side = core.Client; word == "server" {
			c.side = core.Server
		}
		return p.sideCondition(c, arg)
	case "no", "bare":
		if c.kind = bareLF; word == "no" {
			c.kind = noBareLF
			arg, _ = strings.CutPrefix(arg, "bare ")
		}
		switch arg {
		case "LF", "LF from client":
			c.side = core.Client
			return c, nil
		case "LF from server":
			c.side = core.Server
			return c, nil
		}
	case "at":
		return p.segments(c, arg)
	case "golden":
		c.kind = reaches
		c.gold, err = p.golden(arg, 0)
		return c, err
	case "entry":
		c.kind = entry
		c.re, err = p.regexp(arg)
		return c, err
	case "mode", "target":
		c.kind, c.name = header, word
		c.re, err = p.regexp(arg)
		return c, err
	case "option":
		name, value := cutWord(arg)
		c.kind, c.name = header, "option "+name
		c.re, err = p.regexp(value)
		return c, err
	case "answer":
		c.kind = answered
		c.re, err = p.regexp(arg)
		return c, err
	}
	if ok, err := p.field(&c, rest); ok {
		return c, err
	}
	return c, fmt.Errorf("%s; found %s", conditionForms, shown(s))
}

// sideCondition takes what follows client or server.
func (p *parser) sideCondition(c condition, s string) (condition, error) {
	word, arg := cutWord(s)
	var err error
	switch {
	case word == "sent":
		c.kind = sent
		c.re, err = p.regexp(arg)
	case word == "stream":
		c.kind = stream
		c.re, err = p.regexp(arg)
	case word == "bytes":
		c.kind = bytesSent
		if c.data, err = hex.DecodeString(strings.ReplaceAll(arg, " ", "")); err != nil || len(c.data) == 0 {
			err = fmt.Errorf("expected bytes in hex, as in client bytes 00 05; found %s", shown(arg))
		}
	case word == "golden":
		c.kind = reaches
		c.gold, err = p.golden(arg, c.side)
	case s == "closed":
		c.kind = closed
	case s == "closed first":
		c.kind = closedFirst
	case s == "reset":
		c.kind = reset
	default:
		var ok bool
		if ok, err = p.field(&c, s); !ok {
			err = fmt.Errorf("%s; found %s", conditionForms, shown(s))
		}
	}
	return c, err
}

// segments takes least N segments [from client|server] [in REGEXP].
func (p *parser) segments(c condition, s string) (condition, error) {
	c.kind, c.side = segments, core.Client
	word, rest := cutWord(s)
	count, rest := cutWord(rest)
	unit, rest := cutWord(rest)
	n, err := strconv.Atoi(count)
	if word != "least" || unit != "segments" && unit != "segment" || err != nil || n < 1 {
		return c, fmt.Errorf("expected at least N segments, as in at least 2 segments from client in ^GET; found at %s", shown(s))
	}
	c.n = n
	if from, after := cutWord(rest); from == "from" {
		var side string
		switch side, rest = cutWord(after); side {
		case "client":
		case "server":
			c.side = core.Server
		default:
			return c, fmt.Errorf("expected from client or from server; found %s", shown(side))
		}
	}
	if rest == "" {
		return c, nil
	}
	in, pattern := cutWord(rest)
	if in != "in" {
		return c, fmt.Errorf("expected in REGEXP; found %s", shown(rest))
	}
	c.re, err = p.regexp(pattern)
	return c, err
}

// regexp compiles a regexp, with the values in it quoted.
func (p *parser) regexp(raw string) (*regexp.Regexp, error) {
	text, err := p.values.expand(raw, regexp.QuoteMeta)
	switch {
	case err != nil:
		return nil, err
	case text == "":
		return nil, fmt.Errorf("expected a regexp")
	case len(text) > MaxRegexp:
		return nil, fmt.Errorf("expected a regexp of at most %d bytes", MaxRegexp)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("expected a regexp: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

// shown quotes the beginning of what was found.
func shown(s string) string { return transcript.Excerpt([]byte(s), 60) }

// cutWord cuts the first word off.
func cutWord(s string) (word, rest string) {
	word, rest, _ = strings.Cut(s, " ")
	return word, strings.TrimLeft(rest, " ")
}
