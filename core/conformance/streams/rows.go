package streams

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/protocol-workbench/workbench/core"
)

// Row is a part of a session of which there can be any number.
type Row struct {
	What string
	Of   func(n int) []core.Event // the session with so many, n > 0
}

// Rows returns the parts of a session that could be more.
func Rows(events []core.Event) []Row {
	var all []Row
	for i, ev := range events {
		if !ev.Kind.IsBytes() || len(ev.Data) == 0 {
			continue
		}
		all = append(all, Row{fmt.Sprintf("event %d", i+1), func(n int) []core.Event {
			return slices.Concat(events[:i], slices.Repeat([]core.Event{ev}, n), events[i+1:])
		}})
		for _, in := range rowsIn(ev.Data) {
			all = append(all, Row{fmt.Sprintf("%s in event %d", in.what, i+1), func(n int) []core.Event { return with(events, i, in.of(n)) }})
		}
	}
	return all
}

type rowIn struct {
	what string
	of   func(n int) []byte
}

var (
	word   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\s,;]+`) })
	number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]{1,9}`) })
)

// rowsIn are the lines and words of a payload, and what its numbers count: the
// lines, or pairs of lines, that follow one, or the bytes of the next line.
func rowsIn(data []byte) []rowIn {
	var all []rowIn
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	joined := func(parts ...[][]byte) []byte { return bytes.Join(slices.Concat(parts...), nil) }
	for i := range min(len(lines), maxPlaces) {
		before, line, after := lines[:i], lines[i:i+1], lines[i+1:]
		if len(lines) > 1 {
			all = append(all, rowIn{fmt.Sprintf("line %d", i+1), func(n int) []byte {
				return joined(before, slices.Repeat(line, n), after)
			}})
		}
		for _, at := range number().FindAllIndex(line[0], 2) {
			count, _ := strconv.Atoi(string(line[0][at[0]:at[1]]))
			counting := func(n int) []byte {
				return slices.Concat(line[0][:at[0]], strconv.AppendInt(nil, int64(n), 10), line[0][at[1]:])
			}
			for group := 1; group <= 2 && count > 0 && count*group <= len(after); group++ {
				all = append(all, rowIn{fmt.Sprintf("what line %d counts", i+1), func(n int) []byte {
					return joined(before, [][]byte{counting(n)}, slices.Repeat(after[:group], n), after[count*group:])
				}})
			}
			if len(after) > 0 && count > 0 && count == len(bytes.TrimRight(after[0], "\r\n")) {
				all = append(all, rowIn{fmt.Sprintf("the bytes that line %d counts", i+1), func(n int) []byte {
					long := append(bytes.Repeat(after[0][:1], n), after[0][count:]...)
					return joined(before, [][]byte{counting(n), long}, after[1:])
				}})
			}
		}
	}
	words := word().FindAllIndex(data, maxPlaces)
	for i, at := range words {
		if len(words) == 1 {
			break // the event or the line is repeated as it is
		}
		between := []byte(" ")
		if i+1 < len(words) {
			between = data[at[1]:words[i+1][0]]
		}
		if bytes.ContainsAny(between, "\r\n") {
			between = []byte(" ")
		}
		all = append(all, rowIn{fmt.Sprintf("word %d", i+1), func(n int) []byte {
			one := data[at[0]:at[1]]
			return slices.Concat(data[:at[0]], bytes.Repeat(append(bytes.Clone(one), between...), n-1), one, data[at[1]:])
		}})
	}
	return all
}
