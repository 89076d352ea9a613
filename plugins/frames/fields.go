package frames

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// fieldType is a field of the map of option fields.
type fieldType struct {
	name   string
	kind   byte // u: unsigned, i: signed, f: floating, b: bytes, t: text
	size   int  // in bytes; 0: all that is left
	little bool
}

const maxFields = 64

// kindNames are the kinds of fields as the map names them.
var kindNames = map[string]fieldType{
	"u8": {kind: 'u', size: 1}, "u16": {kind: 'u', size: 2}, "u32": {kind: 'u', size: 4}, "u64": {kind: 'u', size: 8},
	"i8": {kind: 'i', size: 1}, "i16": {kind: 'i', size: 2}, "i32": {kind: 'i', size: 4}, "i64": {kind: 'i', size: 8},
	"f32": {kind: 'f', size: 4}, "f64": {kind: 'f', size: 8},
	"bytes": {kind: 'b'}, "text": {kind: 't'},
}

// parseFields reads a map: "u16 id, u8 kind, bytes4 address, text rest".
func parseFields(text string) (all []fieldType, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) != 2 {
			return nil, fmt.Errorf("option %s has %q; expected a kind and a name, as in: u16 id, u8 kind, bytes rest", optionFields, core.CutWords(part, 40))
		}
		f, ok := kindOf(words[0])
		f.name = words[1]
		switch {
		case !ok:
			return nil, fmt.Errorf("option %s: %q is no kind of field; those are u8, u16, u32, u64, i8 to i64, f32, f64, with le behind it if the lowest byte comes first, bytes and text, with a number for how many bytes", optionFields, core.CutWords(words[0], 40))
		case !core.ValidFieldName(f.name) || strings.Contains(f.name, "."):
			return nil, fmt.Errorf("option %s: %q is no name of a field; expected letters, digits, - and _, beginning with a letter", optionFields, core.CutWords(f.name, 40))
		case slices.ContainsFunc(all, func(o fieldType) bool { return o.name == f.name }):
			return nil, fmt.Errorf("option %s has two fields %s", optionFields, f.name)
		case len(all) > 0 && all[len(all)-1].size == 0:
			return nil, fmt.Errorf("option %s: %s takes all that is left, and has to be the last", optionFields, all[len(all)-1].name)
		}
		if all = append(all, f); len(all) > maxFields {
			return nil, fmt.Errorf("option %s has more than %d fields", optionFields, maxFields)
		}
	}
	return all, nil
}

func kindOf(word string) (f fieldType, ok bool) {
	word, little := strings.CutSuffix(word, "le")
	if f, ok = kindNames[word]; ok {
		f.little = little
		return f, f.kind != 'b' && f.kind != 't' || !little
	}
	for _, name := range []string{"bytes", "text"} {
		if digits, isIt := strings.CutPrefix(word, name); isIt && !little {
			f = kindNames[name]
			size, err := strconv.ParseUint(digits, 10, 16)
			f.size = int(size)
			return f, err == nil && size > 0
		}
	}
	return f, false
}

// values are what was typed for fields: name=value.
type values map[string]string

// first returns the name that comes first of those that are left.
func (v values) first() string { return core.CutWords(slices.Min(slices.Collect(maps.Keys(v))), 40) }

// parseValues reads name=value pairs. A value with blanks stands in quotes.
func parseValues(line string) (values, error) {
	all := values{}
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		name, after, ok := strings.Cut(rest, "=")
		if !ok || strings.ContainsAny(name, " \t\"") {
			return nil, fmt.Errorf("%q is no field; expected name=value", core.CutWords(rest, 40))
		}
		value, quoted := after, strings.HasPrefix(after, `"`)
		if quoted {
			prefix, err := strconv.QuotedPrefix(after)
			if err != nil {
				return nil, fmt.Errorf("a quote is missing after %s", core.CutWords(name, 40))
			}
			value, _ = strconv.Unquote(prefix)
			rest = after[len(prefix):]
		} else {
			value, rest, _ = strings.Cut(after, " ")
		}
		if _, ok := all[name]; ok {
			return nil, fmt.Errorf("%s is given twice", core.CutWords(name, 40))
		}
		all[name] = value
	}
	return all, nil
}

