package frames

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of Modbus/TCP (Modbus Messaging on TCP/IP, section 3.1; Modbus Application
// Protocol, section 4.1).
const (
	maxModbus  = 254
	maxWaiting = 1024 // requests that are not answered
)

// function is what a request asks for.
type function struct {
	code  byte
	name  string
	shape shape
}

// shape says what stands behind a function's code.
type shape uint8

const (
	readBits shape = iota + 1 // address and count; a number of bytes, and bits
	readWords
	writeOne // address and value; the same
	writeBits
	writeWords // address, count, a number of bytes, and values; address and count
)

var functions = []function{
	{1, "read-coils", readBits}, {2, "read-discrete-inputs", readBits},
	{3, "read-holding-registers", readWords}, {4, "read-input-registers", readWords},
	{5, "write-coil", writeOne}, {6, "write-register", writeOne},
	{15, "write-coils", writeBits}, {16, "write-registers", writeWords},
}

// exceptions are what an answer says that is none (Modbus Application Protocol, section 7).
var exceptions = map[byte]string{
	1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
	5: "acknowledge", 6: "server device busy", 8: "memory parity error", 10: "gateway path unavailable", 11: "gateway target device failed to respond",
}

func functionOf(code byte) (f function, ok bool) {
	i := slices.IndexFunc(functions, func(f function) bool { return f.code == code })
	if i < 0 {
		return function{code: code}, false
	}
	return functions[i], true
}

func (f function) String() string {
	if f.name == "" {
		return "function " + strconv.Itoa(int(f.code))
	}
	return f.name
}

// modbusRequest makes the frame of what was typed: a function, and name=value pairs.
func modbusRequest(line string, id uint16) (frame []byte, err error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	i := slices.IndexFunc(functions, func(f function) bool { return f.name == word || strconv.Itoa(int(f.code)) == word })
	f := function{}
	if code, err := strconv.ParseUint(word, 0, 8); err == nil {
		f.code = byte(code)
	}
	if i >= 0 {
		f = functions[i]
	}
	if f.code == 0 || f.code > 127 {
		names := make([]string, len(functions))
		for i, f := range functions {
			names[i] = f.name
		}
		return nil, fmt.Errorf("%q is no function; expected a number from 1 to 127, or %s", core.CutWords(word, 40), strings.Join(names, ", "))
	}
	of, err := parseValues(rest)
	if err != nil {
		return nil, err
	}
	r := request{of: of}
	unit := r.number("unit", 1, 255)
	if given := r.number("id", int(id), 0xffff); r.err == nil {
		id = uint16(given)
	}
	pdu := []byte{f.code}
	switch f.shape {
	case readBits:
		pdu = appendUint16(appendUint16(pdu, r.number("address", 0, 0xffff)), r.number("count", 1, 0xffff))
	case readWords:
		pdu = appendUint16(appendUint16(pdu, r.number("address", 0, 0xffff)), r.number("count", 1, 0xffff))
	case writeOne:
		pdu = appendUint16(appendUint16(pdu, r.number("address", 0, 0xffff)), r.value(f))
	case writeBits, writeWords:
		pdu = r.many(f, appendUint16(pdu, r.number("address", 0, 0xffff)))
	default:
		data, err := fromHex(of["data"])
		if err != nil {
			return nil, fmt.Errorf("data is %q; %w", core.CutWords(of["data"], 40), err)
		}
		delete(of, "data")
		pdu = append(pdu, data...)
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case len(of) > 0:
		return nil, fmt.Errorf("%s has no %s", f, of.first())
	case len(pdu)+1 > maxModbus:
		return nil, fmt.Errorf("the request has %d bytes after its length, and may have %d (Modbus Application Protocol, section 4.1)", len(pdu)+1, maxModbus)
	}
	frame = appendUint16(appendUint16(nil, int(id)), 0)
	frame = append(appendUint16(frame, 1+len(pdu)), byte(unit))
	return append(frame, pdu...), nil
}

// request takes the values that were typed, until one is wrong.
type request struct {
	of  values
	err error
}

// number takes a value.
func (r *request) number(name string, otherwise, most int) int {
	text, ok := r.of[name]
	if !ok {
		return otherwise
	}
	delete(r.of, name)
	n, err := strconv.ParseUint(text, 0, 16)
	if (err != nil || int(n) > most) && r.err == nil {
		r.err = fmt.Errorf("%s is %q; expected a number from 0 to %d", name, core.CutWords(text, 40), most)
	}
	return int(n)
}

// value takes the value of a single coil or register.
func (r *request) value(f function) int {
	text, ok := r.of["value"]
	switch {
	case !ok && r.err == nil:
		r.err = fmt.Errorf("value is missing, as in: %s address=0 value=1", f)
		return 0
	case f.code != 5:
		return r.number("value", 0, 0xffff)
	}
	delete(r.of, "value")
	switch text {
	case "on", "1", "true":
		return 0xff00
	case "off", "0", "false":
	default:
		if r.err == nil {
			r.err = fmt.Errorf("value is %q; expected on or off", core.CutWords(text, 40))
		}
	}
	return 0
}

// many appends the values of several coils or registers: values=1,0,1.
func (r *request) many(f function, pdu []byte) []byte {
	text, ok := r.of["values"]
	delete(r.of, "values")
	if !ok && r.err == nil {
		r.err = fmt.Errorf("values are missing, as in: %s address=0 values=1,0,1", f)
	}
	var all []int
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(one, 0, 16)
		if (err != nil || f.shape == writeBits && n > 1) && r.err == nil {
			r.err = fmt.Errorf("of the values one is %q; expected numbers with commas between them", core.CutWords(one, 40))
		}
		all = append(all, int(n))
	}
	pdu = appendUint16(pdu, len(all))
	if f.shape == writeWords {
		pdu = append(pdu, byte(2*len(all)))
		for _, n := range all {
			pdu = appendUint16(pdu, n)
		}
		return pdu
	}
	bits := make([]byte, (len(all)+7)/8)
	for i, n := range all {
		bits[i/8] |= byte(n) << (i % 8)
	}
	return append(append(pdu, byte(len(bits))), bits...)
}

