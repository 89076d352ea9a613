package starlark

import "go.starlark.net/starlark"

// stateSize returns how many bytes a state has, or some number past MaxState, and
// how many values were seen. What is held twice counts twice, and what holds
// itself or is nested over maxNested deep counts as too large.
func stateSize(state starlark.Value) (size, values int) {
	s := sizing{left: MaxState}
	s.take(state, maxNested)
	return MaxState - s.left, s.values
}

type sizing struct{ left, values int }

// take counts v, and reports whether there is room for more.
func (s *sizing) take(v starlark.Value, deep int) bool {
	s.values++
	s.left -= valueSize
	if deep == 0 {
		s.left = -1
		return false
	}
	switch v := v.(type) {
	case starlark.String:
		s.left -= len(v)
	case starlark.Bytes:
		s.left -= len(v)
	case starlark.Int:
		if _, small := v.Int64(); !small {
			s.left -= v.BigInt().BitLen() / 8
		}
	case *starlark.Dict:
		for k, e := range v.Entries() {
			if !s.take(k, deep-1) || !s.take(e, deep-1) {
				break
			}
		}
	case *starlark.Function: // what it has taken along from where it was made
		for i := range v.NumFreeVars() {
			if _, e := v.FreeVar(i); e != nil && !s.take(e, deep-1) {
				break
			}
		}
	case *starlark.Builtin: // a method, bound to a value
		if r := v.Receiver(); r != nil {
			s.take(r, deep-1)
		}
	case *event:
		s.left -= len(v.data)
	case *starlark.List, starlark.Tuple, *starlark.Set:
		for e := range starlark.Elements(v.(starlark.Iterable)) {
			if !s.take(e, deep-1) {
				break
			}
		}
	}
	return s.left >= 0
}
