package secret

import (
	"bytes"
	"unicode/utf8"
)

// pattern finds a value in a stream that arrives in pieces, by the algorithm of
// Knuth, Morris and Pratt, in time linear in the stream.
type pattern struct {
	value []byte
	fall  []int32 // fall[i]: length of the longest proper prefix of value[:i+1] that is also its suffix
}

func newPattern(value []byte) *pattern {
	p := &pattern{value: bytes.Clone(value), fall: make([]int32, len(value))}
	for i, k := 1, 0; i < len(value); i++ {
		k = p.step(k, value[i])
		p.fall[i] = int32(k)
	}
	return p
}

// step returns how many of the value's first bytes a stream ends with after b,
// if it ended with k, fewer than all, before.
func (p *pattern) step(k int, b byte) int {
	for k > 0 && p.value[k] != b {
		k = int(p.fall[k-1])
	}
	if p.value[k] == b {
		k++
	}
	return k
}

// feed continues with a stream that ends with k of the value's first bytes. It
// calls whole with each offset in data right after the value, and returns the
// new k, fewer than all.
func (p *pattern) feed(k int, data []byte, whole func(end int)) int {
	for i := 0; i < len(data); i++ {
		if k == 0 { // most of the time
			skip := bytes.IndexByte(data[i:], p.value[0])
			if skip < 0 {
				return 0
			}
			i += skip
		}
		if k = p.step(k, data[i]); k == len(p.value) {
			whole(i + 1)
			k = int(p.fall[k-1])
		}
	}
	return k
}

// half returns the length of the longest suffix of value that data begins with,
// if that is two bytes or more; 0 if data contains value, or there is none.
func half(value, data []byte) int {
	if len(data) < 2 || bytes.Contains(data, value) {
		return 0
	}
	k, begin := 0, newPattern(data[:min(len(data), len(value))])
	for _, b := range value {
		if k = begin.step(k, b); k == len(begin.value) {
			k = int(begin.fall[k-1])
		}
	}
	if k < 2 { // probably by chance
		return 0
	}
	return k
}

// Cover replaces data[from:to], clipped to data, with '*'. In text it covers
// whole runes, so that it stays text.
func Cover(data []byte, from, to int, text bool) {
	from, to = min(max(from, 0), len(data)), min(to, len(data))
	if text && from < to {
		for from > 0 && !utf8.RuneStart(data[from]) {
			from--
		}
		for to < len(data) && !utf8.RuneStart(data[to]) {
			to++
		}
	}
	for i := from; i < to; i++ {
		data[i] = '*'
	}
}
