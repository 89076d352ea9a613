package step

import (
	"strconv"
	"strings"
)

// native yields the system calls of this processor, in the order of their numbers. Not
// every processor has every call: newer ones lack those that others have replaced.
func native(yield func(name string, number uint32) bool) {
	// A number, then the names of the calls from that number on, and so on.
	next := uint32(0)
	for word := range strings.FieldsSeq(callTable) {
		if n, err := strconv.ParseUint(word, 10, 32); err == nil {
			next = uint32(n)
			continue
		}
		if !yield(word, next) {
			return
		}
		next++
	}
}

// Known reports whether Order.Calls may name that system call.
func Known(name string) bool {
	for known := range native {
		if known == name {
			return true
		}
	}
	return false
}

// Name returns a system call's name, "" if it has none here.
func Name(number uint32) string {
	for name, n := range native {
		if n == number {
			return name
		}
	}
	return ""
}
