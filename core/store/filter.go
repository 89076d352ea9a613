package store

import (
	"math/bits"
	"slices"
)

// filter is the set of the trigrams of a text: each sequence of three bytes has
// its bit, which others may share. So it says for certain that a text does not
// hold another, and never that it does.
type filter []uint64

// Bounds of a filter: its bits are a power of two, at most one for each byte of
// the text, as long as that is within these.
const (
	minFilter = 10 // log2 of its bits
	maxFilter = 20
)

// newFilter returns a filter for a text of so many bytes.
func newFilter(size int64) filter {
	log := min(max(bits.Len64(uint64(size))-1, minFilter), maxFilter)
	return make(filter, 1<<log/64)
}

// log returns the logarithm of how many bits it has.
func (f filter) log() int { return bits.Len(uint(len(f)*64)) - 1 }

// add adds what text holds.
func (f filter) add(text []byte) {
	if len(text) < 3 {
		return
	}
	mask := uint32(len(f)*64 - 1)
	gram := uint32(text[0])<<8 | uint32(text[1])
	for _, c := range text[2:] {
		gram = gram<<8 | uint32(c)
		h := hashGram(gram) & mask
		f[h/64] |= 1 << (h % 64)
	}
}

// hashGram hashes the last three bytes of gram. A filter of fewer bits takes fewer
// of the hash's, the lowest.
func hashGram(gram uint32) uint32 {
	return uint32(uint64(gram&0xffffff) * 0x9e3779b97f4a7c15 >> 40)
}

// folded returns the filter with as few bits as leave one of eight set at most;
// with all of them, if more are.
func (f filter) folded() filter {
	set := 0
	for _, w := range f {
		set += bits.OnesCount64(w)
	}
	for len(f)*64 > 1<<minFilter && set*16 <= len(f)*64 {
		half := len(f) / 2
		for i, w := range f[half:] {
			f[i] |= w
		}
		f = f[:half]
	}
	return slices.Clone(f)
}

// maxGrams is how many trigrams of a text are looked up: more would find little
// more.
const maxGrams = 64

// gramsOf returns the hashes of some of the trigrams of text.
func gramsOf(text []byte) []uint32 {
	var hashes []uint32
	for i := 0; i+3 <= len(text) && len(hashes) < maxGrams; i++ {
		hashes = append(hashes, hashGram(uint32(text[i])<<16|uint32(text[i+1])<<8|uint32(text[i+2])))
	}
	return hashes
}

// lacks reports that the text has not all of the trigrams with these hashes.
func (f filter) lacks(hashes []uint32) bool {
	mask := uint32(len(f)*64 - 1)
	for _, h := range hashes {
		if h &= mask; f[h/64]>>(h%64)&1 == 0 {
			return true
		}
	}
	return false
}
