package starlark

import "go.starlark.net/starlark"

// sizes measures values. What is held twice counts twice, and what holds
// itself or is nested over maxNested deep counts as too large.
type sizes struct {
	ofNode int // bytes that each value counts beside its payload
	max    int // bytes at which to stop
}

// of returns the bytes of v; past max, some number over it.
func (s sizes) of(v starlark.Value) int {
	left, _ := s.take(v, s.max, maxNested)
	return s.max - left
}

// take returns what is left, below 0 when it was not enough, and how many
// values were seen.
func (s sizes) take(v starlark.Value, left, deep int) (int, int) {
	nodes := 1
	left -= s.ofNode
	within := func(v starlark.Value) bool {
		n := 0
		left, n = s.take(v, left, deep-1)
		nodes += n
		return left >= 0
	}
	if deep == 0 {
		return -1, nodes
	}
	switch v := v.(type) {
	case starlark.String:
		left -= len(v)
	case starlark.Bytes:
		left -= len(v)
	case starlark.Int:
		if _, small := v.Int64(); !small {
			left -= v.BigInt().BitLen() / 3 // at most, in decimal or in memory
		}
	case *starlark.List:
		for i := range v.Len() {
			if !within(v.Index(i)) {
				break
			}
		}
	case starlark.Tuple:
		for _, e := range v {
			if !within(e) {
				break
			}
		}
	case *starlark.Dict:
		for k, e := range v.Entries() {
			if !within(k) || !within(e) {
				break
			}
		}
	case *starlark.Set:
		for e := range v.Elements() {
			if !within(e) {
				break
			}
		}
	case *starlark.Function: // what it has taken along from where it was made
		for i := range v.NumFreeVars() {
			if _, e := v.FreeVar(i); e != nil && !within(e) {
				break
			}
		}
	case *starlark.Builtin: // a method, bound to a value
		if r := v.Receiver(); r != nil {
			within(r)
		}
	case *event:
		left -= len(v.data)
	}
	return left, nodes
}
