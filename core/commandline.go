package core

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A used command is a line of words, the command's name and its values in the order of the
// fields:
//
//	PUBLISH news "a b" 1
//
// A word with blanks, quotes, backslashes or what does not show stands in double quotes,
// with the escapes of Go. Bytes may be 0x and hex digits too, or have escapes without
// quotes. A dash stands for a value that is left out. The rest of a line needs no quotes
// for its blanks.

// ErrUnknownCommand says that a line does not begin with the name of a command: a machine
// may take it as something else.
var ErrUnknownCommand = errors.New("unknown command")

// Call is a command that was used, with a value for each field that has one. Values are as
// they are meant: bytes without escapes, numbers in decimal, "yes" or "no".
type Call struct {
	Command *Command
	values  []callValue // of each field
}

type callValue struct {
	data     string
	given    bool // and not left out
	from, to int  // in the line; of what is between the quotes
}

// ParseCommand reads a line: the data of an event [ClientCommand], or what a person or a
// plain client typed as text. The error teaches how the command is used, and shows no
// secret; it is ErrUnknownCommand if the line begins with none of the commands. With any other
// error the call has its Command, and no values.
func ParseCommand(commands []Command, line string) (Call, error) {
	if len(line) > MaxCommandLine {
		return Call{}, fmt.Errorf("a command of %d bytes; at most %d fit on its line", len(line), MaxCommandLine)
	}
	p := lineParser{line: line, end: len(strings.TrimRight(line, " \t\r\n"))}
	p.blanks()
	name, _ := p.bare()
	c := FindCommand(commands, name)
	if c == nil {
		return Call{}, unknownCommand(commands, name)
	}
	call := Call{Command: c, values: make([]callValue, len(c.Fields))}
	for i := range c.Fields {
		f := &c.Fields[i]
		if p.blanks(); p.at == p.end {
			if !f.MayBeLeftOut() {
				return Call{Command: c}, fmt.Errorf("%s; %s is missing", c.expects(), f.Name)
			}
			continue
		}
		if err := p.value(f, &call.values[i]); err != nil {
			return Call{Command: c}, fmt.Errorf("%s: %s %w", c.Name, f.Name, err)
		}
	}
	if p.blanks(); p.at < p.end {
		more := "there is more on the line"
		if !c.hasSecret() {
			more = fmt.Sprintf("%q is more", CutWords(line[p.at:p.end], 40))
		}
		return Call{Command: c}, fmt.Errorf("%s; %s: a value with blanks needs double quotes", c.expects(), more)
	}
	return call, nil
}

// NewCall makes a call of values as a person fills in a form: bytes as 0x and hex digits or
// with escapes. A field that is not named is left out.
func NewCall(commands []Command, name string, values map[string]string) (Call, error) {
	c := FindCommand(commands, name)
	if c == nil {
		return Call{}, unknownCommand(commands, name)
	}
	for name := range values {
		if c.field(name) == nil {
			return Call{Command: c}, fmt.Errorf("%s has no field %q; it expects %s", c.Name, CutWords(name, MaxName), c.arguments())
		}
	}
	call := Call{Command: c, values: make([]callValue, len(c.Fields))}
	for i := range c.Fields {
		f, v := &c.Fields[i], &call.values[i]
		typed, given := values[f.Name]
		if !given {
			if !f.MayBeLeftOut() {
				return Call{Command: c}, fmt.Errorf("%s; %s is missing", c.expects(), f.Name)
			}
			continue
		}
		var err error
		if v.data, err = f.read(typed); err != nil {
			return Call{Command: c}, fmt.Errorf("%s: %s %w", c.Name, f.Name, err)
		}
		v.given = true
	}
	if size := len(call.Line()); size > MaxCommandLine {
		return Call{Command: c}, fmt.Errorf("%s with these values has %d bytes; at most %d fit on its line", c.Name, size, MaxCommandLine)
	}
	return call, nil
}