// modbus reads a frame of Modbus/TCP, which measure has taken: what it says on one line, and
// its fields, with Wireshark's names.
func modbus(frame []byte, asks bool) (text string, fields []core.Field) {
	number := func(at int) int { return int(binary.BigEndian.Uint16(frame[at:])) }
	fields = make([]core.Field, 0, 8)
	field := func(name string, from, to int, value string) *core.Field {
		fields = append(fields, core.Field{Name: name, From: int64(from), To: int64(to), Value: value})
		return &fields[len(fields)-1]
	}
	field("mbtcp.trans_id", 0, 2, strconv.Itoa(number(0)))
	protocol := field("mbtcp.prot_id", 2, 4, strconv.Itoa(number(2)))
	if number(2) != 0 {
		protocol.Wrong = "Modbus Messaging on TCP/IP, section 3.1: the protocol is 0"
	}
	field("mbtcp.len", 4, 6, strconv.Itoa(number(4)))
	field("mbtcp.unit_id", 6, 7, strconv.Itoa(int(frame[6])))
	code := frame[7]
	f, _ := functionOf(code & 0x7f)
	field("modbus.func_code", 7, 8, strconv.Itoa(int(f.code)))
	data := frame[8:]
	said := append(make([]byte, 0, 96), f.String()...)
	say := func(name, value string) { said = append(append(append(append(said, ' '), name...), '='), value...) }
	say("id", fields[0].Value)
	say("unit", fields[3].Value)
	whole := func(n int) bool {
		if len(data) == n {
			return true
		}
		field("modbus.data", 8, len(frame), hexOf(data)).Wrong = fmt.Sprintf("Modbus Application Protocol, section 6: %s has %s here, and this one %d", f, core.Plural(n, "byte"), len(data))
		return false
	}
	switch {
	case code >= 0x80 && !asks:
		if !whole(1) {
			break
		}
		name := exceptions[data[0]]
		if name == "" {
			name = "unknown"
		}
		field("modbus.exception_code", 8, 9, strconv.Itoa(int(data[0])))
		said = fmt.Appendf(said, " exception %d (%s)", data[0], name)
	case f.shape == 0 || code >= 0x80:
		field("modbus.data", 8, len(frame), hexOf(data))
		say("data", hexOf(data))
	case (f.shape == readBits || f.shape == readWords) && !asks:
		if len(data) == 0 {
			whole(1)
			break
		}
		field("modbus.byte_cnt", 8, 9, strconv.Itoa(int(data[0])))
		if !whole(1+int(data[0])) || f.shape == readWords && data[0]%2 != 0 {
			break
		}
		say("values", valuesOf(frame, 9, len(frame), f.shape, &fields))
	default:
		n := 4
		if len(data) < n {
			whole(n)
			break
		}
		say("address", field("modbus.reference_num", 8, 10, strconv.Itoa(number(8))).Value)
		if f.shape == writeOne {
			value := strconv.Itoa(number(10))
			switch {
			case f.code == 5 && number(10) == 0xff00:
				value = "on"
			case f.code == 5 && number(10) == 0:
				value = "off"
			}
			field("modbus.value", 10, 12, value)
			say("value", value)
			whole(n)
			break
		}
		say("count", field("modbus.word_cnt", 10, 12, strconv.Itoa(number(10))).Value)
		if asks && (f.shape == writeBits || f.shape == writeWords) {
			if n = 5; len(data) > 4 {
				n += int(data[4])
			}
			if whole(n) && (f.shape == writeBits || data[4]%2 == 0) {
				field("modbus.byte_cnt", 12, 13, strconv.Itoa(int(data[4])))
				say("values", valuesOf(frame, 13, len(frame), f.shape, &fields))
			}
			break
		}
		whole(n)
	}
	return string(said), fields
}

// valuesOf reads bits or registers, with a field for each register.
func valuesOf(frame []byte, from, to int, s shape, fields *[]core.Field) string {
	var all []string
	if s == readBits || s == writeBits {
		for _, b := range frame[from:to] {
			for i := range 8 {
				all = append(all, strconv.Itoa(int(b>>i&1)))
			}
		}
		*fields = append(*fields, core.Field{Name: "modbus.bits", From: int64(from), To: int64(to), Value: clipped(strings.Join(all, ","))})
		return strings.Join(all, ",")
	}
	for at := from; at < to; at += 2 {
		value := strconv.Itoa(int(binary.BigEndian.Uint16(frame[at:])))
		all = append(all, value)
		*fields = append(*fields, core.Field{Name: "modbus.regval_uint16", From: int64(at), To: int64(at + 2), Value: value})
	}
	return strings.Join(all, ",")
}
