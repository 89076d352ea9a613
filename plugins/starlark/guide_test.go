package starlark

import (
	"os"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// Each script of the guide loads, opens, and answers every kind of event.
func TestGuide(t *testing.T) {
	const guide = "../../docs/plugins/starlark.md"
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
	if scripts < 4 {
		t.Errorf("%s has %d scripts", guide, scripts)
	}
}
