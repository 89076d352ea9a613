package core

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Shows reports whether a terminal or a page shows r as itself. Control
// characters (C0, DEL, C1) do not, nor do those that are invisible and change
// how the text around them is shown: the category of formats, in which the
// directions of the bidirectional algorithm are (UAX #9), line and paragraph
// separators, fillers, private use.
func Shows(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// Printable returns s as one line that shows itself, for a name or a value that
// somebody else chose. What does not show is written as \n, \r, \t, \xNN (a byte
// below 0x20, or one that is not UTF-8) or \uNNNN, in UTF-16 as JSON has it.
func Printable(s string) string { return escape(s, "") }

// PrintableText is Printable for a text of several lines: LF and tabs stay.
func PrintableText(s string) string { return escape(s, "\n\t") }

// Under indents all lines of words but the first, so that none passes for a line
// of its own in what is told line by line.
func Under(words string) string { return strings.ReplaceAll(words, "\n", "\n  ") }

// Plural says how many of something there are: "1 golden", "2 goldens".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func escape(s, stays string) string {
	odd := func(r rune) bool { return !Shows(r) && !strings.ContainsRune(stays, r) }
	if utf8.ValidString(s) && strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < 0x20 && odd(r):
			b.WriteString(escapeByte(s[i]))
		case odd(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func escapeByte(c byte) string {
	switch c {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return fmt.Sprintf(`\x%02x`, c)
}
