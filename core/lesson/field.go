package lesson

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// fieldTest is what a condition says of a field of the messages that the line mode has
// recognised: http.method = HEAD.
type fieldTest struct {
	name  string
	value string         // which it has, unless re is set or wrong
	re    *regexp.Regexp // which its value matches
	wrong bool           // the line mode says that it is wrong
}

// field takes a condition on a field. It reports false for what is none.
func (p *parser) field(c *condition, s string) (ok bool, err error) {
	name, rest := cutWord(s)
	verb, value := cutWord(rest)
	if !core.ValidFieldName(name) || verb != "=" && verb != "~" && rest != "wrong" {
		return false, nil
	}
	c.kind = field
	c.field.name = name
	switch verb {
	case "=":
		c.field.value, err = p.values.expand(value, plain)
	case "~":
		c.field.re, err = p.regexp(value)
	default:
		c.field.wrong = true
	}
	return true, err
}

func (f *fieldTest) holds(m *core.Field) bool {
	switch {
	case f.wrong:
		return m.Wrong != ""
	case f.re != nil:
		return f.re.MatchString(m.Value)
	}
	return m.Value == f.value
}

// known is a field of a message of the transcript.
type known struct {
	core.Field
	side  core.Side // whose message it is: what it sent, or what was sent for it
	entry int       // the message's
}

// fields returns the fields of all messages, nested ones after those that they are of.
func (w *wire) fields() []known {
	if w.known != nil {
		return w.known
	}
	w.known = []known{}
	var add func(side core.Side, entry int, fields []core.Field)
	add = func(side core.Side, entry int, fields []core.Field) {
		for _, f := range fields {
			w.known = append(w.known, known{f, side, entry})
			add(side, entry, f.Fields)
		}
	}
	for i := range w.log.Entries[:min(w.past, len(w.log.Entries))] {
		e := &w.log.Entries[i]
		if e.Dir != transcript.Action || e.Action.Kind != core.Decoded {
			continue
		}
		m, err := core.ParseMessage(e.Action.Data)
		if err != nil {
			continue // part of it is masked
		}
		side := core.Client
		if m.Flow == core.FromServer || m.Flow == core.ToClient {
			side = core.Server
		}
		add(side, i, m.Fields)
	}
	return w.known
}

// maxOthers is how many other values of a field are named.
const maxOthers = 3

// findField looks for a field. It moves the place past the message, but for the fields of
// this message that come after it.
func (w *wire) findField(c *condition, at *place) outcome {
	var others []string
	for i, f := range w.fields() {
		switch {
		case i < at.field, f.entry < at.entry && f.entry != at.fieldOf-1:
			continue // past
		case f.Name != c.field.name, c.side != 0 && c.side != f.side:
			continue
		case !c.field.holds(&f.Field):
			if value := shown(f.Value); !slices.Contains(others, value) {
				others = append(others, value)
			}
			continue
		}
		w.pass(at, f.entry)
		at.field, at.fieldOf = i+1, f.entry+1
		return outcome{holds: true, entry: f.entry}
	}
	switch {
	case len(w.fields()) == 0:
		return missing(CodeField, "no message was recognised: use a line mode that says messages, such as one with a field %s", c.field.name)
	case len(others) == 0:
		return missing(CodeField, "no message has a field %s", c.field.name)
	case c.field.wrong:
		return missing(CodeField, "nothing is wrong with %s, which is %s", c.field.name, among(others))
	}
	return missing(CodeField, "%s is %s", c.field.name, among(others))
}

// among names the first values, and how many more there are.
func among(values []string) string {
	if more := len(values) - maxOthers; more > 0 {
		return strings.Join(values[:maxOthers], ", ") + fmt.Sprintf(" and %d others", more)
	}
	return strings.Join(values, ", ")
}
