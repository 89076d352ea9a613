package core

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Input says what a page should offer for typing.
type Input string

// The inputs.
const (
	InputLine       Input = "line"       // a line of text, sent by Enter
	InputBytes      Input = "bytes"      // bytes, written as text with escapes
	InputCharacters Input = "characters" // each character as it is typed
)

// OptionType says how an option's value is written.
type OptionType string

// The option types.
const (
	OptionChoice OptionType = "choice" // one of Choices
	OptionText   OptionType = "text"   // any text up to MaxOptionValue bytes
	OptionInt    OptionType = "int"    // a decimal integer
	OptionBool   OptionType = "bool"   // "true" or "false"
)

// Bounds of a manifest.
const (
	MaxOptions     = 64
	MaxOptionValue = 1024
	MaxSummary     = 1024 // bytes, also of the title and the other texts
)

// Option describes one setting of a line mode.
type Option struct {
	Name    string     `json:"name"`
	Type    OptionType `json:"type"`
	Default string     `json:"default"`
	Choices []string   `json:"choices,omitempty"` // of OptionChoice
	Help    string     `json:"help"`
}

// Manifest describes a discipline to people and to the page.
type Manifest struct {
	Name    string   `json:"name"`    // what ?mode= takes; see ValidName
	Title   string   `json:"title"`   // as the mode picker shows it
	Version string   `json:"version"` // the discipline's own
	Summary string   `json:"summary"` // one or two sentences
	Sends   string   `json:"sends"`   // what goes to the server for a message, in words: "the line and CR LF"
	Input   Input    `json:"input"`
	Options []Option `json:"options"`
	// Boundaries says that it matters where one message to the client ends and
	// the next begins, as with a line per message. If it does not, a comparison
	// joins messages.
	Boundaries bool `json:"boundaries"`
	// FileBytes says that a page sends a file as it is, in binary messages, although what is
	// typed are lines.
	FileBytes bool `json:"fileBytes,omitempty"`
	// Events names the later kinds of event (EventKind.IsLater) that the
	// machines know. They get no others.
	Events []string `json:"events,omitempty"`
	// AfterServerEOF says that the machines handle events of the client after
	// the end of the server's stream, in sessions that ask for it.
	AfterServerEOF bool `json:"afterServerEOF,omitempty"`
	// Clients names the client ends (ClientEnd) that the machines serve. If empty, they
	// serve messages alone.
	Clients []string `json:"clients,omitempty"`
	// Secrets says that the machines mark secrets. Where a machine watches, an event that
	// it has not answered is then counted in the recording, and not kept.
	Secrets bool `json:"secrets,omitempty"`
	// Messages says that the machines say which messages they recognise, by
	// [Out.Message]. What comes as a stream they then get in events of at most
	// MaxDecodedEvent bytes, so that an answer stays bounded.
	Messages bool `json:"messages,omitempty"`
	// Seeded says that the machines use Opening.Seed and Opening.Start. Others are opened
	// without, and their recordings have neither.
	Seeded bool `json:"seeded,omitempty"`
	// Commands are what a person can order by name in a session. They come as events
	// [ClientCommand].
	Commands []Command `json:"commands,omitempty"`
	// TypedAsText says that a line that a person types goes to the machine as text even if
	// it begins with a command: the machine parses it by rules of its own. The commands then
	// serve a page to complete it, to say which arguments it has and for forms, and only
	// forms and buttons come as [ClientCommand].
	TypedAsText bool `json:"typedAsText,omitempty"`
	// ChecksTyped goes with TypedAsText: the machine says itself what is wrong with a typed
	// command, and sends nothing then. A page does not ask before it hands one over.
	ChecksTyped bool `json:"checksTyped,omitempty"`
	// Group is where the mode picker lists the mode: one of Groups, or "".
	Group string `json:"group,omitempty"`
	// Brief says beside the title what the mode is for, in at most MaxBrief bytes.
	Brief string `json:"brief,omitempty"`
	// Ports are where servers that the mode is for usually listen, and Greetings how they
	// begin, so that the mode can be proposed; see [Propose].
	Ports     []UsualPort `json:"ports,omitempty"`
	Greetings []Greeting  `json:"greetings,omitempty"`
}

// Knows reports whether the discipline's machines get events of a kind.
func (m *Manifest) Knows(k EventKind) bool {
	return !k.IsLater() || slices.Contains(m.Events, k.String())
}

// Options are the values of a session's options: one for each option of the
// manifest, checked.
type Options map[string]string

// Bool returns the value of a bool option.
func (o Options) Bool(name string) bool { return o[name] == "true" }

// Int returns the value of an int option, or 0 for a name that the manifest
// does not have.
func (o Options) Int(name string) int {
	n, _ := strconv.Atoi(o[name])
	return n
}

