package starlark

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// octets is the module of that name: what Starlark's bytes cannot do by
// themselves. docs/plugins/starlark.md lists it.
var octets = &starlarkstruct.Module{Name: "octets", Members: starlark.StringDict{
	"find":     builtin("octets.find", octetsFind),
	"split":    builtin("octets.split", octetsSplit),
	"to_int":   builtin("octets.to_int", octetsToInt),
	"from_int": builtin("octets.from_int", octetsFromInt),
	"hex":      builtin("octets.hex", octetsHex),
	"from_hex": builtin("octets.from_hex", octetsFromHex),
}}

// maxOctets bounds the size of a number as bytes.
const maxOctets = maxBits / 8

// find(data, part, start=0) returns where part begins in data, or -1.
func octetsFind(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, part starlark.Bytes
	start := 0
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data, "part", &part, "start?", &start); err != nil {
		return nil, err
	}
	if start < 0 || start > len(data) {
		return nil, fmt.Errorf("%s: start is %d; data has %d bytes", b.Name(), start, len(data))
	}
	i := strings.Index(string(data[start:]), string(part))
	if i >= 0 {
		i += start
	}
	return starlark.MakeInt(i), nil
}

// split(data, by, most=-1) cuts data at each by, or only at the first most.
func octetsSplit(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, by starlark.Bytes
	most := -1
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data, "by", &by, "most?", &most); err != nil {
		return nil, err
	}
	if by == "" {
		return nil, fmt.Errorf("%s: there is nothing to split by: by is empty", b.Name())
	}
	if most >= 0 {
		most++ // cuts make one more part
	}
	var parts []starlark.Value
	for _, p := range strings.SplitN(string(data), string(by), most) {
		parts = append(parts, starlark.Bytes(p))
	}
	return starlark.NewList(parts), nil
}

// to_int(data, order="big", signed=False) reads data as a number.
func octetsToInt(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Bytes
	order, signed := "big", false
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data, "order?", &order, "signed?", &signed); err != nil {
		return nil, err
	}
	if len(data) > maxOctets {
		return nil, fmt.Errorf("%s: data has %d bytes; a number of at most %d is read", b.Name(), len(data), maxOctets)
	}
	octets := []byte(data)
	if err := bigEndian(b.Name(), octets, order); err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(octets)
	if signed && len(octets) > 0 && octets[0] >= 0x80 {
		n.Sub(n, power(len(octets)))
	}
	return starlark.MakeBigInt(n), nil
}

// from_int(n, size, order="big") writes n as size bytes; a negative n in two's
// complement.
func octetsFromInt(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n starlark.Int
	var size int
	order := "big"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n, "size", &size, "order?", &order); err != nil {
		return nil, err
	}
	if size < 0 || size > maxOctets {
		return nil, fmt.Errorf("%s: size is %d; it is 0 to %d", b.Name(), size, maxOctets)
	}
	v := n.BigInt()
	low := new(big.Int).Rsh(power(size), 1)
	if v.Cmp(power(size)) >= 0 || v.Cmp(low.Neg(low)) < 0 {
		return nil, fmt.Errorf("%s: the number does not fit into %d bytes", b.Name(), size)
	}
	if v.Sign() < 0 {
		v.Add(v, power(size))
	}
	octets := v.FillBytes(make([]byte, size))
	if err := bigEndian(b.Name(), octets, order); err != nil {
		return nil, err
	}
	return starlark.Bytes(octets), nil
}

// bigEndian turns octets that are in the given order around, or back.
func bigEndian(name string, octets []byte, order string) error {
	switch order {
	case "little":
		slices.Reverse(octets)
	case "big":
	default:
		return fmt.Errorf(`%s: order is "big" or "little", not %q`, name, order)
	}
	return nil
}

// power returns 256 to the power of size.
func power(size int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(8*size)) }

// hex(data) writes data as lower-case hexadecimal digits.
func octetsHex(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Bytes
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data); err != nil {
		return nil, err
	}
	return starlark.String(hex.EncodeToString([]byte(data))), nil
}

// from_hex(text) reads hexadecimal digits, two a byte, of either case.
func octetsFromHex(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "text", &text); err != nil {
		return nil, err
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: expected hexadecimal digits, two a byte", b.Name())
	}
	return starlark.Bytes(data), nil
}