// encode makes the bytes of the fields that the values name. Those that are not named are
// zeros, or empty.
func encode(types []fieldType, of values) (data []byte, err error) {
	for _, f := range types {
		value, ok := of[f.name]
		delete(of, f.name)
		if !ok {
			data = append(data, make([]byte, f.size)...)
			continue
		}
		if data, err = f.append(data, value); err != nil {
			return nil, fmt.Errorf("%s is %q; %w", f.name, core.CutWords(value, 40), err)
		}
	}
	if len(of) > 0 {
		var names []string
		for _, f := range types {
			names = append(names, f.name)
		}
		return nil, fmt.Errorf("there is no field %q; the fields are %s", of.first(), strings.Join(names, ", "))
	}
	return data, nil
}

func (f *fieldType) append(dst []byte, value string) ([]byte, error) {
	bits := 8 * f.size
	var n uint64
	switch f.kind {
	case 'b':
		data, err := fromHex(value)
		if err != nil {
			return nil, err
		}
		return f.fill(dst, data)
	case 't':
		return f.fill(dst, []byte(value))
	case 'u':
		u, err := strconv.ParseUint(value, 0, bits)
		if err != nil {
			return nil, fmt.Errorf("expected a number from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
		}
		n = u
	case 'i':
		i, err := strconv.ParseInt(value, 0, bits)
		if err != nil {
			return nil, fmt.Errorf("expected a number from %d to %d", int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits))
		}
		n = uint64(i)
	case 'f':
		x, err := strconv.ParseFloat(value, bits)
		if err != nil {
			return nil, fmt.Errorf("expected a number such as 1.5 or -2e9")
		}
		if n = math.Float64bits(x); bits == 32 {
			n = uint64(math.Float32bits(float32(x)))
		}
	}
	for i := range f.size {
		shift := 8 * (f.size - 1 - i)
		if f.little {
			shift = 8 * i
		}
		dst = append(dst, byte(n>>shift))
	}
	return dst, nil
}

// fill appends bytes, and zeros if there are fewer than the field has.
func (f *fieldType) fill(dst, data []byte) ([]byte, error) {
	if f.size == 0 {
		return append(dst, data...), nil
	}
	if len(data) > f.size {
		return nil, fmt.Errorf("expected at most %s", core.Plural(f.size, "byte"))
	}
	return append(append(dst, data...), make([]byte, f.size-len(data))...), nil
}

// decoded is a field of a frame: its bytes, in what the map is of, and its value.
type decoded struct {
	name     string
	from, to int
	value    string
}

// decode reads the fields of data. short is how many bytes are missing.
func decode(types []fieldType, data []byte) (all []decoded, short int) {
	at := 0
	for _, f := range types {
		size := f.size
		if size == 0 {
			size = len(data) - at
		}
		if at+size > len(data) {
			return all, at + size - len(data)
		}
		all = append(all, decoded{f.name, at, at + size, f.value(data[at : at+size])})
		at += size
	}
	if at < len(data) {
		all = append(all, decoded{"more", at, len(data), hexOf(data[at:])})
	}
	return all, 0
}

func (f *fieldType) value(data []byte) string {
	switch f.kind {
	case 'b':
		return hexOf(data)
	case 't':
		return clipped(string(bytes.TrimRight(data, "\x00")))
	}
	var n uint64
	for i := range data {
		at := i
		if f.little {
			at = len(data) - 1 - i
		}
		n = n<<8 | uint64(data[at])
	}
	bits := 8 * f.size
	switch f.kind {
	case 'i':
		return strconv.FormatInt(int64(n<<(64-bits))>>(64-bits), 10)
	case 'f':
		if bits == 32 {
			return strconv.FormatFloat(float64(math.Float32frombits(uint32(n))), 'g', -1, 32)
		}
		return strconv.FormatFloat(math.Float64frombits(n), 'g', -1, 64)
	}
	return strconv.FormatUint(n, 10)
}

// fromHex reads bytes as hex digits, with blanks between them or without.
func fromHex(text string) ([]byte, error) {
	text = strings.NewReplacer(" ", "", "\t", "", ":", "").Replace(strings.TrimPrefix(strings.TrimSpace(text), "0x"))
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("expected bytes as pairs of hex digits, as in 01 ff")
	}
	return data, nil
}

// hexOf writes bytes as hex digits, the first of them if they are many.
func hexOf(data []byte) string {
	if len(data) > maxValue/2 {
		return hex.EncodeToString(data[:maxValue/2]) + "…"
	}
	return hex.EncodeToString(data)
}

func clipped(s string) string {
	if len(s) > maxValue && !utf8.ValidString(s) {
		return s[:maxValue]
	}
	return core.CutWords(s, maxValue)
}

func appendUint16(dst []byte, n int) []byte { return binary.BigEndian.AppendUint16(dst, uint16(n)) }
