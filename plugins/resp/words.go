package resp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// word is an argument of a line, and where it stands there, with its quotes.
type word struct {
	value    []byte
	from, to int
}

// mistake says where a line cannot be read, and why.
type mistake struct {
	at  int // in bytes
	why string
}

func (m *mistake) Error() string { return m.why }

// words splits a line as redis-cli and, for inline commands, the server do: blanks part
// words, "…" has the escapes \n \r \t \a \b \xHH and '\' before any other character,
// '…' has \' alone. A quote may begin within a word, and a word ends where a quote does.
func words(line []byte) (all []word, wrong *mistake) {
	for i := 0; ; {
		for i < len(line) && blank(line[i]) {
			i++
		}
		if i == len(line) {
			return all, nil
		}
		w := word{from: i, value: []byte{}}
		for i < len(line) && !blank(line[i]) {
			c := line[i]
			if c != '"' && c != '\'' {
				w.value = append(w.value, c)
				i++
				continue
			}
			value, n := quoted(line[i:])
			if n == 0 {
				w.value, w.to = append(w.value, value...), len(line)
				return append(all, w), &mistake{i, fmt.Sprintf("the quote %c that begins in column %d does not end", c, column(line, i))}
			}
			w.value = append(w.value, value...)
			if i += n; i < len(line) && !blank(line[i]) {
				w.to = i
				return append(all, w), &mistake{i, fmt.Sprintf("a blank has to follow the quote %c that ends in column %d", c, column(line, i-1))}
			}
		}
		w.to = i
		all = append(all, w)
	}
}

// quoted reads what begins with a quote and returns how many bytes it has with both
// quotes, 0 if it does not end.
func quoted(s []byte) (value []byte, n int) {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return value, i + 1
		case c != '\\' || i+1 == len(s):
			value = append(value, c)
		case s[0] == '"':
			b, size := escaped(s[i:])
			value = append(value, b)
			i += size - 1
		case s[i+1] == '\'':
			value = append(value, '\'')
			i++
		default:
			value = append(value, c)
		}
	}
	return value, 0
}

// escaped reads an escape, which begins with a backslash and has a byte after it.
func escaped(s []byte) (b byte, size int) {
	if s[1] == 'x' && len(s) >= 4 {
		if v, err := strconv.ParseUint(string(s[2:4]), 16, 8); err == nil {
			return byte(v), 4
		}
	}
	if i := strings.IndexByte("nrtab", s[1]); i >= 0 {
		return "\n\r\t\a\b"[i], 2
	}
	return s[1], 2
}

// unescaped returns the bytes that a line stands for in which escapes need no quotes.
func unescaped(line []byte) []byte {
	all := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		b, size := line[i], 1
		if b == '\\' && i+1 < len(line) {
			b, size = escaped(line[i:])
		}
		all = append(all, b)
		i += size - 1
	}
	return all
}

func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0 }

func column(line []byte, at int) int { return utf8.RuneCount(line[:at]) + 1 }

// appendQuoted appends a string as redis-cli shows it.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := 0 // of what needs no escape
	for i, c := range s {
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			continue
		}
		dst = append(append(dst, s[from:i]...), '\\')
		from = i + 1
		if e := strings.IndexByte("\n\r\t\a\b\\\"", c); e >= 0 {
			dst = append(dst, `nrtab\"`[e])
			continue
		}
		const digits = "0123456789abcdef"
		dst = append(dst, 'x', digits[c>>4], digits[c&15])
	}
	return append(append(dst, s[from:]...), '"')
}

// appendWord appends an argument as a person would type it.
func appendWord(dst, s []byte) []byte {
	for _, c := range s {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			return appendQuoted(dst, s)
		}
	}
	if len(s) == 0 {
		return append(dst, `""`...)
	}
	return append(dst, s...)
}

// appendRequest appends a request: an array of bulk strings.
func appendRequest(dst []byte, args []word) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(args)), 10), "\r\n"...)
	for _, a := range args {
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(a.value)), 10), "\r\n"...)
		dst = append(append(dst, a.value...), "\r\n"...)
	}
	return dst
}
