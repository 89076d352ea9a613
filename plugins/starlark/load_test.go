package starlark

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
)

const handle = "def handle(state, event, out):\n    pass\n"

// An error of loading says where, and what was expected.
func TestLoadErrors(t *testing.T) {
	for source, want := range map[string]string{
		"x = = 1":                                            "m.star:1:5: got '=', want primary expression",
		head + "y = nope":                                    "m.star:2:5: undefined: nope",
		head + handle + "x = 1 // 0":                         "m.star:4:7: floored division by zero",
		head + "def f(a, b)\n    pass":                       "m.star:2:12: got newline, want ':'",
		head + "if 'é'  \r\n\n    pass":                      "m.star:2:7: got newline, want ':'",
		head + "x = [1,\n  2\n\n":                            "m.star:3:4: got end of file, want ']'",
		head + "x = 1 +\n":                                   "m.star:2:8: got newline, want primary expression",
		head + "load('a', 'b')":                              "m.star:2:1: cannot load a: there is nothing to load: a script is one file",
		"":                                                   `m.star:1:1: expected manifest = {"name": …, "title": …} at the top level; there is none`,
		"manifest = 3":                                       "m.star:1:12: expected the manifest as a dict {…}, not a value of type int",
		"manifest = {\n  'nme': 'x'}":                        "m.star:2:10: the manifest has no key \"nme\"; it takes name, title, version, summary, sends, input, file_bytes, boundaries, options, events, after_server_eof, clients, secrets, messages, seeded, commands, typed_as_text, checks_typed, group, brief, ports, greetings",
		"manifest = {\n  'name': 3}":                         "m.star:2:11: expected a text as the name of the manifest, not a value of type int",
		"manifest = {'name': 'm'}":                           "m.star:1:1: the manifest has no title",
		"manifest = {'boundaries': 1}":                       "m.star:1:27: expected True or False as the boundaries of the manifest, not a value of type int",
		"manifest = {'ports': [{'port': '1'}]}":              "m.star:1:32: expected a whole number as the port of a port, not a value of type string",
		"manifest = {'greetings': [{'is': 'x'}]}":            "m.star:1:34: a greeting has no key \"is\"; it takes begins, name",
		"manifest = {'options': {}}":                         "m.star:1:24: expected a list as the options of the manifest, not a value of type dict",
		"manifest = {'options': [\n1]}":                      "m.star:2:1: expected an option as a dict {…}, not a value of type int",
		"manifest = {'options': [{},\n {'name': 1}]}":        "m.star:2:11: expected a text as the name of an option, not a value of type int",
		"manifest = {'options': [{'help': 'a', 'typ': 1}]}":  "m.star:1:46: an option has no key \"typ\"; it takes name, type, default, choices, help",
		"manifest = {'options': [{'choices': ['a', 2]}]}":    "m.star:1:43: expected a text in the choices of an option, not a value of type int",
		"manifest = {'options': [{'default': None}]}":        "m.star:1:37: expected a text as the default of an option, not a value of type NoneType",
		"manifest = {'commands': [{'when': ['x']}]}":         "m.star:1:35: expected a dict of lists as the when of a command, not a value of type list",
		"manifest = {'commands': [{'when': {'x': 'y'}}]}":    "m.star:1:41: expected a list as the x of when of a command, not a value of type string",
		"manifest = dict(name='m', title='M', input='song')": `m.star:1:1: input is "song"; it must be line, bytes or characters`,
		head:                                "m.star:1:1: expected a function def handle(state, event, out) somewhere in the script; there is none",
		head + "handle = 3":                 "m.star:2:1: expected a function def handle(state, event, out); handle is of type int",
		head + "def handle(a, b): pass":     "m.star:2:1: expected def handle(state, event, out); it takes other parameters",
		head + "def handle(a, b, *c): pass": "m.star:2:1: expected def handle(state, event, out); it takes other parameters",
		head + handle + "def open(): pass":  "m.star:4:1: expected def open(options, target, out); it takes other parameters",
	} {
		if _, err := Load("m.star", []byte(source)); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", source, err, want)
		}
	}
	_, err := Load("m.star", []byte(strings.Repeat("#", MaxSource+1)))
	if err == nil || !strings.HasPrefix(err.Error(), "m.star:1:1: the script has over") {
		t.Error(err)
	}
}

