package store

import "hash/crc32"

// tally is what is known of bytes that are not kept.
type tally struct {
	length uint64
	crc    uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (t *tally) add(data []byte) {
	t.length += uint64(len(data))
	t.crc = crc32.Update(t.crc, castagnoli, data)
}

// and returns the tally of t's bytes with more's behind them. What comes before
// a CRC of n more bytes counts in it times x^8n, modulo its polynomial.
func (t tally) and(more tally) tally {
	shift, square := uint32(1<<31), uint32(1<<23) // 1 and x^8: the highest bit is the lowest power
	for n := more.length; n > 0; n >>= 1 {
		if n&1 != 0 {
			shift = polyTimes(shift, square)
		}
		square = polyTimes(square, square)
	}
	return tally{t.length + more.length, polyTimes(shift, t.crc) ^ more.crc}
}

// polyTimes multiplies two polynomials over GF(2) modulo CRC-32C's.
func polyTimes(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 != 0 {
			product ^= b
		}
		carry := b & 1
		b = b>>1 ^ carry*crc32.Castagnoli
	}
	return product
}
