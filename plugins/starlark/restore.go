package starlark

import (
	"encoding/binary"
	"math"
	"math/big"

	"go.starlark.net/starlark"
)

// decoder takes a checkpoint apart. A value takes at least a byte, so what it
// makes is bounded by what it reads.
type decoder struct{ in []byte }

func (d *decoder) value(deep int) (starlark.Value, bool) {
	if deep == 0 || len(d.in) == 0 {
		return nil, false
	}
	t := d.in[0]
	d.in = d.in[1:]
	switch t {
	case typeNone:
		return starlark.None, true
	case typeFalse, typeTrue:
		return starlark.Bool(t == typeTrue), true
	case typeInt:
		n, size := binary.Varint(d.in)
		if size <= 0 {
			return nil, false
		}
		d.in = d.in[size:]
		return starlark.MakeInt64(n), true
	case typeBigInt:
		return d.bigInt()
	case typeFloat:
		if len(d.in) < 8 {
			return nil, false
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(d.in))
		d.in = d.in[8:]
		return starlark.Float(f), true
	case typeString:
		s, ok := d.payload()
		return starlark.String(s), ok
	case typeBytes:
		s, ok := d.payload()
		return starlark.Bytes(s), ok
	case typeTuple:
		elements, ok := d.values(1, deep)
		return starlark.Tuple(elements), ok
	case typeList:
		elements, ok := d.values(1, deep)
		return starlark.NewList(elements), ok
	case typeSet:
		return d.set(deep)
	case typeDict:
		return d.dict(deep)
	case typeFrozen:
		if len(d.in) == 0 || d.in[0] != typeList && d.in[0] != typeDict && d.in[0] != typeSet {
			return nil, false
		}
		v, ok := d.value(deep)
		if ok {
			v.Freeze()
		}
		return v, ok
	}
	return nil, false
}

func (d *decoder) bigInt() (starlark.Value, bool) {
	if len(d.in) == 0 {
		return nil, false
	}
	sign := int8(d.in[0])
	d.in = d.in[1:]
	magnitude, ok := d.payload()
	n := new(big.Int).SetBytes([]byte(magnitude))
	if sign < 0 {
		n.Neg(n)
	}
	return starlark.MakeBigInt(n), ok
}

func (d *decoder) set(deep int) (starlark.Value, bool) {
	elements, ok := d.values(1, deep)
	set := new(starlark.Set)
	for _, x := range elements {
		if set.Insert(x) != nil {
			return nil, false
		}
	}
	return set, ok
}

func (d *decoder) dict(deep int) (starlark.Value, bool) {
	items, ok := d.values(2, deep)
	dict := new(starlark.Dict)
	for i := 0; i+1 < len(items); i += 2 {
		if dict.SetKey(items[i], items[i+1]) != nil {
			return nil, false
		}
	}
	return dict, ok
}

// values reads a count, and that many times each values.
func (d *decoder) values(each, deep int) ([]starlark.Value, bool) {
	n, ok := d.size()
	if !ok {
		return nil, false
	}
	var values []starlark.Value
	for range n * each {
		v, ok := d.value(deep - 1)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// size reads a count or size, which is never over the bytes that are left.
func (d *decoder) size() (int, bool) {
	n, size := binary.Uvarint(d.in)
	if size <= 0 || n > uint64(len(d.in)-size) {
		return 0, false
	}
	d.in = d.in[size:]
	return int(n), true
}

func (d *decoder) payload() (string, bool) {
	n, ok := d.size()
	if !ok {
		return "", false
	}
	s := string(d.in[:n])
	d.in = d.in[n:]
	return s, true
}
