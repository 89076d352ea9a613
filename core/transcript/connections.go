package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxConnections bounds the connections of a file.
const MaxConnections = 256

// ParseAll reads a file of one or more connections, one after the other, each of which is what
// Parse reads: a further first line of a header begins the next one. The lines of all are
// those of the file. Errors are as those of Parse; in a file of several connections they say
// in which.
func ParseAll(name string, data []byte) ([]*Transcript, error) {
	starts := connections(data)
	if len(starts) > MaxConnections {
		return nil, &SyntaxError{File: name, Line: starts[MaxConnections].above + 1, Msg: fmt.Sprintf("expected at most %d connections in a file; split it here", MaxConnections)}
	}
	var all []*Transcript
	for i, at := range starts {
		end := len(data)
		if i+1 < len(starts) {
			end = starts[i+1].offset
		}
		t, err := parse(name, data[at.offset:end], at.above)
		if err != nil {
			if len(starts) > 1 {
				err.Msg = InConnection(i+1) + err.Msg
			}
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// InConnection begins an error about the n-th of several connections; n is 0 of one alone.
func InConnection(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("connection %d: ", n)
}

// ErrorIn has a *SyntaxError about the n-th connection of a file say in which it is, if there
// are several.
func ErrorIn(err error, n, of int) error {
	var syntax *SyntaxError
	if of > 1 && errors.As(err, &syntax) {
		syntax.Msg = InConnection(n) + syntax.Msg
	}
	return err
}

// start is where a connection begins in a file.
type start struct{ offset, above int } // bytes and lines above it

// connections finds them. No payload has such a line, since its lines are quoted.
func connections(data []byte) []start {
	all := []start{{}}
	offset, above := 0, 0
	for line := range strings.Lines(string(data)) {
		if offset > 0 && isMagic(strings.TrimRight(line, "\r\n")) {
			all = append(all, start{offset, above})
		}
		offset, above = offset+len(line), above+1
	}
	return all
}

// isMagic reports whether a line begins a connection.
func isMagic(line string) bool { return strings.TrimRight(line, " \t") == magic }

// AppendAll appends the connections of a file, with a blank line between two.
func AppendAll(dst []byte, all []*Transcript) []byte {
	for i, t := range all {
		switch {
		case i == 0, bytes.HasSuffix(dst, []byte("\n\n")), bytes.HasSuffix(dst, []byte("\n\r\n")):
		case all[i-1].CRLF:
			dst = append(dst, "\r\n"...)
		default:
			dst = append(dst, '\n')
		}
		dst = t.Append(dst)
	}
	return dst
}
