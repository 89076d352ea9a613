package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of what is shown of a body.
const (
	maxShown = 128 << 10
	maxRatio = 64 // bytes that one byte of a compressed body may become
)

// coding returns the content coding of a body, "" if it has none.
func (m *message) coding() string {
	c := strings.ToLower(string(m.find(contentEncoding)))
	if c == "identity" {
		return ""
	}
	return c
}

// text returns what is shown of a message, of whose body keep bytes are kept, and where that
// has secrets.
func (m *message) text(keep int) (text []byte, secrets [][2]int) {
	if m.Start.Kind != http09 {
		text, secrets = appendLines(text, secrets, m.Text[:m.headLen()])
	}
	if m.More > 0 {
		text = fmt.Appendf(text, "(%d more lines)\n", m.More)
	}
	if m.Length > 0 || m.BodyWrong != 0 {
		if len(text) > 0 {
			text = append(text, '\n')
		}
		text = append(m.appendBody(text, keep), '\n')
	}
	if trailers := m.Text[m.headLen():]; len(trailers) > 0 {
		text = append(text, '\n')
		text, secrets = appendLines(text, secrets, trailers)
	}
	if m.Cut {
		text = append(text, "(the stream ended before this was whole)\n"...)
	}
	return bytes.TrimSuffix(text, []byte("\n")), secrets
}

// headLen returns how much of the text is the head's.
func (m *message) headLen() int {
	if m.HeadLen > 0 {
		return m.HeadLen
	}
	return len(m.Text)
}

// appendLines appends the lines of a head but the empty one.
func appendLines(text []byte, secrets [][2]int, lines []byte) ([]byte, [][2]int) {
	var secret secretLines
	for line := range bytes.Lines(lines) {
		line = bytes.ToValidUTF8(bytes.TrimRight(line, "\r\n"), []byte("\uFFFD"))
		if len(line) == 0 {
			continue
		}
		for _, s := range secret.next(line) {
			secrets = append(secrets, [2]int{len(text) + s.from, len(text) + s.to})
		}
		text = append(append(text, line...), '\n')
	}
	return text, secrets
}

// appendBody appends a body as it is read by people: without its content coding, as UTF-8.
func (m *message) appendBody(text []byte, keep int) []byte {
	body, left, how := m.Body, m.Length-int64(len(m.Body)), ""
	if c := m.coding(); c != "" && !m.Missed {
		plain, more, ok := decoded(c, body, keep)
		if !ok {
			return fmt.Appendf(text, "(%s, in the coding %.40q, which is not decoded)", plural(m.Length), c)
		}
		body, how = plain, fmt.Sprintf("(%s as %s)", plural(m.Length), c)
		if left > 0 || more {
			how = fmt.Sprintf("… (%s as %s, of which this is the beginning)", plural(m.Length), c)
		}
		left = 0
	}
	if m.Missed {
		return fmt.Appendf(text, "(%s, of which some were not seen)", plural(m.Length))
	}
	kind := strings.ToLower(string(m.find(contentType)))
	switch shown, ok := asText(body, kind, left > 0 || strings.HasPrefix(how, "…")); {
	case ok:
		text = append(text, bytes.TrimSuffix(shown, []byte("\n"))...)
	default:
		text = fmt.Appendf(text, "(%s that are no text)", plural(m.Length))
		left = 0
	}
	if left > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", left)
	}
	if how != "" {
		text = append(append(text, '\n'), how...)
	}
	return text
}

// asText returns a body as UTF-8, of which only the beginning may be there.
func asText(body []byte, contentType string, cut bool) ([]byte, bool) {
	if strings.Contains(contentType, "charset=iso-8859-1") || strings.Contains(contentType, "charset=latin1") {
		runes := make([]byte, 0, len(body))
		for _, c := range body {
			runes = utf8.AppendRune(runes, rune(c))
		}
		body = runes
	}
	for i := 1; cut && i < utf8.UTFMax && i <= len(body); i++ {
		if at := len(body) - i; utf8.RuneStart(body[at]) {
			if !utf8.FullRune(body[at:]) {
				body = body[:at]
			}
			break
		}
	}
	return body, utf8.Valid(body) && bytes.IndexByte(body, 0) < 0
}

// decoded returns the beginning of a body without its content coding, and whether there is
// more of it. It is not ok if nothing of it can be decoded.
func decoded(coding string, body []byte, most int) (plain []byte, more, ok bool) {
	var r io.Reader
	var err error
	in := bytes.NewReader(body)
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(in)
	case "deflate": // RFC 9110, section 8.4.1.2: some send it without zlib's frame
		if r, err = zlib.NewReader(in); err != nil {
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	default:
		return nil, false, false
	}
	if err != nil {
		return nil, false, false
	}
	most = min(most, maxRatio*len(body))
	plain, err = io.ReadAll(io.LimitReader(r, int64(most)+1))
	if len(plain) > most {
		return plain[:most], true, true
	}
	return plain, err != nil, err == nil || len(plain) > 0
}
