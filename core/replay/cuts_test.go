package replay

import (
	"slices"
	"testing"
)

var sizes = []int{0, 1, 2, 3, 100, 64 << 10, maxPiece, maxPiece + 1, 1 << 20}

func cutAll(c Cuts) (all [][]int) {
	cut := c.begin()
	for _, size := range sizes {
		all = append(all, slices.Collect(cut(size)))
	}
	return all
}

func TestCutsAreWhole(t *testing.T) {
	for c := range Plan(50, 1) {
		for i, pieces := range cutAll(c) {
			sum := 0
			for _, n := range pieces {
				sum += n
				if n > maxPiece || n == 0 && sizes[i] > 0 {
					t.Fatalf("%s: a piece of %d bytes of %d", c, n, sizes[i])
				}
			}
			if sum != sizes[i] || len(pieces) == 0 {
				t.Fatalf("%s: %d pieces with %d bytes of %d", c, len(pieces), sum, sizes[i])
			}
		}
	}
}

// Each random cut of a plan can be repeated alone, and no two are alike.
func TestSeedRepeats(t *testing.T) {
	plan := slices.Collect(Plan(5, 7))
	for i, c := range plan[2:] {
		alone := slices.Collect(Plan(1, c.Seed))
		if got := alone[2]; c.Seed != 7+uint64(i) || !slices.EqualFunc(cutAll(got), cutAll(c), slices.Equal) {
			t.Errorf("%s does not repeat", c)
		}
		if i > 0 && slices.EqualFunc(cutAll(plan[2+i-1]), cutAll(c), slices.Equal) {
			t.Errorf("%s cuts like the one before it", c)
		}
	}
}
