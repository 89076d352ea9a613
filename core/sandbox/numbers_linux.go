package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

// number is one system call of this processor.
type number struct {
	name string
	n    uint32
}

// numbers are the system calls of this processor, in the order of their numbers.
var numbers = parseNumbers(callTable)

// parseNumbers reads a table: a number, then the names of the calls from that
// number on, and so on.
func parseNumbers(table string) (all []number) {
	next := uint32(0)
	for word := range strings.FieldsSeq(table) {
		if n, err := strconv.ParseUint(word, 10, 32); err == nil {
			next = uint32(n)
			continue
		}
		all = append(all, number{word, next})
		next++
	}
	return all
}

// numberOf returns a system call's number. Not every processor has every call:
// newer ones lack those that others have replaced.
func numberOf(name string) (uint32, bool) {
	i := slices.IndexFunc(numbers, func(c number) bool { return c.name == name })
	if i < 0 {
		return 0, false
	}
	return numbers[i].n, true
}

// nameOf returns a system call's name, "" if it is unknown here.
func nameOf(n uint32) string {
	i := slices.IndexFunc(numbers, func(c number) bool { return c.n == n })
	if i < 0 {
		return ""
	}
	return numbers[i].name
}

// KnowsCall reports whether Grant.Calls may name that system call.
func KnowsCall(name string) bool {
	_, known := numberOf(name)
	return known
}
