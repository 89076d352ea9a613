package play

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A regexp is about characters. On binary data it has to be about bytes: two
// bytes that happen to be one character of UTF-8 are two of what . takes. Such
// a pattern is compared in ISO 8859-1, in which each byte is the character of
// its value: \xe9 in the regexp is the byte 0xe9.

// IsBinary reports whether bytes are no text: they are not UTF-8, or have
// control characters that terminals and line protocols do not use.
func IsBinary(data []byte) bool {
	const inText = "\a\b\t\n\v\f\r\x1b"
	control := func(r rune) bool { return r < ' ' && !strings.ContainsRune(inText, r) }
	return bytes.ContainsFunc(data, control) || !utf8.Valid(data)
}

// inBytes rewrites a regexp so that it means in ISO 8859-1 what its author
// wrote: what stands in it that is not ASCII becomes the bytes of its UTF-8.
// ok is false for a regexp that only characters can match: one with a class of
// others than ASCII, with \p{…}, or with \x{100} and above.
func inBytes(text string) (rewritten string, ok bool) {
	var b strings.Builder
	class := 0 // where its first member stands, 0 outside of one
	for i := 0; i < len(text); {
		rest := text[i:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case rest[0] == '\\':
			if size = escapeSize(rest); namesCharacter(rest[:size]) {
				return "", false
			}
		case class == 0 && rest[0] == '[':
			if class = i + 1; strings.HasPrefix(rest, "[^") {
				class, size = i+2, 2
			}
		case class > 0 && strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			size = strings.Index(rest, ":]") + 2
		case class > 0 && rest[0] == ']' && i > class:
			class = 0
		case class > 0 && r != utf8.RuneError && r >= utf8.RuneSelf:
			return "", false
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
			i++
			continue
		case r >= utf8.RuneSelf:
			b.WriteString("(?:") // a repetition that follows is of all of it
			for _, c := range []byte(rest[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
			b.WriteByte(')')
			i += size
			continue
		}
		b.WriteString(rest[:size])
		i += size
	}
	return b.String(), true
}

// escapeSize returns how long the escape is that text begins with.
func escapeSize(text string) int {
	end := ""
	switch {
	case strings.HasPrefix(text, `\Q`):
		end = `\E`
	case strings.HasPrefix(text, `\x{`), strings.HasPrefix(text, `\p{`), strings.HasPrefix(text, `\P{`):
		end = "}"
	default:
		_, size := utf8.DecodeRuneInString(text[1:])
		return 1 + size
	}
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

// namesCharacter reports whether an escape is about characters that no byte is.
func namesCharacter(escape string) bool {
	switch {
	case strings.HasPrefix(escape, `\p`), strings.HasPrefix(escape, `\P`):
		return true
	case strings.HasPrefix(escape, `\Q`):
		return strings.ContainsFunc(escape, func(r rune) bool { return r >= utf8.RuneSelf })
	}
	hex, ok := strings.CutPrefix(escape, `\x{`)
	value, err := strconv.ParseUint(strings.TrimSuffix(hex, "}"), 16, 32)
	return ok && err == nil && value > 0xff
}

// latin1 writes each byte as the rune of its value. back tells for each place
// in the text, its end included, the one in data.
func latin1(data []byte) (text []byte, back []int) {
	text, back = make([]byte, 0, len(data)), make([]int, 0, len(data)+1)
	for i, b := range data {
		text = utf8.AppendRune(text, rune(b))
		for len(back) < len(text) {
			back = append(back, i)
		}
	}
	return text, append(back, len(data))
}
