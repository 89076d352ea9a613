package starlark

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// What Python has and a script lacks, names and syntax, and what to do instead.
// docs/plugins/starlark.md lists the same.
var (
	absentNames = instead(map[string]string{
		"time datetime":               "there is no clock here: order out.timer, and answer its event; session.start says when the session began",
		"random secrets uuid":         "there is nothing random here, so that the same events always have the same answers: draw from the session's seed, count in the state, or take an option",
		"open pathlib":                "there are no files here: write what the script needs into it, or take an option",
		"socket ssl requests urllib":  "there is no network here: out.server sends to the server of the session",
		"os sys subprocess threading": "there is no system here: a script answers events with orders, and does nothing else",
		"re":                          "there are no regular expressions here: use find, split and startswith of a text, or octets.find and octets.split",
		"math pow round divmod":       "there are only + - * / // and % here: write the function, or work with whole numbers",
		"struct bytearray":            "octets.from_int and octets.to_int write and read numbers, and + joins bytes",
		"hashlib zlib binascii hmac":  "the module hash has sha256, sha1, md5 and crc32, octets has hex, base64 has encode and decode",
		"hex oct bin format":          `use "%x" % n or "%o" % n, and octets.hex(data) for bytes`,
		"sum map filter":              "use a loop, or a comprehension: [f(x) for x in l if g(x)]",
		"isinstance":                  `use type(x) == "int"`,
		"input":                       "what the client sends comes as an event",
		"eval exec":                   "a script cannot make code",
	})
	absentSyntax = instead(map[string]string{
		"import from":            "there is nothing to import: a script is one file, and finds its modules without it",
		"class":                  "there are no classes here: keep a dict in the state",
		"try except raise":       "an error ends the session: test before, and end the session with fail(words)",
		"assert":                 "use if, and fail(words)",
		"with async await yield": "a function runs to its end for each event: keep in the state what is to come",
		"global nonlocal":        "what the top level of the file holds is frozen: keep in the state what changes",
		"del":                    "use l.pop(i) or d.pop(key)",
		"is":                     "use ==",
		"**":                     "multiply in a loop, or shift: 1 << n",
		`f"…"`:                   `use "%s" % x, or "{}".format(x)`,
	})
)

func instead(lines map[string]string) map[string]string {
	each := map[string]string{}
	for names, words := range lines {
		for name := range strings.FieldsSeq(names) {
			each[name] = words
		}
	}
	return each
}

// with returns a message followed by the words, if there are any.
func with(message, words string) string {
	if words == "" {
		return message
	}
	return message + "; " + words
}

// undefined adds what to do instead to the message about an undefined name.
func undefined(message string) string {
	name, _ := strings.CutPrefix(message, "undefined: ")
	return with(message, absentNames[name])
}

// Patterns are compiled where they are needed, in errors: every plugin process has this
// package, and most never need them.
const (
	unexpected    = `^got '?([a-z*]+)`
	firstWord     = `^\s*([a-z]+)`
	formattedText = `\bf["'].*["']$`
)

// unparsed does the same for a syntax error: it looks at the unexpected word, at
// the first word of the line, and for an f before a string, whose end is where the
// parser reports it.
func unparsed(wrong syntax.Error, source []byte) string {
	words := ""
	if m := regexp.MustCompile(unexpected).FindStringSubmatch(wrong.Msg); m != nil {
		words = absentSyntax[m[1]]
	}
	lines := strings.Split(string(source), "\n")
	if words != "" || int(wrong.Pos.Line) > len(lines) {
		return with(wrong.Msg, words)
	}
	line := []rune(lines[wrong.Pos.Line-1])
	if m := regexp.MustCompile(firstWord).FindStringSubmatch(string(line)); m != nil {
		words = absentSyntax[m[1]]
	}
	before := line[:min(int(wrong.Pos.Col)-1, len(line))]
	if strings.HasPrefix(wrong.Msg, "got string literal") && regexp.MustCompile(formattedText).MatchString(string(before)) {
		words = absentSyntax[`f"…"`]
	}
	return with(wrong.Msg, words)
}

// nothingToLoad implements load.
func nothingToLoad(_ *starlark.Thread, module string) (starlark.StringDict, error) {
	name := strings.TrimSuffix(path.Base(module), ".star")
	words := absentNames[name]
	if _, ok := predeclared[name].(starlark.HasAttrs); ok {
		words = name + " is there without load"
	}
	return nil, fmt.Errorf("%s", with("there is nothing to load: a script is one file", words))
}

// ofBytes are messages of Starlark's about bytes, and what to do.
var ofBytes = []struct{ message, words string }{
	{`^bytes has no \.`, "the module octets has more for bytes"},
	{`^bytes value is not iterable|got bytes, want iterable`, "data.elems() has the numbers of data"},
	{`^(unknown binary op: )?(bytes [^ ]+ int|int [^ ]+ bytes)( not implemented)?$`, "data[0] is bytes too: ord(data[0]) is its number"},
	{`^(unknown binary op: )?(bytes [^ ]+ string|string [^ ]+ bytes)( not implemented)?$|^string has no \.encode`, "bytes(text) makes bytes of a text, str(data) a text of bytes"},
}

// aboutBytes adds what to do to a message about bytes.
func aboutBytes(message string) string {
	for _, m := range ofBytes {
		if regexp.MustCompile(m.message).MatchString(message) {
			return with(message, m.words)
		}
	}
	return message
}
