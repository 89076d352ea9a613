package ready_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/core/practice/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a test for each lesson and its cases.
func each(t *testing.T, test func(t *testing.T, s *lesson.Source, cases []lesson.Case)) {
	for _, name := range ready.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := ready.Open(name, room.Value)
			if err != nil {
				t.Fatal(err)
			}
			cases, err := source.Cases()
			if err != nil {
				t.Fatal(err)
			}
			test(t, source, cases)
		})
	}
}

// fails tells how a verdict is not as expected.
func fails(t *testing.T, r lesson.Result, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Error(err)
	case len(r.Faults) > 0:
		t.Errorf("case %s (line %d), seed %s: %s", r.Case.Name, r.Case.Line, r.Seed, strings.Join(r.Faults, "; "))
	}
}

// Every lesson is judged by its own cases: right and at least five wrong ways.
func TestCases(t *testing.T) {
	each(t, func(t *testing.T, s *lesson.Source, cases []lesson.Case) {
		hints := 0
		for i := range cases {
			r, err := s.Try(&cases[i])
			fails(t, r, err)
			if cases[i].NamesMistake() {
				hints++
			}
		}
		if hints < 5 {
			t.Errorf("%d cases expect a hint that names a mistake, not 5", hints)
		}
	})
}

// Every practice server that a lesson names is there, and serves as the lesson says.
func TestServersAreThere(t *testing.T) {
	each(t, func(t *testing.T, s *lesson.Source, _ []lesson.Case) {
		l, err := s.For("anna")
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range l.Steps {
			if step.Setting.Practice == "" {
				continue
			}
			if _, err := room.Find(step.Setting.Practice); err != nil {
				t.Errorf("step %d: %v", step.N, err)
			}
			if _, err := room.ChoicesFor("anna", with(step)); err != nil {
				t.Errorf("step %d: %v", step.N, err)
			}
		}
	})
}

func with(step lesson.Step) map[string]string {
	choices := map[string]string{}
	for _, o := range step.Setting.With {
		choices[o.Name] = o.Value
	}
	return choices
}
