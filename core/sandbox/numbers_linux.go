package sandbox

import (
	"strconv"
	"strings"
)

// The system calls of this processor. Not every processor has every call: newer
// ones lack those that others have replaced.
var numbers, names = parseNumbers(callTable)

// parseNumbers reads a table: a number, then the names of the calls from that
// number on, and so on.
func parseNumbers(table string) (numbers map[string]uint32, names map[uint32]string) {
	numbers, names = map[string]uint32{}, map[uint32]string{}
	next := uint32(0)
	for word := range strings.FieldsSeq(table) {
		if n, err := strconv.ParseUint(word, 10, 32); err == nil {
			next = uint32(n)
			continue
		}
		numbers[word], names[next] = next, word
		next++
	}
	return numbers, names
}

// KnowsCall reports whether Grant.Calls may name that system call.
func KnowsCall(name string) bool {
	_, known := numbers[name]
	return known
}
