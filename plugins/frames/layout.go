package frames

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// Bounds of a frame.
const (
	maxFrame = 256 << 10 // bytes that are kept
	maxHead  = 16 << 10  // … of a head of lines
	maxSize  = 64 << 10  // … of frames that are all equally long, and of what stands before a length
)

// layout is how a frame is built, as the options say.
type layout struct {
	framing   string
	offset    int    // bytes before the length
	size      int    // of the length, 0: as many as it takes (varint); or of the frame
	little    bool   // the length's lowest byte comes first
	whole     bool   // the length counts the bytes before it, and its own
	delimiter string // which ends a frame
	payload   string
	sum       checksum
	sumOfAll  bool // the checksum is of all that stands before it
	fields    []fieldType
	modbus    bool
	toCBOR    cbor.EncMode // if that is the payload
	fromCBOR  cbor.DiagMode
}

// newLayout returns what the options say.
func newLayout(o core.Options) (*layout, error) {
	switch o[optionPreset] {
	case presetModbus:
		return &layout{framing: framingLength, offset: 4, size: 2, payload: payloadHex, modbus: true}, nil
	case "lsp":
		return &layout{framing: framingContentLength, payload: payloadJSON}, nil
	}
	l := &layout{framing: o[optionFraming], payload: o[optionPayload], sum: checksums[o[optionChecksum]], sumOfAll: o[optionCovers] == "all"}
	var err error
	switch l.framing {
	case framingLength:
		if l.offset, err = strconv.Atoi(o[optionOffset]); err != nil || l.offset < 0 || l.offset > maxSize {
			return nil, fmt.Errorf("option %s is %s; expected 0 to %d bytes before the length", optionOffset, o[optionOffset], maxSize)
		}
		kind, little := strings.CutSuffix(o[optionLength], "le")
		l.little, l.whole = little, o[optionCounts] == "all"
		if kind != "varint" {
			bits, _ := strconv.Atoi(kind[1:])
			l.size = bits / 8
		}
	case framingDelimiter:
		if l.delimiter, err = core.Unescape(o[optionDelimiter]); err != nil {
			return nil, fmt.Errorf("option %s %w", optionDelimiter, err)
		}
		if l.delimiter == "" || len(l.delimiter) > 64 {
			return nil, fmt.Errorf("option %s has %d bytes; expected 1 to 64", optionDelimiter, len(l.delimiter))
		}
	case framingFixed:
		if l.size, err = strconv.Atoi(o[optionSize]); err != nil || l.size < 1 || l.size > maxSize {
			return nil, fmt.Errorf("option %s is %s; expected 1 to %d bytes", optionSize, o[optionSize], maxSize)
		}
		if l.sum.size >= l.size {
			return nil, fmt.Errorf("option %s is %d, and the checksum alone has %s", optionSize, l.size, core.Plural(l.sum.size, "byte"))
		}
	case framingSLIP:
		l.delimiter = "\xc0"
	case framingCOBS:
		l.delimiter = "\x00"
	}
	if l.payload == payloadCBOR {
		if l.toCBOR, l.fromCBOR, err = newCBOR(); err != nil {
			return nil, err
		}
	}
	l.fields, err = parseFields(o[optionFields])
	return l, err
}

// measure returns how many bytes the frame has that data begins with, 0 if more has to come
// to know. If its length cannot be, bad says why, and n is what is to be passed over.
func (l *layout) measure(data []byte, seen int) (n int64, bad string) {
	switch l.framing {
	case framingFixed:
		return int64(l.size), ""
	case framingLength:
		return l.announced(data)
	case framingContentLength:
		end := headEnd(data[:min(len(data), maxHead)])
		switch {
		case end == 0 && len(data) >= maxHead:
			return maxHead, "no empty line ends the head"
		case end == 0:
			return 0, ""
		}
		n, err := framing.ContentLength()(data, 0)
		if err != nil {
			return int64(end), err.Error()
		}
		return int64(n), ""
	}
	from := max(0, seen-len(l.delimiter)+1)
	if i := bytes.Index(data[from:], []byte(l.delimiter)); i >= 0 {
		return int64(from + i + len(l.delimiter)), ""
	}
	return 0, ""
}

// announced is measure where a number says how long the frame is.
func (l *layout) announced(data []byte) (n int64, bad string) {
	length, size := l.lengthAt(data)
	before := int64(l.offset + size)
	switch {
	case size == 0:
		return 0, ""
	case size < 0:
		return int64(l.offset - size), "the length has more than 64 bits"
	case length > math.MaxInt64-uint64(before):
		length = uint64(math.MaxInt64 - before)
	}
	n = int64(length) + before
	if l.whole {
		n = int64(length)
	}
	switch {
	case n < before:
		return before, fmt.Sprintf("the frame says that it has %s, and up to its length it has %d", core.Plural(int(n), "byte"), before)
	case n-before < int64(l.sum.size):
		return n, fmt.Sprintf("the frame has %s after its length, and its checksum alone has %d", core.Plural(int(n-before), "byte"), l.sum.size)
	case l.modbus && (length < 2 || length > maxModbus):
		return max(n, before), fmt.Sprintf("the length is %d; Modbus Messaging on TCP/IP, section 3.1: 2 to %d bytes follow it", length, maxModbus)
	}
	return n, ""
}

// lengthAt reads the number that says how long a frame is, and how many bytes it has: 0 if it
// has not come, less than 0 if it is too large.
func (l *layout) lengthAt(data []byte) (length uint64, size int) {
	if len(data) <= l.offset {
		return 0, 0
	}
	data = data[l.offset:]
	if l.size == 0 {
		return binary.Uvarint(data)
	}
	if len(data) < l.size {
		return 0, 0
	}
	for i := range l.size {
		at := i
		if l.little {
			at = l.size - 1 - i
		}
		length = length<<8 | uint64(data[at])
	}
	return length, l.size
}

// appendLength appends the length of a frame with so many bytes behind it.
func (l *layout) appendLength(dst []byte, behind int) ([]byte, error) {
	n := uint64(behind)
	if l.whole {
		n += uint64(l.offset + l.size)
	}
	if l.size == 0 {
		if l.whole { // the length counts itself
			for size := 1; ; size++ {
				if b := binary.AppendUvarint(nil, n+uint64(size)); len(b) == size {
					return append(dst, b...), nil
				}
			}
		}
		return binary.AppendUvarint(dst, n), nil
	}
	if l.size < 8 && n >= 1<<(8*l.size) {
		return nil, fmt.Errorf("a length of %s can not say %d", core.Plural(l.size, "byte"), n)
	}
	for i := range l.size {
		shift := 8 * (l.size - 1 - i)
		if l.little {
			shift = 8 * i
		}
		dst = append(dst, byte(n>>shift))
	}
	return dst, nil
}

// headEnd returns where the head of lines ends that data begins with, 0 if it does not yet.
func headEnd(data []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return 0
		}
		line := bytes.TrimSuffix(data[at:at+i], []byte("\r"))
		if at += i + 1; len(line) == 0 {
			return at
		}
	}
}
