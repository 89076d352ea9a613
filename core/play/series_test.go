package play

import (
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// The n-th client gets the n-th script, and after the last one the first again; a connection on
// which nothing is said takes none away.
func TestSeries(t *testing.T) {
	first, second := script(t, "<< server \"1?\"\n>> server \"1\"\n"), script(t, "<< server \"2?\"\n>> server \"2\"\n")
	series, err := NewSeries([]*Script{first, second})
	if err != nil {
		t.Fatal(err)
	}
	address, told := serve(t, &Server{Series: series, Fast: true})
	for i, s := range []*Script{first, second, first} {
		if err := (Talk{Fast: true, Timeout: long}).Over(t.Context(), dial(t, address), s.Play(core.Client)); err != nil {
			t.Errorf("client %d: %v", i+1, err)
		}
	}
	if all := told(); len(all) > 0 {
		t.Error(all)
	}

	_, release := series.take() // the second of the round
	_, later := series.take()   // the first of the next
	release(false)
	if got, _ := series.take(); got != second {
		t.Error("what was given back in an earlier round was given again")
	}
	later(false)
	if !slices.Equal(series.left, []int{0}) {
		t.Errorf("left: %v", series.left)
	}
	if _, err := NewSeries(nil); err == nil {
		t.Error("no script")
	}
}