// Line returns the call as the one line that the data of [ClientCommand] is. Values at the
// end that are left out are not on it.
func (c *Call) Line() string {
	given := len(c.values)
	for given > 0 && !c.values[given-1].given {
		given--
	}
	line := []byte(c.Command.Name)
	for i, v := range c.values[:given] {
		line = append(line, ' ')
		switch f := &c.Command.Fields[i]; {
		case !v.given:
			line = append(line, '-')
		case f.standsBare(v.data):
			line = append(line, v.data...)
		default:
			line = strconv.AppendQuote(line, v.data)
		}
	}
	return string(line)
}

// Has reports whether the field has a value, given or by default.
func (c *Call) Has(field string) bool {
	_, ok := c.value(field)
	return ok
}

// Text returns the field's value, "" if it has none.
func (c *Call) Text(field string) string {
	v, _ := c.value(field)
	return v
}

// Bytes returns the field's value as bytes.
func (c *Call) Bytes(field string) []byte { return []byte(c.Text(field)) }

// Int returns the value of a field of type int, 0 if it has none.
func (c *Call) Int(field string) int64 {
	n, _ := strconv.ParseInt(c.Text(field), 10, 64)
	return n
}

// Bool reports whether the value of a field of type bool is yes.
func (c *Call) Bool(field string) bool { return c.Text(field) == "yes" }

// Values returns the values of all fields that have one.
func (c *Call) Values() map[string]string {
	all := map[string]string{}
	for _, f := range c.Command.Fields {
		if v, ok := c.value(f.Name); ok {
			all[f.Name] = v
		}
	}
	return all
}

func (c *Call) value(field string) (string, bool) {
	for i := range c.values {
		f := &c.Command.Fields[i]
		switch {
		case f.Name != field:
		case c.values[i].given:
			return c.values[i].data, true
		case f.Default != "":
			v, _ := f.read(f.Default) // the manifest was checked
			return v, true
		}
	}
	return "", false
}

// Hide keeps the call's secrets out of recordings: where they stand in the event, whose
// data is the line that was parsed, and wherever they occur from here on. The workbench
// does it for ClientCommand by itself; a machine that takes a line of text as a command
// does it.
func (c *Call) Hide(out *Out) {
	for _, a := range c.Marks() {
		switch s, err := ParseSpan(string(a.Data)); {
		case a.Kind == SecretBytes:
			out.SecretBytes(a.Data)
		case err == nil:
			out.Secret(s.OfAction, s.From, s.To)
		}
	}
}

// Marks returns what Hide orders.
func (c *Call) Marks() (marks []Action) {
	for i, v := range c.values {
		if c.Command.Fields[i].Type == ValueSecret && v.to > v.from {
			marks = append(marks,
				Action{Kind: Secret, Data: []byte(Span{From: v.from, To: v.to}.String())},
				Action{Kind: SecretBytes, Data: []byte(v.data)})
		}
	}
	return marks
}

func unknownCommand(commands []Command, name string) error {
	if len(commands) == 0 {
		return fmt.Errorf("%w %q; the mode has none", ErrUnknownCommand, CutWords(name, 40))
	}
	const most = 12
	var names []string
	for _, c := range commands[:min(len(commands), most)] {
		names = append(names, c.Name)
	}
	list := strings.Join(names, ", ")
	if more := len(commands) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("%w %q; the commands are %s", ErrUnknownCommand, CutWords(name, 40), list)
}

// expects says what a command's line consists of.
func (c *Command) expects() string {
	needed := 0
	for i := range c.Fields {
		if !c.Fields[i].MayBeLeftOut() {
			needed++
		}
	}
	switch all := len(c.Fields); {
	case all == 0:
		return c.Name + " expects no arguments"
	case needed == all:
		return fmt.Sprintf("%s expects %s, %s", c.Name, Plural(all, "argument"), c.arguments())
	default:
		return fmt.Sprintf("%s expects %d to %s, %s", c.Name, needed, Plural(all, "argument"), c.arguments())
	}
}

