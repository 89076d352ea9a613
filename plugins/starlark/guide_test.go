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
		case strings.HasPrefix(cells[1], " [functions of Starlark]"), cells[1] == " modules ":
			for _, m := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(cells[2], -1) {
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
			t.Errorf("%s: a block is no script:\n%s", guide, blocks[i])
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
