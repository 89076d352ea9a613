package golden

import (
	"testing"

	"github.com/protocol-workbench/workbench/core/replay"
)

// What a random cut finds can be repeated by what is printed.
func TestTextTellsTheSeed(t *testing.T) {
	seed := uint64(9)
	r := Report{File: "a.golden", Outcome: Different, Cut: "at random", Seed: &seed, Where: &replay.Finding{Line: 7, Words: "a run of 9 bytes, cut after 3"}}
	want := "a.golden: different when the server's bytes are cut at random with seed 9; to repeat it: workbench replay --recut 1 --seed 9 a.golden\n" +
		"a.golden:7: a run of 9 bytes, cut after 3\n"
	if got := r.text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
