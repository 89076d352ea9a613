package transcript

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxPiece is where the printer breaks a payload that has no line ends, in
// bytes of the payload.
const maxPiece = 4 << 10

// What a byte becomes inside quotes. Any other class is the letter that follows
// a backslash.
const (
	plain = 0
	hex   = 1 // \xNN
	multi = 2 // the first byte of a rune, or not UTF-8
)

// quoteClass and jsonClass classify the bytes for the two ways of quoting.
var quoteClass, jsonClass = func() (q, j [256]byte) {
	for c := range 256 {
		switch {
		case c < 0x20:
			q[c], j[c] = hex, hex
		case c == 0x7f:
			q[c] = hex // JSON takes it unchanged
		case c >= utf8.RuneSelf:
			q[c] = multi // JSON text was checked: all its bytes are plain
		}
	}
	for c, letter := range map[byte]byte{'\r': 'r', '\n': 'n', '\t': 't', '"': '"', '\\': '\\'} {
		q[c], j[c] = letter, letter
	}
	return
}()

const hexDigits = "0123456789abcdef"

// AppendString appends data as one quoted string, however long it is.
func AppendString(dst, data []byte) []byte {
	return append(appendQuoted(append(dst, '"'), data), '"')
}

// Excerpt returns the first bytes of data, at most so many, as one quoted string,
// and says how many are left out.
func Excerpt(data []byte, most int) string {
	text := string(AppendString(nil, data[:min(len(data), most)]))
	if len(data) > most {
		text += fmt.Sprintf(" and %d bytes more", len(data)-most)
	}
	return text
}

const spaces = "                                "

// appendPayload appends data as quoted strings, broken after each line end and
// after 4 KiB: one per line, their quotes aligned. dst must end with the current
// line, which begins at lineStart.
func appendPayload(dst []byte, lineStart int, data []byte) []byte {
	indent := len(dst) - lineStart
	for {
		n := piece(data)
		dst = append(dst, '"')
		dst = appendQuoted(dst, data[:n])
		dst = append(dst, '"')
		if data = data[n:]; len(data) == 0 {
			return dst
		}
		dst = append(dst, '\n')
		for left := indent; left > 0; left -= len(spaces) {
			dst = append(dst, spaces[:min(left, len(spaces))]...)
		}
	}
}

// piece returns how many bytes of data go on one line: up to the first line end,
// at most maxPiece, without cutting a rune.
func piece(data []byte) int {
	n := min(len(data), maxPiece)
	if i := bytes.IndexByte(data[:n], '\n'); i >= 0 {
		return i + 1
	}
	if n == len(data) {
		return n
	}
	for back := 1; back < utf8.UTFMax; back++ {
		if _, size := utf8.DecodeRune(data[n-back:]); size > back {
			return n - back
		}
	}
	return n
}

// appendQuoted appends what goes between the quotes: printable UTF-8 unchanged,
// the short escapes, \xNN for other control bytes and for bytes that are not
// UTF-8, \u and \U for runes that do not show. strconv.Unquote reads it back.
func appendQuoted(dst, data []byte) []byte {
	from := 0 // of the bytes that need no escape
	for i := plainRun(data, 0); i < len(data); i = plainRun(data, i) {
		r, size := rune(0), 1
		if mayBeRune(data[i:]) {
			if r, size = utf8.DecodeRune(data[i:]); size > 1 && strconv.IsPrint(r) {
				i += size
				continue
			}
		}
		dst = append(dst, data[from:i]...)
		switch {
		case size == 1:
			dst, i = appendEscapes(dst, data, i)
		case r < 0x10000:
			dst = append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			i += size
		default:
			dst = append(dst, '\\', 'U', '0', '0', hexDigits[r>>20], hexDigits[r>>16&15],
				hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			i += size
		}
		from = i
	}
	return append(dst, data[from:]...)
}

// mayBeRune reports whether data may begin with a rune that is not ASCII.
func mayBeRune(data []byte) bool {
	return data[0] >= utf8.RuneSelf && len(data) > 1 && !utf8.RuneStart(data[1])
}

// escaped is how a byte stands inside quotes that is no part of a longer rune.
type escaped struct {
	text uint32 // little-endian
	size uint8
}

var escapes = func() (all [256]escaped) {
	for c := range 256 {
		switch class := quoteClass[c]; class {
		case plain:
			all[c] = escaped{uint32(c), 1}
		case hex, multi:
			all[c] = escaped{'\\' | 'x'<<8 | uint32(hexDigits[c>>4])<<16 | uint32(hexDigits[c&15])<<24, 4}
		default:
			all[c] = escaped{'\\' | uint32(class)<<8, 2}
		}
	}
	return
}()

// escapeRun is how many bytes are escaped in one go: in binary data those that
// need it stand together.
const escapeRun = 16

// appendEscapes appends the byte at i, which is none of a longer rune, and those
// after it that are none, and returns the index of the next.
func appendEscapes(dst, data []byte, i int) ([]byte, int) {
	n := len(dst)
	dst = slices.Grow(dst, 4*escapeRun)[:n+4*escapeRun]
	for end := min(i+escapeRun, len(data)); ; {
		e := escapes[data[i]]
		binary.LittleEndian.PutUint32(dst[n:], e.text)
		n += int(e.size)
		if i++; i == end || mayBeRune(data[i:]) {
			return dst[:n], i
		}
	}
}

// plainRun returns the index of the first byte from i on that needs an escape
// inside quotes; len(data) if none does.
func plainRun(data []byte, i int) int {
	if i < len(data) && quoteClass[data[i]] != plain {
		return i // often so, in binary data
	}
	for ; i+8 <= len(data); i += 8 {
		if odd := notPlain(binary.LittleEndian.Uint64(data[i:])); odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	for i < len(data) && quoteClass[data[i]] == plain {
		i++
	}
	return i
}

// notPlain returns 0 if none of the eight bytes of w needs an escape inside
// quotes: none is a control byte, a quote, a backslash or outside ASCII.
// Otherwise its lowest set bit is in the first byte that does. It tests all of
// them at once (Hacker's Delight, section 6-1).
func notPlain(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^('"'*ones), w^('\\'*ones)
	return (w | (w + ones) | (w - ' '*ones) | (quote - ones) | (slash - ones)) & highs
}

// appendJSONText appends what goes between the quotes of a JSON string. text must
// be valid UTF-8.
func appendJSONText[T string | []byte](dst []byte, text T) []byte {
	from := 0
	for i := range len(text) {
		c := text[i]
		class := jsonClass[c]
		if class == plain {
			continue
		}
		dst = append(dst, text[from:i]...)
		if class == hex {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		} else {
			dst = append(dst, '\\', class)
		}
		from = i + 1
	}
	return append(dst, text[from:]...)
}

// appendLine appends unquoted words, for a remark or a comment. Bytes that would
// break the line, or are not text, become \xNN.
func appendLine(dst []byte, words string) []byte {
	for i := 0; i < len(words); {
		r, size := utf8.DecodeRuneInString(words[i:])
		c := words[i]
		if size == 1 && c != '\t' && (r == utf8.RuneError || c < 0x20 || c == 0x7f) {
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		} else {
			dst = append(dst, words[i:i+size]...)
		}
		i += size
	}
	return dst
}
