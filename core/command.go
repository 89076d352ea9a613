package core

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bounds of a manifest's commands.
const (
	MaxCommands      = 200
	MaxCommandFields = 16
	MaxFieldChoices  = 64
	MaxCommandLine   = 64 << 10     // bytes of a used command, as a line
	MaxCommandInt    = 1<<53 - 1    // largest bound of a number: a page's numbers are exact up to here
	MinCommandInt    = -(1<<53 - 1) // and the smallest
)

// Command is something that a person can order in a session by a form, a button or a line
// that the page completes. Using it is an event [ClientCommand].
type Command struct {
	// Name has 1 to MaxName printable ASCII characters without blanks, quotes and
	// backslashes. Whoever types it need not mind its case.
	Name   string         `json:"name"`
	Help   string         `json:"help,omitempty"` // one line
	Fields []CommandField `json:"fields,omitempty"`
	// Button says that the page offers a button that uses the command as it is. It needs
	// no field that must be filled in.
	Button bool `json:"button,omitempty"`
	// When says by options of the manifest's for which sessions the command is: for those in
	// which each option named here has one of its values here. nil: for all.
	When map[string][]string `json:"when,omitempty"`
}

// IsFor reports whether the command is for sessions with these options.
func (c *Command) IsFor(o Options) bool {
	for name, values := range c.When {
		if !slices.Contains(values, o[name]) {
			return false
		}
	}
	return true
}

// CommandsFor returns the commands that are for sessions with these options.
func CommandsFor(commands []Command, o Options) (all []Command) {
	for i := range commands {
		if commands[i].IsFor(o) {
			all = append(all, commands[i])
		}
	}
	return all
}

// Conditions says When in words, as in "preset=irc or nntp"; "" for all sessions.
func (c *Command) Conditions() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c.When)) {
		all = append(all, name+"="+strings.Join(c.When[name], " or "))
	}
	return strings.Join(all, ", ")
}

// CommandField is an argument of a command. Those that may be left out come last.
type CommandField struct {
	Name     string    `json:"name"` // see ValidName
	Type     ValueType `json:"type"`
	Help     string    `json:"help,omitempty"`
	Choices  []string  `json:"choices,omitempty"`  // of ValueChoice
	Min      *int64    `json:"min,omitempty"`      // of ValueInt
	Max      *int64    `json:"max,omitempty"`      // of ValueInt
	Optional bool      `json:"optional,omitempty"` // it may be left out, and has no value then
	Default  string    `json:"default,omitempty"`  // if not empty, it may be left out, and has this value then
	Rest     bool      `json:"rest,omitempty"`     // the last one: its value is the rest of the line, blanks included
}

// ValueType says what a field's value is.
type ValueType string

// The types.
const (
	ValueText   ValueType = "text"   // UTF-8
	ValueInt    ValueType = "int"    // a decimal integer of 64 bits
	ValueChoice ValueType = "choice" // one of Choices
	ValueBytes  ValueType = "bytes"  // any bytes, written as 0x and hex digits or with the escapes of Go
	ValueBool   ValueType = "bool"   // "yes" or "no"
	ValueSecret ValueType = "secret" // text that recordings leave out
)

// MayBeLeftOut reports whether the command can be used without a value for the field.
func (f *CommandField) MayBeLeftOut() bool { return f.Optional || f.Default != "" }

// FindCommand returns the command of a name, whatever its case, or nil.
func FindCommand(commands []Command, name string) *Command {
	i := slices.IndexFunc(commands, func(c Command) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return nil
	}
	return &commands[i]
}

// hasSecret reports whether one of the command's fields is a secret.
func (c *Command) hasSecret() bool {
	return slices.ContainsFunc(c.Fields, func(f CommandField) bool { return f.Type == ValueSecret })
}

// checkCommands reports the first error in the commands.
func (m *Manifest) checkCommands() error {
	switch {
	case len(m.Commands) > MaxCommands:
		return fmt.Errorf("%d commands; at most %d fit", len(m.Commands), MaxCommands)
	case len(m.Commands) > 0 && !m.Knows(ClientCommand):
		return fmt.Errorf("there are commands, and events do not name %q, as which they come", ClientCommand)
	}
	for i := range m.Commands {
		c := &m.Commands[i]
		if !validCommandName(c.Name) {
			return fmt.Errorf("a command's name must be 1 to %d printable ASCII characters without blanks, quotes and backslashes, not %q", MaxName, CutWords(c.Name, MaxName))
		}
		if FindCommand(m.Commands[:i], c.Name) != nil {
			return fmt.Errorf("command %s given twice; the case of letters makes no difference", c.Name)
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("command %s: %w", c.Name, err)
		}
		if err := m.checkWhen(c); err != nil {
			return fmt.Errorf("command %s: when: %w", c.Name, err)
		}
	}
	return nil
}

