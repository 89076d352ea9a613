package resp

import (
	"bytes"
	"math"
	"strconv"
)

// wrong says what is wrong with a value; 0 nothing. The RESP specification is
// https://redis.io/docs/latest/develop/reference/protocol-spec.
type wrong uint8

const (
	wrongLF wrong = iota + 1
	wrongInteger
	wrongDouble
	wrongBool
	wrongNull
	wrongBig
	wrongVerbatim
	wrongLarge
	wrongNoEnd
	wrongDeep
	wrongItem
	wrongQuotes
	wrongLength
	wrongType
	wrongLong
	wrongEnd
	wrongs
)

var wrongWords = [wrongs]string{
	wrongLF:       "RESP: a line ends in CR LF; this one ends in LF alone",
	wrongInteger:  "RESP, Integers: an optional sign and decimal digits, in 64 bits",
	wrongDouble:   "RESP3, Doubles: a decimal number with an optional fraction and exponent, inf, -inf or nan",
	wrongBool:     "RESP3, Booleans: t or f",
	wrongNull:     "RESP3, Nulls: nothing stands between _ and CR LF",
	wrongBig:      "RESP3, Big numbers: an optional sign and decimal digits",
	wrongVerbatim: "RESP3, Verbatim strings: three bytes for the format, a colon, and the text",
	wrongLarge:    "RESP, Bulk strings: at most 512 MiB, unless proto-max-bulk-len says otherwise",
	wrongNoEnd:    "RESP, Bulk strings: after as many bytes as were announced, CR LF follows",
	wrongDeep:     "it nests deeper than 128 levels; what it holds is taken for what follows it",
	wrongItem:     "RESP, Sending commands: a request is an array of bulk strings",
	wrongQuotes:   "RESP, Inline commands: the quotes of a word have to end, and a blank follows them",
	wrongLength:   "RESP: a length is decimal digits, or -1 for null in RESP2",
	wrongType:     "RESP: a value begins with one of + - : $ * _ # , ( ! = % ~ > |",
	wrongLong:     "a line of more than 64 KiB; Redis takes no longer one",
	wrongEnd:      "the stream ended before this was whole",
}

// read reads the first line of a value. depth is how many values hold it.
func (v *value) read(line []byte, requests bool, depth int) wrong {
	v.Kind = unknown
	if len(line) > 0 {
		v.Kind = line[0]
	}
	if requests && depth == 0 && v.Kind != '*' {
		v.Kind, v.Text = inline, line
		if _, m := words(line); m != nil {
			return wrongQuotes
		}
		return 0
	}
	if typeNames[v.Kind] == "" || v.Kind == inline || len(line) == 0 {
		v.Kind, v.Text = unknown, line
		return wrongType
	}
	v.Text = line[1:]
	if isString(v.Kind) || isAggregate(v.Kind) {
		if w := v.length(line, requests); w != 0 {
			return w
		}
	}
	if requests && depth > 0 && v.Kind != '$' {
		return wrongItem
	}
	return v.simple()
}

// length reads the length of a string, or how many values one has.
func (v *value) length(line []byte, requests bool) wrong {
	text := line[1:]
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch null := v.Kind == '$' || v.Kind == '*'; {
	case err != nil, n > maxCount, len(text) > 1 && text[0] == '0', text[0] == '+',
		n < -1, n == -1 && !null, n == -1 && requests && v.Kind == '$':
		v.Kind, v.Text = unknown, line
		return wrongLength
	}
	v.Size, v.Text = n, nil
	if isString(v.Kind) && n > maxBulk {
		return wrongLarge
	}
	return 0
}

// simple checks what is a line alone.
func (v *value) simple() wrong {
	ok := true
	switch v.Kind {
	case ':':
		_, err := strconv.ParseInt(string(v.Text), 10, 64)
		if ok = err == nil; !ok {
			return wrongInteger
		}
	case ',':
		if f, err := strconv.ParseFloat(string(v.Text), 64); err != nil && !math.IsInf(f, 0) || bytes.ContainsAny(v.Text, "xX_p") {
			return wrongDouble
		}
	case '#':
		if string(v.Text) != "t" && string(v.Text) != "f" {
			return wrongBool
		}
	case '_':
		if len(v.Text) > 0 {
			return wrongNull
		}
	case '(':
		digits := bytes.TrimLeft(v.Text[:min(1, len(v.Text))], "+-")
		digits = append(digits[:len(digits):len(digits)], v.Text[min(1, len(v.Text)):]...)
		if len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
			return wrongBig
		}
	}
	return 0
}

var typeNames = [256]string{
	'+': "simple string", '-': "error", ':': "integer", '$': "bulk string", '*': "array", '_': "null", '#': "boolean",
	',': "double", '(': "big number", '!': "bulk error", '=': "verbatim string", '%': "map", '~': "set", '>': "push",
	'|': "attribute", inline: "inline command", unknown: "not RESP",
}

func isString(kind byte) bool { return kind == '$' || kind == '!' || kind == '=' }

func isAggregate(kind byte) bool {
	return kind == '*' || kind == '%' || kind == '~' || kind == '>' || kind == '|'
}

// isNull reports whether a value is null.
func (v *value) isNull() bool { return v.Kind == '_' || v.Size == -1 }

// str is the text of a string, without the format of a verbatim one.
func (v *value) str() []byte {
	if v.Kind == '=' && len(v.Text) >= 4 {
		return v.Text[4:]
	}
	return v.Text
}

// children returns how many values one holds.
func (v *value) children() int64 {
	switch {
	case v.Wrong == wrongDeep || !isAggregate(v.Kind) || v.Size <= 0:
		return 0
	case v.Kind == '%':
		return 2 * v.Size
	case v.Kind == '|':
		return 2*v.Size + 1
	}
	return v.Size
}
