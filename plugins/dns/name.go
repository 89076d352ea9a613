package dns

// maxName is how many bytes a name may have, with the lengths of its labels.
const maxName = 255

// skipName returns where the name ends that begins at data[at:], and what makes that
// impossible to tell.
func skipName(data []byte, at int) (end int, wrong wrong) {
	for {
		if at >= len(data) {
			return len(data), wrongNameEnd
		}
		switch n := int(data[at]); {
		case n == 0:
			return at + 1, 0
		case n >= 0xc0:
			if at+2 > len(data) {
				return len(data), wrongNameEnd
			}
			return at + 2, 0
		case n >= 0x40:
			return at, wrongLabel
		default:
			at += 1 + n
		}
	}
}

// appendName appends the name at data[at:] as dig shows it, with the dot at its end. Each
// pointer has to lead to what comes before the labels that it ends, so it is never followed
// around.
func appendName(dst, data []byte, at int) (_ []byte, wrong wrong) {
	for start, size := at, 0; ; {
		if at >= len(data) {
			return dst, wrongNameEnd
		}
		n := int(data[at])
		switch {
		case n == 0:
			if size == 0 {
				dst = append(dst, '.')
			}
			return dst, 0
		case n >= 0xc0:
			if at+2 > len(data) {
				return dst, wrongNameEnd
			}
			to := n&0x3f<<8 | int(data[at+1])
			if to >= start || to < headerSize {
				return append(dst, "…"...), wrongPointer
			}
			at, start = to, to
			continue
		case n >= 0x40:
			return append(dst, "…"...), wrongLabel
		}
		if size += 1 + n; size+1 > maxName {
			return append(dst, "…"...), wrongNameLong
		}
		if at++; at+n > len(data) {
			return append(appendLabel(dst, data[at:]), "…"...), wrongNameEnd
		}
		dst = append(appendLabel(dst, data[at:at+n]), '.')
		at += n
	}
}

// appendLabel appends a label with the escapes that master files have.
func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		switch {
		case c <= ' ' || c >= 0x7f:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		case c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '@' || c == '$':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
