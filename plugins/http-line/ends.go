package httpline

import "bytes"

// ends says where the server's lines end: a value of option receive-eol.
type ends string

const (
	endsLF   ends = "lf"   // at LF; a CR right before it is dropped
	endsCRLF ends = "crlf" // only at CR LF
	endsCR   ends = "cr"   // only at CR
	endsAny  ends = "any"  // at LF, CR or CR LF
)

// find returns the index in data of the last byte of a line's end, or of its
// first byte if the second may still come; -1 if there is none. held precedes
// data, and contains no line end.
func (e ends) find(held, data []byte) int {
	switch e {
	case endsCR:
		return bytes.IndexByte(data, '\r')
	case endsAny:
		return bytes.IndexAny(data, "\r\n")
	case endsCRLF:
		for at := 0; ; at++ {
			lf := bytes.IndexByte(data[at:], '\n')
			if lf < 0 {
				return -1
			}
			at += lf
			if at > 0 && data[at-1] == '\r' || at == 0 && bytes.HasSuffix(held, []byte("\r")) {
				return at
			}
		}
	}
	return bytes.IndexByte(data, '\n')
}

// trim returns a line without a CR that belongs, or may belong, to its end.
func (e ends) trim(line []byte) []byte {
	if e == endsLF || e == endsCRLF {
		return bytes.TrimSuffix(line, []byte("\r"))
	}
	return line
}