// ParseOptions checks values against the manifest and fills in the defaults.
// Its errors are for the person who typed the value: they list what there is.
func (m *Manifest) ParseOptions(values map[string]string) (Options, error) {
	all := make(Options, len(m.Options))
	for _, o := range m.Options {
		all[o.Name] = o.Default
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		o := m.option(name)
		if o == nil {
			return nil, fmt.Errorf("mode %s has no option %q; its options are %s", m.Name, CutWords(name, MaxName), m.optionNames())
		}
		if err := o.check(values[name]); err != nil {
			return nil, fmt.Errorf("option %s of mode %s: %w", o.Name, m.Name, err)
		}
		all[name] = values[name]
	}
	return all, nil
}

// Validate reports the first error in the manifest itself.
func (m *Manifest) Validate() error {
	switch {
	case !ValidName(m.Name):
		return fmt.Errorf("a mode's name must be 1 to %d letters, digits, '-' or '_', beginning with a letter, not %q", MaxName, m.Name)
	case m.Title == "":
		return errors.New("the manifest has no title")
	case m.Input != InputLine && m.Input != InputBytes && m.Input != InputCharacters:
		return fmt.Errorf("input is %q; it must be line, bytes or characters", m.Input)
	case !m.Serves(Messages):
		return fmt.Errorf("clients are %s; messages must be among them, since a person can pick every mode", CutWords(strings.Join(m.Clients, ", "), MaxName))
	case (m.Serves(Stream) || m.Serves(Datagrams)) && !m.Knows(ClientBytes):
		return fmt.Errorf("clients name %s, and events do not name %q, as which a program's bytes come", m.Clients[len(m.Clients)-1], ClientBytes)
	case len(m.Options) > MaxOptions:
		return fmt.Errorf("%d options; at most %d fit", len(m.Options), MaxOptions)
	}
	if err := m.checkWords(); err != nil {
		return err
	}
	if slices.ContainsFunc(linkEvents[:], m.Knows) {
		for _, k := range linkEvents {
			if !m.Knows(k) {
				return fmt.Errorf("events name one of a link, and not %q: a link may come to each of them", k)
			}
		}
	}
	if err := m.checkCommands(); err != nil {
		return err
	}
	if err := m.checkGallery(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, o := range m.Options {
		switch {
		case !ValidName(o.Name):
			return fmt.Errorf("an option's name must be 1 to %d letters, digits, '-' or '_', beginning with a letter, not %q", MaxName, o.Name)
		case seen[o.Name]:
			return fmt.Errorf("option %s given twice", o.Name)
		}
		seen[o.Name] = true
		if err := o.check(o.Default); err != nil {
			return fmt.Errorf("the default of option %s: %w", o.Name, err)
		}
	}
	return nil
}

// checkWords reports the first field that cannot be shown to people unchanged.
func (m *Manifest) checkWords() error {
	fields := [][2]string{{"title", m.Title}, {"version", m.Version}, {"summary", m.Summary}, {"sends", m.Sends}, {"brief", m.Brief}}
	for _, o := range m.Options {
		name := Printable(CutWords(o.Name, MaxName))
		fields = append(fields, [2]string{"help of option " + name, o.Help}, [2]string{"default of option " + name, o.Default})
		for i, choice := range o.Choices {
			fields = append(fields, [2]string{fmt.Sprintf("choice %d of option %s", i+1, name), choice})
		}
	}
	for _, field := range fields {
		if err := checkWords(field[1]); err != nil {
			return fmt.Errorf("the %s %w", field[0], err)
		}
	}
	return nil
}

// checkWords reports why words cannot be shown to people: on a terminal they
// could have effects, or look like the workbench's own.
func checkWords(words string) error {
	if len(words) > MaxSummary {
		return fmt.Errorf("has %d bytes; at most %d fit", len(words), MaxSummary)
	}
	for i, r := range words {
		switch _, size := utf8.DecodeRuneInString(words[i:]); {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("has byte 0x%02x at offset %d, which is not UTF-8", words[i], i)
		case !Shows(r):
			return fmt.Errorf("has %U at offset %d; control characters, line ends and invisible formats are refused", r, i)
		}
	}
	return nil
}

func (m *Manifest) option(name string) *Option {
	for i := range m.Options {
		if m.Options[i].Name == name {
			return &m.Options[i]
		}
	}
	return nil
}

func (m *Manifest) optionNames() string {
	if len(m.Options) == 0 {
		return "none"
	}
	names := make([]string, len(m.Options))
	for i, o := range m.Options {
		names[i] = o.Name
	}
	return strings.Join(names, ", ")
}

func (o *Option) check(value string) error {
	shown := CutWords(value, 80)
	switch o.Type {
	case OptionChoice:
		if !slices.Contains(o.Choices, value) {
			return fmt.Errorf("%q is not a choice; the choices are %s", shown, strings.Join(o.Choices, ", "))
		}
	case OptionText:
		if len(value) > MaxOptionValue {
			return fmt.Errorf("the value has %d bytes; at most %d fit", len(value), MaxOptionValue)
		}
	case OptionInt:
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("%q is not a whole number", shown)
		}
	case OptionBool:
		if value != "true" && value != "false" {
			return fmt.Errorf("%q is neither true nor false", shown)
		}
	default:
		return fmt.Errorf("type is %q; it must be choice, text, int or bool", o.Type)
	}
	return nil
}
