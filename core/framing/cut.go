package framing

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Cut returns how many bytes at the beginning of data, which is never empty, are one frame
// whole, or 0 if more has to come to know that. It may return more than data has: the
// frame's length is known then, and it is asked again once that much is there. seen is how
// many of the bytes were there when it was asked last, about the same frame.
//
// What it returns depends on the frame alone, not on how much of the rest is there.
type Cut func(data []byte, seen int) (n int, err error)

// Lines cuts after each LF, which is part of the line, as is a CR before it.
func Lines() Cut { return After("\n") }

// After cuts after each delimiter, which has at least one byte.
func After(delimiter string) Cut {
	end := []byte(delimiter)
	if len(end) == 0 {
		panic("framing: an empty delimiter")
	}
	return func(data []byte, seen int) (int, error) {
		from := max(0, seen-len(end)+1)
		if i := bytes.Index(data[from:], end); i >= 0 {
			return from + i + len(end), nil
		}
		return 0, nil
	}
}

// Counts says what a length counts.
type Counts uint8

// What lengths count.
const (
	Rest  Counts = iota // what follows the length
	Whole               // all of the frame, the length too
)

// Prefixed cuts frames that begin with their length: an unsigned number of size bytes, 1 to
// 8, the most significant byte first or last.
func Prefixed(size int, littleEndian bool, counts Counts) Cut {
	if size < 1 || size > 8 {
		panic("framing: a length of less than 1 or more than 8 bytes")
	}
	return func(data []byte, _ int) (int, error) {
		if len(data) < size {
			return 0, nil
		}
		var n uint64
		for i := range size {
			at := i
			if littleEndian {
				at = size - 1 - i
			}
			n = n<<8 | uint64(data[at])
		}
		if counts == Rest {
			if n > math.MaxInt-uint64(size) {
				return math.MaxInt, nil // which no bound takes
			}
			return int(n) + size, nil
		}
		switch {
		case n < uint64(size):
			return 0, fmt.Errorf("a frame says that it has %d bytes, and its length alone has %d", n, size)
		case n > math.MaxInt:
			return math.MaxInt, nil
		}
		return int(n), nil
	}
}

// ContentLength cuts headers, lines up to an empty one, with the bytes that a line
// Content-Length announces, none where there is no such line: as the Language Server
// Protocol has it, and HTTP where nothing is chunked. Lines end in CR LF, or in LF.
func ContentLength() Cut {
	return func(data []byte, _ int) (int, error) {
		length, have := 0, false
		for at := 0; ; {
			i := bytes.IndexByte(data[at:], '\n')
			if i < 0 {
				return 0, nil
			}
			line := bytes.TrimSuffix(data[at:at+i], []byte("\r"))
			if at += i + 1; len(line) == 0 {
				if length > math.MaxInt-at {
					return math.MaxInt, nil
				}
				return at + length, nil
			}
			name, value, _ := bytes.Cut(line, []byte(":"))
			if !bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")) {
				continue
			}
			n, err := strconv.ParseUint(string(bytes.Trim(value, " \t")), 10, 63)
			switch {
			case err != nil && !errors.Is(err, strconv.ErrRange):
				return 0, fmt.Errorf("Content-Length is %.40q and no number of bytes (RFC 9110, section 8.6)", value)
			case have && uint64(length) != min(n, math.MaxInt):
				return 0, fmt.Errorf("two Content-Lengths say different numbers (RFC 9110, section 8.6)")
			}
			length, have = int(min(n, math.MaxInt)), true
		}
	}
}
