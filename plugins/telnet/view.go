package telnet

import "bytes"

// view returns a line as text: UTF-8, without NUL, which means nothing (RFC 854), without the
// CRs at its ends, and without escape sequences unless they are to be seen. The line is
// returned itself if it is that already.
func view(line []byte, hideEscapes bool) []byte {
	line = bytes.Trim(line, "\r")
	if bytes.IndexByte(line, 0) >= 0 {
		line = bytes.ReplaceAll(line, []byte{0}, nil)
	}
	if hideEscapes && bytes.IndexByte(line, esc) >= 0 {
		line = withoutEscapes(line)
	}
	return bytes.ToValidUTF8(line, []byte("\uFFFD"))
}

const (
	esc = 0x1b
	bel = 0x07
)

// withoutEscapes returns the line without the escape sequences of terminals (ECMA-48). One
// that the line does not end is left out as far as it is there.
func withoutEscapes(line []byte) []byte {
	text := make([]byte, 0, len(line))
	for len(line) > 0 {
		i := bytes.IndexByte(line, esc)
		if i < 0 {
			return append(text, line...)
		}
		text = append(text, line[:i]...)
		line = line[i+escapeSize(line[i:]):]
	}
	return text
}

// escapeSize returns how many bytes an escape sequence has, with which text begins.
func escapeSize(text []byte) int {
	if len(text) == 1 {
		return 1
	}
	i := 2
	switch c := text[1]; {
	case c == '[': // parameters and intermediates, and a final byte
		for i < len(text) && text[i] >= 0x20 && text[i] < 0x40 {
			i++
		}
		if i < len(text) && text[i] >= 0x40 && text[i] < 0x7f {
			i++
		}
	case c == ']' || c == 'P' || c == '^' || c == '_' || c == 'X': // a string, up to ST or BEL
		for i < len(text) {
			if text[i] == bel {
				return i + 1
			}
			if text[i] == esc {
				if i+1 < len(text) && text[i+1] == '\\' {
					i += 2
				}
				return i
			}
			i++
		}
	case c >= 0x20 && c < 0x30: // intermediates, and a final byte
		for i < len(text) && text[i] >= 0x20 && text[i] < 0x30 {
			i++
		}
		if i < len(text) && text[i] >= 0x30 && text[i] < 0x7f {
			i++
		}
	case c >= 0x30 && c < 0x7f:
	default: // a lone ESC
		i = 1
	}
	return i
}
