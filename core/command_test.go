package core_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

func number(n int64) *int64 { return &n }

// commands have a field of each type.
var commands = []core.Command{
	{Name: "PING", Button: true},
	{Name: "PUBLISH", Help: "Send a message.", Fields: []core.CommandField{{Name: "topic", Type: core.ValueText}, {Name: "payload", Type: core.ValueText}}},
	{Name: "SAY", Fields: []core.CommandField{{Name: "to", Type: core.ValueText}, {Name: "words", Type: core.ValueText, Rest: true, Optional: true}}},
	{Name: "RAW", Fields: []core.CommandField{{Name: "data", Type: core.ValueBytes}}},
	{Name: "SUBSCRIBE", Fields: []core.CommandField{
		{Name: "topic", Type: core.ValueText}, {Name: "qos", Type: core.ValueInt, Min: number(0), Max: number(2), Default: "1"},
		{Name: "retain", Type: core.ValueBool, Optional: true}, {Name: "as", Type: core.ValueChoice, Choices: []string{"text", "hex"}, Optional: true},
	}},
	{Name: "AUTH", Fields: []core.CommandField{{Name: "user", Type: core.ValueText}, {Name: "password", Type: core.ValueSecret}}},
}

func TestParseCommand(t *testing.T) {
	for line, want := range map[string]map[string]string{
		"PING":                    {},
		"  ping \r\n":             {},
		`PUBLISH news "a b"`:      {"topic": "news", "payload": "a b"},
		`publish "" "\"\x41\n"`:   {"topic": "", "payload": "\"A\n"},
		`PUBLISH a\b "-"`:         {"topic": `a\b`, "payload": "-"},
		`SAY you hello "you" all`: {"to": "you", "words": `hello "you" all`},
		`SAY you "hello" all`:     {"to": "you", "words": `"hello" all`},
		`SAY you "hello  all"`:    {"to": "you", "words": "hello  all"},
		`SAY you`:                 {"to": "you"},
		`RAW 0x00Ff`:              {"data": "\x00\xff"},
		`RAW \x00a"\n`:            {"data": "\x00a\"\n"},
		`RAW "0x00"`:              {"data": "0x00"},
		`SUBSCRIBE a`:             {"topic": "a", "qos": "1"},
		`SUBSCRIBE a - TRUE hex`:  {"topic": "a", "qos": "1", "retain": "yes", "as": "hex"},
		`SUBSCRIBE a 02 no`:       {"topic": "a", "qos": "2", "retain": "no"},
		`AUTH me "open sesame"`:   {"user": "me", "password": "open sesame"},
	} {
		call, err := core.ParseCommand(commands, line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := call.Values(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestCommandErrorsTeach(t *testing.T) {
	for line, want := range map[string]string{
		"":                         `unknown command ""; the commands are PING, PUBLISH, SAY, RAW, SUBSCRIBE, AUTH`,
		"PUB x":                    `unknown command "PUB"; the commands are PING, PUBLISH, SAY, RAW, SUBSCRIBE, AUTH`,
		"PING now":                 `PING expects no arguments; "now" is more: a value with blanks needs double quotes`,
		"PUBLISH x":                "PUBLISH expects 2 arguments, topic and payload; payload is missing",
		"PUBLISH a b c":            `PUBLISH expects 2 arguments, topic and payload; "c" is more: a value with blanks needs double quotes`,
		"SUBSCRIBE":                "SUBSCRIBE expects 1 to 4 arguments, topic, qos, retain and as; topic is missing",
		"SUBSCRIBE a 3":            "SUBSCRIBE: qos is 3; it must be 0 to 2",
		"SUBSCRIBE a x":            `SUBSCRIBE: qos is "x", which is not a whole number`,
		"SUBSCRIBE a - maybe":      `SUBSCRIBE: retain is "maybe"; it must be yes or no`,
		"SUBSCRIBE a - - raw":      `SUBSCRIBE: as is "raw"; the choices are text, hex`,
		"RAW 0x0":                  "RAW: data begins with 0x, and an even number of hex digits does not follow",
		`RAW \q`:                   `RAW: data has "\\q", which is none of the escapes \r \n \t \" \\ \xNN \uNNNN`,
		`PUBLISH "a b`:             `PUBLISH: topic begins with a double quote, and one with a blank or the end of the line behind it does not follow: \" stands for a quote within quotes`,
		"PUBLISH a b\nc":           `PUBLISH: payload has a line end: a command is one line, and "\n" in double quotes stands for one`,
		"AUTH me open sesame":      "AUTH expects 2 arguments, user and password; there is more on the line: a value with blanks needs double quotes",
		"PUBLISH a \"\\xff\"":      "PUBLISH: payload is not UTF-8, as a text is",
		"PUBLISH a " + long(65536): "a command of 65546 bytes; at most 65536 fit on its line",
	} {
		_, err := core.ParseCommand(commands, line)
		if err == nil || err.Error() != want {
			t.Errorf("%.40s: %v, want %s", line, err, want)
		}
		if unknown := strings.HasPrefix(want, "unknown"); errors.Is(err, core.ErrUnknownCommand) != unknown {
			t.Errorf("%.40s: is ErrUnknownCommand: %v, want %v", line, !unknown, unknown)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestNewCall(t *testing.T) {
	for want, values := range map[string]map[string]string{
		`PUBLISH news "a b"`:     {"topic": "news", "payload": "a b"},
		`SUBSCRIBE "a\tb" - yes`: {"topic": "a\tb", "retain": "true"},
		`SUBSCRIBE - 2`:          {"topic": "-", "qos": "2"},
		`SAY you "\"hello\""`:    {"to": "you", "words": `"hello"`},
		`SAY you hello all`:      {"to": "you", "words": "hello all"},
		`SAY you "-"`:            {"to": "you", "words": "-"},
		`RAW "\x00\xff"`:         {"data": "0x00ff"},
		`RAW "0x"`:               {"data": `\x30x`},
		`AUTH me "a\\b"`:         {"user": "me", "password": `a\b`},
	} {
		name, _, _ := strings.Cut(want, " ")
		call, err := core.NewCall(commands, strings.ToLower(name), values)
		if err != nil || call.Line() != want {
			t.Errorf("%q: %s, %v, want %s", values, call.Line(), err, want)
		}
	}
	for want, values := range map[string]map[string]string{
		`PUBLISH has no field "qos"; it expects topic and payload`:                 {"qos": "1"},
		"PUBLISH expects 2 arguments, topic and payload; topic is missing":         {"payload": "a"},
		"PUBLISH with these values has 65547 bytes; at most 65536 fit on its line": {"topic": "a", "payload": "x" + long(65536)},
	} {
		if _, err := core.NewCall(commands, "PUBLISH", values); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCommandHidesSecrets(t *testing.T) {
	line := `AUTH me "open sesame"`
	call, err := core.ParseCommand(commands, line)
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	call.Hide(&out)
	if out.Len() != 2 || string(out.Action(0).Data) != "event 9 20" || string(out.Action(1).Data) != "open sesame" {
		t.Errorf("%d marks, %q", out.Len(), out.Action(0).Data)
	}
	if masked := line[:9] + strings.Repeat("*", 11) + line[20:]; masked != `AUTH me "***********"` {
		t.Errorf("the span is %s", masked)
	}
}

func TestManifestChecksCommands(t *testing.T) {
	field := func(f core.CommandField) []core.Command {
		return []core.Command{{Name: "A", Fields: []core.CommandField{f}}}
	}
	text := core.CommandField{Name: "a", Type: core.ValueText}
	when := func(option string, values ...string) []core.Command {
		return []core.Command{{Name: "A", When: map[string][]string{option: values}}}
	}
	preset := core.Option{Name: "preset", Type: core.OptionChoice, Choices: []string{"irc", "nntp"}, Default: "irc"}
	for want, list := range map[string][]core.Command{
		"":                              commands,
		"201 commands; at most 200 fit": make([]core.Command, 201),
		`a command's name must be 1 to 64 printable ASCII characters without blanks, quotes and backslashes, not "a b"`: {{Name: "a b"}},
		"command a given twice; the case of letters makes no difference":                                                {{Name: "A"}, {Name: "a"}},
		"command A: 17 fields; at most 16 fit":                                                                          {{Name: "A", Fields: make([]core.CommandField, 17)}},
		"command A: field a given twice":                                                                                {{Name: "A", Fields: []core.CommandField{text, text}}},
		"command A: a button has no field that must be filled in: give a a default, or make it optional":                {{Name: "A", Button: true, Fields: []core.CommandField{text}}},
		"command A: field a must be filled in, and so must stand before b, which may be left out":                       {{Name: "A", Fields: []core.CommandField{{Name: "b", Type: core.ValueText, Optional: true}, text}}},
		"command A: field b takes the rest of the line, and so must be the last one":                                    {{Name: "A", Fields: []core.CommandField{{Name: "b", Type: core.ValueText, Rest: true}, text}}},
		`command A: field a: type is "float"; it must be text, int, choice, bytes, bool or secret`:                      field(core.CommandField{Name: "a", Type: "float"}),
		"command A: field a: choices are for the type choice, which needs at least one":                                 field(core.CommandField{Name: "a", Type: core.ValueChoice}),
		"command A: field a: min is 2, which is more than max, 1":                                                       field(core.CommandField{Name: "a", Type: core.ValueInt, Min: number(2), Max: number(1)}),
		"command A: field a: the default is 3; it must be at most 1":                                                    field(core.CommandField{Name: "a", Type: core.ValueInt, Default: "3", Max: number(1)}),
		"command A: field a: a secret has no default, which everybody could read":                                       field(core.CommandField{Name: "a", Type: core.ValueSecret, Default: "x"}),
		`command A: when: there is no option "x"; the options are preset`:                                               when("x", "irc"),
		"command A: when: option preset needs at least one value":                                                       when("preset"),
		`command A: when: option preset: "ssh" is not a choice; the choices are irc, nntp`:                              when("preset", "irc", "ssh"),
		"command A: the help has U+000A at offset 1; control characters, line ends and invisible formats are refused":   {{Name: "A", Help: "a\nb"}},
	} {
		m := core.Manifest{Name: "m", Title: "M", Input: core.InputLine, Commands: list, Options: []core.Option{preset}, Events: []string{"client command"}}
		got := ""
		if err := m.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
	m := core.Manifest{Name: "m", Title: "M", Input: core.InputLine, Commands: commands}
	if err := m.Validate(); err == nil || !strings.Contains(err.Error(), `"client command"`) {
		t.Errorf("commands without their event: %v", err)
	}
}

func TestCommandsForOptions(t *testing.T) {
	all := []core.Command{
		{Name: "A"}, {Name: "B", When: map[string][]string{"preset": {"irc", "nntp"}}}, {Name: "C", When: map[string][]string{"preset": {"irc"}, "loud": {"true"}}},
	}
	for want, o := range map[string]core.Options{
		"A": {"preset": "none"}, "A B": {"preset": "nntp"}, "A B C": {"preset": "irc", "loud": "true"},
	} {
		var names []string
		for _, c := range core.CommandsFor(all, o) {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("with %v there are %s, want %s", o, got, want)
		}
	}
	if got := all[1].Conditions(); got != "preset=irc or nntp" {
		t.Errorf("the conditions are %q", got)
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, line := range []string{"PING", `PUBLISH news "a b"`, `SAY you "a" b`, `RAW 0x00`, `SUBSCRIBE a - yes hex`, `AUTH a "\xff"`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		call, err := core.ParseCommand(commands, line)
		if err != nil {
			return
		}
		again, err := core.ParseCommand(commands, call.Line())
		if len(call.Line()) > core.MaxCommandLine { // escapes make it longer
			return
		}
		if err != nil || again.Line() != call.Line() || !reflect.DeepEqual(again.Values(), call.Values()) {
			t.Errorf("%q is written as %q, which is read as %q: %v", line, call.Line(), again.Values(), err)
		}
	})
}

func TestLevels(t *testing.T) {
	var out core.Out
	out.Note("a")
	out.Warn("b")
	out.Error("c")
	for i, want := range []core.Level{core.LevelInfo, core.LevelWarning, core.LevelError} {
		if a := out.Action(i); a.Kind != core.Note || a.Level != want {
			t.Errorf("action %d: %+v", i, a)
		}
		if l, ok := core.ParseLevel(want.String()); !ok || l != want {
			t.Errorf("level %v is read as %v", want, l)
		}
	}
	if a, b := out.Action(0), out.Action(1); a.Equal(core.Action{Kind: core.Note, Level: core.LevelWarning, Data: []byte("a")}) || !b.Equal(b.Clone()) {
		t.Error("Equal does not compare levels")
	}
	if out.NoteAt(7, "d"); out.Err() != core.ErrLevel {
		t.Errorf("an unknown level: %v", out.Err())
	}
}
