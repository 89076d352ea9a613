package convert

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark says what a piece of the picture shows.
type mark uint8

const (
	asText  mark = iota // the text itself
	asSign              // a control picture: ␍ for CR
	asBytes             // \xNN or \u{NNNN}: not UTF-8, or would not show
	lineEnd             // after LF: a new line begins
)

var controlNames = strings.Fields("NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US")

// controlName is the name of the control byte that a picture stands for.
func controlName(picture rune) string {
	if picture == '\u2421' {
		return "DEL"
	}
	return controlNames[picture-'\u2400']
}

// pictures calls show for the pieces of data, in order, so that every byte is
// visible and none has an effect: control bytes as their pictures (U+2400 and on),
// bytes that are not UTF-8 as \xNN, and runes that do not print, or that change
// the direction of the text around them, as \u{NNNN}.
func pictures(data []byte, show func(mark, string)) {
	plain := 0 // start of the text not shown yet
	flush := func(to int) {
		if to > plain {
			show(asText, string(data[plain:to]))
		}
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		flush(i)
		switch {
		case r == utf8.RuneError && size == 1:
			show(asBytes, fmt.Sprintf(`\x%02x`, data[i]))
		case r < 0x20:
			show(asSign, string('\u2400'+r))
		case r == 0x7f:
			show(asSign, "\u2421")
		default:
			show(asBytes, fmt.Sprintf(`\u{%x}`, r))
		}
		if r == '\n' {
			show(lineEnd, "")
		}
		i += size
		plain = i
	}
	flush(len(data))
}