func TestManifest(t *testing.T) {
	d := load(t, "m.star", `manifest = {
    "name": "m", "title": "M", "version": "2", "summary": "s", "sends": "it", "input": "bytes", "boundaries": True,
    "group": "stores", "brief": "b", "ports": [{"port": 6379, "name": "P"}], "greetings": [{"begins": "\u00ff\r", "name": "G"}],
    "options": [
        {"name": "i", "type": "int", "default": -1, "help": "h"},
        {"name": "b", "type": "bool", "default": False},
        {"name": "c", "type": "choice", "default": "x", "choices": ("x", "y")},
    ],
    "events": ["client command"], "commands": [{"name": "GO", "when": {"c": ["x", "y"]}}],
}
`+handle)
	want := core.Manifest{Name: "m", Title: "M", Version: "2", Summary: "s", Sends: "it", Input: core.InputBytes, Boundaries: true,
		Group: "stores", Brief: "b", Ports: []core.UsualPort{{Port: 6379, Name: "P"}}, Greetings: []core.Greeting{{Begins: "\u00ff\r", Name: "G"}},
		Options: []core.Option{
			{Name: "i", Type: core.OptionInt, Default: "-1", Help: "h"},
			{Name: "b", Type: core.OptionBool, Default: "false"},
			{Name: "c", Type: core.OptionChoice, Default: "x", Choices: []string{"x", "y"}},
		},
		Events: []string{"client command"}, Commands: []core.Command{{Name: "GO", When: map[string][]string{"c": {"x", "y"}}}}}
	if diff := cmp.Diff(want, d.Manifest); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOctets(t *testing.T) {
	for call, want := range map[string]string{
		`octets.find(b"a\r\nb\r\n", b"\r\n")`:             "1",
		`octets.find(b"a\r\nb\r\n", b"\r\n", 2)`:          "4",
		`octets.find(b"a", b"b")`:                         "-1",
		`octets.split(b"a,b,c", b",")`:                    `[b"a", b"b", b"c"]`,
		`octets.split(b"a,b,c", b",", most=1)`:            `[b"a", b"b,c"]`,
		`octets.split(b"a,b", b",", 0)`:                   `[b"a,b"]`,
		`octets.split(b"", b",")`:                         `[b""]`,
		`octets.to_int(b"\x01\x02")`:                      "258",
		`octets.to_int(b"\x01\x02", "little")`:            "513",
		`octets.to_int(b"\xff\xfe", signed=True)`:         "-2",
		`octets.to_int(b"")`:                              "0",
		`octets.to_int(b"\xff" * 8)`:                      "18446744073709551615",
		`octets.to_int(b"\xff" * 8, signed=True)`:         "-1",
		`octets.to_int(b"\x80" + b"\0" * 6, signed=True)`: "-36028797018963968",
		`octets.from_int(258, 4)`:                         `b"\x00\x00\x01\x02"`,
		`octets.from_int(258, 4, "little")`:               `b"\x02\x01\x00\x00"`,
		`octets.from_int(-2, 2)`:                          `b"\xff\xfe"`,
		`octets.from_int(0, 0)`:                           `b""`,
		`octets.hex(b"\x00\xff")`:                         `"00ff"`,
		`octets.from_hex("00Ff")`:                         `b"\x00\xff"`,
	} {
		m := open(t, "def handle(state, event, out):\n    state['r'] = repr("+call+")\n    out.text(state['r'])")
		var out core.Out
		if err := m.Handle(core.Event{Kind: core.ClientText}, &out); err != nil {
			t.Errorf("%s: %v", call, err)
		} else if got := string(out.Action(0).Data); got != want {
			t.Errorf("%s is %s, want %s", call, got, want)
		}
	}
	for call, want := range map[string]string{
		`octets.find(b"a", b"", 2)`:     "m.star:3: octets.find: start is 2; data has 1 bytes",
		`octets.split(b"a", b"")`:       "m.star:3: octets.split: there is nothing to split by: by is empty",
		`octets.to_int(b"a", "middle")`: `m.star:3: octets.to_int: order is "big" or "little", not "middle"`,
		`octets.to_int(b"a" * 9000)`:    "m.star:3: octets.to_int: data has 9000 bytes; a number of at most 8192 is read",
		`octets.from_int(256, 1)`:       "m.star:3: octets.from_int: the number does not fit into 1 bytes",
		`octets.from_int(-129, 1)`:      "m.star:3: octets.from_int: the number does not fit into 1 bytes",
		`octets.from_int(0, 1 << 30)`:   "m.star:3: octets.from_int: size is 1073741824; it is 0 to 8192",
		`octets.from_hex("0")`:          "m.star:3: octets.from_hex: expected hexadecimal digits, two a byte",
		`octets.find("a", b"a")`:        "m.star:3: octets.find: for parameter data: got string, want bytes",
	} {
		if got := fails(t, open(t, "def handle(state, event, out):\n    "+call), ""); got != want {
			t.Errorf("%s:\n got %s\nwant %s", call, got, want)
		}
	}
}
