package starlark

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

const guide = "../../docs/plugins/starlark.md"

// section returns the guide from this heading to the next of its kind.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, s, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %s", guide, heading)
	}
	s, _, _ = strings.Cut(s, "\n## ")
	return s
}

// The guide lists the functions and modules that there are, and no others.
func TestGuideListsWhatThereIs(t *testing.T) {
	text := section(t, "What there is")
	listed := map[string]bool{"None": true, "True": true, "False": true}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) < 3:
		case strings.HasPrefix(cells[1], " [functions of Starlark]"), cells[1] == " modules ", cells[1] == " for commands ":
			for _, m := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cells[2], -1) {
				listed[m[1]] = true
			}
		default:
			for _, m := range regexp.MustCompile("`([a-z0-9]+\\.[a-z0-9_]+)\\(").FindAllStringSubmatch(cells[1], -1) {
				listed[m[1]] = true
			}
		}
	}
	delete(listed, "data.elems") // a method
	there := map[string]bool{}
	for _, names := range []starlark.StringDict{starlark.Universe, predeclared} {
		for name, v := range names {
			if strings.HasPrefix(name, `"`) {
				continue // no script can write it
			}
			there[name] = true
			if module, ok := v.(starlark.HasAttrs); ok {
				for _, f := range module.AttrNames() {
					there[name+"."+f] = true
				}
			}
		}
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("%s lists otherwise (-there +listed):\n%s", guide, diff)
	}
}

// The guide lists what is absent, and each of it has an error that says what to
// do instead.
func TestGuideListsWhatIsAbsent(t *testing.T) {
	listed := map[string]bool{}
	for line := range strings.Lines(section(t, "What is absent")) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				listed[m[1]] = true
			}
		}
	}
	delete(listed, "load") // TestAbsent
	there := map[string]bool{}
	for _, names := range []map[string]string{absentNames, absentSyntax} {
		for name := range names {
			there[name] = true
		}
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("%s lists otherwise (-there +listed):\n%s", guide, diff)
	}
	for name, words := range absentNames {
		_, err := Load("m.star", []byte(head+handle+"x = "+name+"\n"))
		if want := "m.star:4:5: undefined: " + name + "; " + words; err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", name, err, want)
		}
	}
}

func TestAbsent(t *testing.T) {
	for source, want := range map[string]string{
		"x = time.now()":                   "m.star:2:5: undefined: time; there is no clock here: order out.timer, and answer its event; session.start says when the session began",
		"import time":                      "m.star:2:1: got import, want primary expression; there is nothing to import",
		"from a import b":                  "m.star:2:1: got from, want primary expression; there is nothing to import",
		"class A: pass":                    "m.star:2:1: got class, want primary expression; there are no classes here",
		"def f():\n    try:\n        pass": "m.star:3:5: got try, want primary expression; an error ends the session",
		"except:":                          "m.star:2:1: got except, want primary expression; an error ends",
		"raise 1":                          "m.star:2:1: got raise, want primary expression; an error ends",
		"assert x":                         "m.star:2:9: got identifier, want newline; use if, and fail(words)",
		"with x: pass":                     "m.star:2:1: got with, want primary expression; a function runs to its end",
		"async def f(): pass":              "m.star:2:1: got async, want primary expression; a function runs",
		"await x":                          "m.star:2:1: got await, want primary expression; a function runs",
		"def f():\n    x = yield 1":        "m.star:3:9: got yield, want primary expression; a function runs",
		"global x":                         "m.star:2:1: got global, want primary expression; what the top level",
		"nonlocal x":                       "m.star:2:1: got nonlocal, want primary expression; what the top level",
		"del x":                            "m.star:2:1: got del, want primary expression; use l.pop(i)",
		"x = 1 is 2":                       "m.star:2:9: got is, want newline; use ==",
		"x = 2 ** 3":                       "m.star:2:9: got '**', want newline; multiply in a loop",
		"é = f'a'":                         "m.star:2:9: got string literal, want newline; use \"%s\" % x",
		"load('time.star', 'now')":         "m.star:2:1: cannot load time.star: there is nothing to load: a script is one file; there is no clock here: order out.timer, and answer its event; session.start says when the session began",
		"load('@lib//json.star', 'json')":  "m.star:2:1: cannot load @lib//json.star: there is nothing to load: a script is one file; json is there without load",
		"x = 'a' 'b'":                      "m.star:2:12: got string literal, want newline",
		"open('x' 1)":                      "m.star:2:11: got int literal, want ','",
	} {
		_, err := Load("m.star", []byte(head+source+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(want, ";") && err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", source, err, want)
		}
	}
}

// Each script of the guide loads, opens, and answers every kind of event.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```")
	scripts := 0
	for i := 1; i < len(blocks); i += 2 {
		source, ok := strings.CutPrefix(blocks[i], "python\n")
		if !ok {
			t.Errorf("%s: a block is not a script:\n%s", guide, blocks[i])
			continue
		}
		scripts++
		d := load(t, "guide.star", source)
		options, err := d.Manifest.ParseOptions(nil)
		if err != nil {
			t.Fatal(err)
		}
		for kind := core.ClientText; kind.Valid(); kind++ {
			m, err := d.Open(core.Opening{Options: options, Target: "h:1"}, new(core.Out))
			if err != nil {
				t.Fatal(err)
			}
			answerTo(t, m, core.Event{Kind: kind, Data: []byte("a\nb")})
		}
	}
	if scripts < 5 {
		t.Errorf("%s has %d scripts", guide, scripts)
	}
}