// arguments lists the fields.
func (c *Command) arguments() string {
	names := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		names[i] = f.Name
	}
	last := len(names) - 1
	switch {
	case last < 0:
		return "no arguments"
	case last == 0:
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// read reads a value that stands without quotes.
func (f *CommandField) read(typed string) (string, error) {
	if f.Type != ValueBytes {
		return f.check(typed)
	}
	if digits, ok := strings.CutPrefix(typed, "0x"); ok {
		data, err := hex.DecodeString(digits)
		if err != nil {
			return "", errors.New("begins with 0x, and an even number of hex digits does not follow")
		}
		return string(data), nil
	}
	return Unescape(typed)
}

// Unescape replaces the escapes of Go. The error names the first that is none, and begins
// with "has".
func Unescape(s string) (string, error) {
	var data []byte
	for s != "" {
		if s[0] != '\\' { // a byte that is not UTF-8 is one too
			data, s = append(data, s[0]), s[1:]
			continue
		}
		r, isRune, rest, err := strconv.UnquoteChar(s, '"')
		if err != nil {
			return "", fmt.Errorf(`has %q, which is none of the escapes \r \n \t \" \\ \xNN \uNNNN`, CutWords(s, 4))
		}
		if s = rest; isRune {
			data = utf8.AppendRune(data, r)
		} else {
			data = append(data, byte(r))
		}
	}
	return string(data), nil
}

// check checks a value without escapes, and returns it in its one form.
func (f *CommandField) check(value string) (string, error) {
	shown := fmt.Sprintf("is %q", CutWords(value, 40))
	switch f.Type {
	case ValueText:
		if !utf8.ValidString(value) {
			return "", errors.New("is not UTF-8, as a text is")
		}
	case ValueSecret:
		if !utf8.ValidString(value) || len(value) > MaxSecret {
			return "", fmt.Errorf("is no UTF-8 of at most %d bytes, as a secret is", MaxSecret)
		}
	case ValueChoice:
		for _, choice := range f.Choices {
			if choice == value {
				return value, nil
			}
		}
		return "", fmt.Errorf("%s; the choices are %s", shown, CutWords(strings.Join(f.Choices, ", "), 400))
	case ValueInt:
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err != nil:
			return "", fmt.Errorf("%s, which is not a whole number", shown)
		case f.Min != nil && n < *f.Min, f.Max != nil && n > *f.Max:
			return "", fmt.Errorf("is %d; it must be %s", n, f.bounds())
		}
		return strconv.FormatInt(n, 10), nil
	case ValueBool:
		switch strings.ToLower(value) {
		case "yes", "true":
			return "yes", nil
		case "no", "false":
			return "no", nil
		}
		return "", fmt.Errorf("%s; it must be yes or no", shown)
	}
	return value, nil
}

func (f *CommandField) bounds() string {
	switch {
	case f.Max == nil:
		return fmt.Sprintf("at least %d", *f.Min)
	case f.Min == nil:
		return fmt.Sprintf("at most %d", *f.Max)
	}
	return fmt.Sprintf("%d to %d", *f.Min, *f.Max)
}

// standsBare reports whether a value means itself without quotes.
func (f *CommandField) standsBare(v string) bool {
	if v == "" || !utf8.ValidString(v) || v == "-" && f.MayBeLeftOut() || f.Type == ValueBytes && strings.HasPrefix(v, "0x") {
		return false
	}
	if v[0] == ' ' || v[len(v)-1] == ' ' {
		return false
	}
	for _, r := range v {
		if !Shows(r) || r == '"' || r == '\\' || r == ' ' && !f.Rest {
			return false
		}
	}
	return true
}

// HideCommand returns the marks of the secrets in an event ClientCommand.
func (m *Manifest) HideCommand(ev Event) []Action {
	if ev.Kind != ClientCommand || !bytes.Contains(ev.Data, []byte(" ")) {
		return nil
	}
	call, err := ParseCommand(m.Commands, string(ev.Data))
	if err != nil {
		return nil
	}
	return call.Marks()
}
