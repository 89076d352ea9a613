package sandbox

import "slices"

// number is one system call of this processor.
type number struct {
	name string
	n    uint32
}

// numberOf returns a system call's number. Not every processor has every call:
// newer ones lack those that others have taken the place of.
func numberOf(name string) (uint32, bool) {
	i := slices.IndexFunc(numbers, func(c number) bool { return c.name == name })
	if i < 0 {
		return 0, false
	}
	return numbers[i].n, true
}

// nameOf returns a system call's name, "" for none that is known here.
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
