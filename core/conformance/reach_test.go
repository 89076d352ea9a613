package conformance

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/wire"
)

// reachOf returns what the check says that no golden reaches.
func reachOf(t *testing.T, s Subject) *Reach {
	t.Helper()
	var last Result
	_, err := runChecks(context.Background(), s, []check{checks[0], checks[checkAt("changed goldens")], checks[checkAt("reach")]}, func(r Result) { last = r })
	if err != nil || len(last.Findings) > 0 {
		t.Fatal(err, last.Findings)
	}
	return last.Reach
}

func TestReach(t *testing.T) {
	s := aShop("")
	if r := reachOf(t, s); r != nil {
		t.Errorf("without a golden: %v", r)
	}
	s.Seeds = Seeds{Goldens: shopSeeds(t, ""), Most: 20}
	fed := 0
	s.Counted = func(context.Context) (*Counted, error) {
		return &Counted{
			Open:   func(ctx context.Context) (*wire.Conn, error) { fed++; return s.Open(ctx) },
			Missed: func() ([]Lines, error) { return []Lines{{"shop.star", 3, 3}, {"shop.star", 41, 46}}, nil },
			End:    func() { fed += 100 },
		}, nil
	}
	r := reachOf(t, s)
	if want := []string{"failed"}; !reflect.DeepEqual(r.Answers, want) {
		t.Errorf("answers %q, want %q", r.Answers, want)
	}
	if want := []string{"client binary", "client eof", "server failed"}; !reflect.DeepEqual(r.Events, want) {
		t.Errorf("events %q, want %q", r.Events, want)
	}
	const words = "no golden reaches: << failed, >> client binary, >> client eof, >> server failed, line 3 of shop.star, lines 41–46 of shop.star"
	if r.String() != words || fed != 105 {
		t.Errorf("%s; %d", r, fed)
	}

	s.Seeds.Goldens = s.Seeds.Goldens[:2] // none is of PASS, which changed ones of the others do not say
	if r := reachOf(t, s); len(r.Answers) != 1 {
		t.Errorf("answers that came nowhere are missed: %q", r.Answers)
	}
	s.Counted = func(context.Context) (*Counted, error) { return nil, errors.New("it does not build") }
	if r := reachOf(t, s); !strings.HasSuffix(r.String(), "; which code they execute is not known: it does not build") || r.Code == nil {
		t.Error(r)
	}
	s.Counted = nil
	if r := reachOf(t, s); r.CodeUnknown == "" {
		t.Error(r)
	}
}

func TestMergeLines(t *testing.T) {
	got := MergeLines("x", map[int]bool{1: true, 2: false, 4: false, 5: true, 9: false})
	if want := []Lines{{"x", 2, 4}, {"x", 9, 9}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// Marks of values are counted as any other kind of action.
func TestReachOfSecretValues(t *testing.T) {
	s := aShop(lowerCaseByValue)
	s.Seeds = Seeds{Goldens: shopSeeds(t, lowerCaseByValue), Most: 20}
	if r := reachOf(t, s); slices.Contains(r.Answers, "secret value") {
		t.Errorf("a golden has one, and yet: %q", r.Answers)
	}
}
