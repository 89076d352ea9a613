package ready_test

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/lesson/ready"
)

// Every lesson is judged by its own cases: right and at least five wrong ways.
func TestCases(t *testing.T) {
	for _, name := range ready.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := ready.Open(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			cases, err := source.Cases()
			if err != nil {
				t.Fatal(err)
			}
			hints := 0
			for i := range cases {
				r, err := source.Try(&cases[i])
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Faults) > 0 {
					t.Errorf("case %s (line %d), seed %s: %s", cases[i].Name, cases[i].Line, r.Seed, strings.Join(r.Faults, "; "))
				}
				if cases[i].NamesMistake() {
					hints++
				}
			}
			if hints < 5 {
				t.Errorf("%d cases expect a hint that names a mistake, not 5", hints)
			}
		})
	}
}
