package jsonl

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Every line of the specification is one that this package says or takes.
func TestSpecification(t *testing.T) {
	spec, err := os.ReadFile("../../docs/plugins/jsonl.md")
	if err != nil {
		t.Fatal(err)
	}
	said, took := 0, 0
	for line := range strings.Lines(string(spec)) {
		ours, isOurs := strings.CutPrefix(strings.TrimSpace(line), "→ ")
		theirs, isTheirs := strings.CutPrefix(strings.TrimSpace(line), "← ")
		switch {
		case isOurs:
			said++
			var r request
			err := decode([]byte(ours), &r)
			again, _ := json.Marshal(r)
			if err != nil || string(again) != ours {
				t.Errorf("%s: %v\nis said as %s", ours, err, again)
			}
		case isTheirs && strings.Contains(theirs, "workbench"):
			var h hello
			if err := decode([]byte(theirs), &h); err != nil || h.check() != nil {
				t.Errorf("%s: %v, %v", theirs, err, h.check())
			}
		case isTheirs:
			took++
			r, err := parseReply([]byte(theirs))
			if err != nil || r.refused != nil {
				t.Errorf("%s: %v, %v", theirs, err, r)
				continue
			}
			for _, a := range r.Actions {
				if _, err := a.payload(); err != nil {
					t.Errorf("%s: %v", theirs, err)
				}
			}
		}
	}
	if said < 8 || took < 8 {
		t.Errorf("%d and %d lines", said, took)
	}
}
