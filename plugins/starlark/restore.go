package starlark

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"

	"go.starlark.net/starlark"
)

// decoder takes a checkpoint apart. A value takes at least a byte, so what it
// makes is bounded by what it reads.
type decoder struct {
	in  []byte
	bad bool // it does not parse: what is read from then on means nothing
}

func (d *decoder) value(deep int) starlark.Value {
	t := d.take(1)
	if deep == 0 || d.bad {
		return d.refuse()
	}
	switch t[0] {
	case typeNone:
		return starlark.None
	case typeFalse, typeTrue:
		return starlark.Bool(t[0] == typeTrue)
	case typeInt:
		n, size := binary.Varint(d.in)
		if size <= 0 {
			return d.refuse()
		}
		d.in = d.in[size:]
		return starlark.MakeInt64(n)
	case typeBigInt:
		sign := d.take(1)
		n := new(big.Int).SetBytes(d.payload())
		if !d.bad && int8(sign[0]) < 0 {
			n.Neg(n)
		}
		return starlark.MakeBigInt(n)
	case typeFloat:
		if bits := d.take(8); !d.bad {
			return starlark.Float(math.Float64frombits(binary.BigEndian.Uint64(bits)))
		}
	case typeString:
		return starlark.String(d.payload())
	case typeBytes:
		return starlark.Bytes(d.payload())
	case typeTuple:
		return starlark.Tuple(d.values(1, deep))
	case typeList:
		return starlark.NewList(d.values(1, deep))
	case typeSet:
		set := new(starlark.Set)
		for _, x := range d.values(1, deep) {
			if set.Insert(x) != nil {
				return d.refuse()
			}
		}
		return set
	case typeDict:
		dict := new(starlark.Dict)
		for item := range slices.Chunk(d.values(2, deep), 2) {
			if dict.SetKey(item[0], item[1]) != nil {
				return d.refuse()
			}
		}
		return dict
	case typeFrozen:
		if len(d.in) > 0 && (d.in[0] == typeList || d.in[0] == typeDict || d.in[0] == typeSet) {
			v := d.value(deep)
			v.Freeze()
			return v
		}
	}
	return d.refuse()
}

func (d *decoder) refuse() starlark.Value {
	d.bad = true
	return starlark.None
}

// values reads a count, and that many times each values. It returns none when
// one is bad.
func (d *decoder) values(each, deep int) []starlark.Value {
	var values []starlark.Value
	for range d.size() * each {
		values = append(values, d.value(deep-1))
		if d.bad {
			return nil
		}
	}
	return values
}

// size reads a count or size, which is never over the bytes that are left.
func (d *decoder) size() int {
	n, size := binary.Uvarint(d.in)
	if size <= 0 || n > uint64(len(d.in)-size) {
		d.bad = true
		return 0
	}
	d.in = d.in[size:]
	return int(n)
}

func (d *decoder) payload() []byte { return d.take(d.size()) }

// take returns the next bytes, nil where there are not so many.
func (d *decoder) take(n int) []byte {
	if n > len(d.in) {
		d.bad = true
		return nil
	}
	taken := d.in[:n]
	d.in = d.in[n:]
	return taken
}
