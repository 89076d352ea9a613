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

// Cuts is one way to cut the runs of a transcript.
type Cuts struct {
	Name   string // "joined", "byte by byte" or "at random"
	Random bool
	Seed   uint64 // when Random: Random(Seed) cuts the same again

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
	return func(yield func(Cuts) bool) {
		if !yield(Joined()) || !yield(EachByte()) {
			return
		}
		for i := range n {
			if !yield(Random(seed + uint64(i))) {
				return
			}
		}
	}
}

// Joined makes one piece of each run, or as few of 256 KiB as hold it.
func Joined() Cuts {
	return Cuts{Name: "joined", begin: func() cutter {
		return pieces(func(left int) int { return left })
	}}
}

// EachByte makes each byte a piece.
func EachByte() Cuts {
	return Cuts{Name: "byte by byte", begin: func() cutter {
		return pieces(func(int) int { return 1 })
	}}
}

// Random cuts at places drawn from the seed. For each run it first draws how
// large a piece may be, from a byte to about the run, each scale as likely: so
// there are runs of many small pieces and runs of a few large ones.
func Random(seed uint64) Cuts {
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
