package replay

import (
	"fmt"
	"iter"
	"math/bits"
	"math/rand/v2"

	"github.com/protocol-workbench/workbench/core/wire"
)

// maxPiece bounds a piece of a run: a session never feeds more of the server's
// bytes at a time.
const maxPiece = wire.MaxBatchBytes

// EachByte is the name of the cuts that make each byte a piece.
const EachByte = "byte by byte"

// Cuts is one way to cut the runs of a transcript.
type Cuts struct {
	Name   string // "joined", EachByte or "at random"
	Random bool
	Seed   uint64 // when Random: Plan(1, Seed) has the same cuts again

	begin func() cutter
}

// String says how it cuts, with the seed if there is one.
func (c Cuts) String() string {
	if c.Random {
		return fmt.Sprintf("%s with seed %d", c.Name, c.Seed)
	}
	return c.Name
}

// cutter returns the sizes of the pieces of a run of size bytes, at least one
// piece. It is asked once for each run of a replay, in their order.
type cutter func(size int) iter.Seq[int]

// Plan yields the cuts that every golden should bear: joined, byte by byte,
// and n at random, the i-th of them with seed + i. So Plan(1, s) repeats the
// one with seed s.
func Plan(n int, seed uint64) iter.Seq[Cuts] {
	joined := func() cutter { return pieces(func(left int) int { return left }) } // as few as hold it
	eachByte := func() cutter { return pieces(func(int) int { return 1 }) }
	return func(yield func(Cuts) bool) {
		if !yield(Cuts{Name: "joined", begin: joined}) || !yield(Cuts{Name: EachByte, begin: eachByte}) {
			return
		}
		for i := range n {
			if !yield(random(seed + uint64(i))) {
				return
			}
		}
	}
}

// random cuts at places drawn from the seed. For each run it first draws how
// large a piece may be, from a byte to about the run, each scale as likely: so
// there are runs of many small pieces and runs of a few large ones.
func random(seed uint64) Cuts {
	return Cuts{Name: "at random", Random: true, Seed: seed, begin: func() cutter {
		r := rand.New(rand.NewPCG(seed, 0))
		return func(size int) iter.Seq[int] {
			most := 1 << r.IntN(bits.Len(uint(max(size, 1))))
			return pieces(func(int) int { return 1 + r.IntN(most) })(size)
		}
	}}
}

// pieces cuts by a function from the bytes that are left to the wanted size of
// the next piece.
func pieces(next func(left int) int) cutter {
	return func(size int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for left := size; ; {
				n := min(next(left), left, maxPiece)
				if left -= n; !yield(n) || left == 0 {
					return
				}
			}
		}
	}
}