// checkWhen reports the first option or value that a command waits for in vain.
func (m *Manifest) checkWhen(c *Command) error {
	for _, name := range slices.Sorted(maps.Keys(c.When)) {
		o, values := m.option(name), c.When[name]
		switch {
		case o == nil:
			return fmt.Errorf("there is no option %q; the options are %s", CutWords(name, MaxName), m.optionNames())
		case len(values) == 0:
			return fmt.Errorf("option %s needs at least one value", name)
		case len(values) > MaxFieldChoices:
			return fmt.Errorf("option %s has %d values; at most %d fit", name, len(values), MaxFieldChoices)
		}
		for _, value := range values {
			if err := o.check(value); err != nil {
				return fmt.Errorf("option %s: %w", name, err)
			}
			if err := checkWords(value); err != nil {
				return fmt.Errorf("a value of option %s %w", name, err)
			}
		}
	}
	return nil
}

func validCommandName(name string) bool {
	return name != "" && len(name) <= MaxName && ValidServerName(name)
}

// check reports the first error in a command.
func (c *Command) check() error {
	if err := checkWords(c.Help); err != nil {
		return fmt.Errorf("the help %w", err)
	}
	if len(c.Fields) > MaxCommandFields {
		return fmt.Errorf("%d fields; at most %d fit", len(c.Fields), MaxCommandFields)
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		switch {
		case !ValidName(f.Name):
			return fmt.Errorf("a field's name must be 1 to %d letters, digits, '-' or '_', beginning with a letter, not %q", MaxName, CutWords(f.Name, MaxName))
		case c.field(f.Name) != f:
			return fmt.Errorf("field %s given twice", f.Name)
		case c.Button && !f.MayBeLeftOut():
			return fmt.Errorf("a button has no field that must be filled in: give %s a default, or make it optional", f.Name)
		case i > 0 && c.Fields[i-1].MayBeLeftOut() && !f.MayBeLeftOut():
			return fmt.Errorf("field %s must be filled in, and so must stand before %s, which may be left out", f.Name, c.Fields[i-1].Name)
		case f.Rest && i < len(c.Fields)-1:
			return fmt.Errorf("field %s takes the rest of the line, and so must be the last one", f.Name)
		}
		if err := f.checkDeclared(); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

func (c *Command) field(name string) *CommandField {
	for i := range c.Fields {
		if c.Fields[i].Name == name {
			return &c.Fields[i]
		}
	}
	return nil
}

// checkDeclared reports the first error in a field's declaration.
func (f *CommandField) checkDeclared() error {
	for _, words := range slices.Concat([]string{f.Help, f.Default}, f.Choices) {
		if err := checkWords(words); err != nil {
			return fmt.Errorf("%q %w", CutWords(Printable(words), 40), err)
		}
	}
	switch f.Type {
	case ValueText, ValueInt, ValueChoice, ValueBytes, ValueBool, ValueSecret:
	default:
		return fmt.Errorf("type is %q; it must be text, int, choice, bytes, bool or secret", CutWords(string(f.Type), MaxName))
	}
	switch {
	case (f.Type == ValueChoice) != (len(f.Choices) > 0):
		return errors.New("choices are for the type choice, which needs at least one")
	case len(f.Choices) > MaxFieldChoices:
		return fmt.Errorf("%d choices; at most %d fit", len(f.Choices), MaxFieldChoices)
	case slices.Contains(f.Choices, ""):
		return errors.New("a choice must not be empty")
	case (f.Min != nil || f.Max != nil) && f.Type != ValueInt:
		return errors.New("min and max are for the type int")
	case f.Min != nil && (*f.Min < MinCommandInt || *f.Min > MaxCommandInt), f.Max != nil && (*f.Max < MinCommandInt || *f.Max > MaxCommandInt):
		return errors.New("min and max must be between -(2^53 - 1) and 2^53 - 1")
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max:
		return fmt.Errorf("min is %d, which is more than max, %d", *f.Min, *f.Max)
	case f.Rest && f.Type != ValueText && f.Type != ValueBytes && f.Type != ValueSecret:
		return errors.New("only a field of type text, bytes or secret can take the rest of the line")
	case f.Type == ValueSecret && f.Default != "":
		return errors.New("a secret has no default, which everybody could read")
	case f.Default != "":
		if _, err := f.read(f.Default); err != nil {
			return fmt.Errorf("the default %w", err)
		}
	}
	return nil
}
