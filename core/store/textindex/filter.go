package textindex

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Filter is the set of the grams of a text, its sequences of three, four and five
// bytes: each has its bits, which others may share. So it says for certain that a
// text does not hold another, and never that it does.
//
// Three bytes alone do not tell recordings apart: their times and lengths are digits,
// and any three digits are in most of them. Four are in about a tenth, so these have
// two bits, as they decide where a number is looked for.
type Filter []uint64

// Bounds of a filter: its bits are a power of two, at most two for each byte of the
// text, or eight where that is below smallFilter.
const (
	minFilter   = 10 // log2 of its bits
	smallFilter = 14
	maxFilter   = 22
)

// NewFilter returns a filter for a text of so many bytes.
func NewFilter(size int64) Filter {
	log := bits.Len64(uint64(size))
	log = max(log, min(log+2, smallFilter))
	return make(Filter, 1<<min(max(log, minFilter), maxFilter)/64)
}

// log returns the logarithm of how many bits it has.
func (f Filter) log() int { return bits.Len(uint(len(f)*64)) - 1 }

// Add adds what text holds. A filter with nearly all bits set rules nothing out: it
// gets the others too, and is left alone then, as large files of bytes would fill it
// over and over.
func (f Filter) Add(text []byte) {
	if f.sated() {
		return
	}
	mask := uint32(len(f)*64 - 1)
	set := func(hash uint32) {
		hash &= mask
		f[hash/64] |= 1 << (hash % 64)
	}
	gram := uint64(0)
	for i, c := range text {
		gram = gram<<8 | uint64(c)
		switch {
		case i >= 4:
			set(hashFive(gram))
			fallthrough
		case i == 3:
			set(hashFour(gram))
			set(hashFourAgain(gram))
			fallthrough
		case i == 2:
			set(hashThree(gram))
		}
	}
}

// sated sets all bits if fifteen of sixteen are, and reports whether it has.
func (f Filter) sated() bool {
	if f.bits()*16 < len(f)*64*15 {
		return false
	}
	for i := range f {
		f[i] = ^uint64(0)
	}
	return true
}

// bits returns how many bits are set.
func (f Filter) bits() (set int) {
	for _, w := range f {
		set += bits.OnesCount64(w)
	}
	return set
}

// These hash the last bytes of gram to 24 bits. A filter of fewer bits takes fewer of
// the hash's, the lowest.
func hashThree(gram uint64) uint32     { return uint32(gram & (1<<24 - 1) * 0x9e3779b97f4a7c15 >> 40) }
func hashFour(gram uint64) uint32      { return uint32(gram & (1<<32 - 1) * 0xd6e8feb86659fd93 >> 40) }
func hashFourAgain(gram uint64) uint32 { return uint32(gram & (1<<32 - 1) * 0xbf58476d1ce4e5b9 >> 40) }
func hashFive(gram uint64) uint32      { return uint32(gram & (1<<40 - 1) * 0x94d049bb133111eb >> 40) }

// Folded returns the filter with as few bits as leave one of four set at most; with
// all of them, if more are.
func (f Filter) Folded() Filter {
	set := f.bits()
	for len(f)*64 > 1<<minFilter && set*8 <= len(f)*64 {
		half := len(f) / 2
		for i, w := range f[half:] {
			f[i] |= w
		}
		f = f[:half]
	}
	return slices.Clone(f)
}

// maxPlaces is at how many places of a text its grams are looked up: more would find
// little more.
const maxPlaces = 64

// gramsOf returns the hashes of the grams of text, the longest first since they rule
// out the most; of a long text some.
func gramsOf(text []byte) []uint32 {
	var threes, fours, fives []uint32
	step := 1 + len(text)/maxPlaces
	for gram, i := uint64(0), 0; i < len(text); i++ {
		gram = gram<<8 | uint64(text[i])
		if i%step != step-1 {
			continue
		}
		if i >= 4 {
			fives = append(fives, hashFive(gram))
		}
		if i >= 3 {
			fours = append(fours, hashFour(gram), hashFourAgain(gram))
		}
		if i >= 2 {
			threes = append(threes, hashThree(gram))
		}
	}
	return slices.Concat(fives, fours, threes)
}

// Lacks reports for certain that the text of the filter does not hold another one.
func (f Filter) Lacks(text []byte) bool { return f.lacks(gramsOf(text)) }

// Bytes returns the filter as [FilterOf] takes it.
func (f Filter) Bytes() []byte {
	b := make([]byte, 0, 8*len(f))
	for _, w := range f {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// FilterOf returns the filter that [Filter.Bytes] was made of; ok is false if it is none.
func FilterOf(b []byte) (f Filter, ok bool) {
	if n := len(b); n < 1<<minFilter/8 || n > 1<<maxFilter/8 || n&(n-1) != 0 {
		return nil, false
	}
	f = make(Filter, len(b)/8)
	for i := range f {
		f[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return f, true
}

// lacks reports that the text has not all of the grams with these hashes.
func (f Filter) lacks(hashes []uint32) bool {
	mask := uint32(len(f)*64 - 1)
	for _, h := range hashes {
		if h &= mask; f[h/64]>>(h%64)&1 == 0 {
			return true
		}
	}
	return false
}
