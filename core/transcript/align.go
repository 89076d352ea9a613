package transcript

// Pair is a row of two lists of entries that stand side by side. A or B is nil where
// the other list alone has something.
type Pair struct {
	A, B *Entry
	Same bool // as [Equal] has it
}

// Align puts two lists of entries side by side, with few rows that differ: see
// [Edits]. Where some of the one stand in the place of some of the other, they are
// paired in order.
func Align(a, b []Entry) []Pair {
	pairs := make([]Pair, 0, max(len(a), len(b)))
	var onlyA, onlyB []*Entry
	flush := func() {
		for len(onlyA)+len(onlyB) > 0 {
			var p Pair
			if len(onlyA) > 0 {
				p.A, onlyA = onlyA[0], onlyA[1:]
			}
			if len(onlyB) > 0 {
				p.B, onlyB = onlyB[0], onlyB[1:]
			}
			pairs = append(pairs, p)
		}
	}
	for _, edit := range Edits(keys(a), keys(b)) {
		switch edit.Mark {
		case '-':
			onlyA = append(onlyA, &a[0])
			a = a[1:]
		case '+':
			onlyB = append(onlyB, &b[0])
			b = b[1:]
		default:
			flush()
			pairs = append(pairs, Pair{&a[0], &b[0], true})
			a, b = a[1:], b[1:]
		}
	}
	flush()
	return pairs
}

// keys prints what of each entry is compared.
func keys(entries []Entry) []string {
	all := make([]string, len(entries))
	for i := range entries {
		e := entries[i]
		e.Rules, e.Comments, e.Timed = nil, nil, false
		all[i] = string(AppendEntry(nil, &e))
	}
	return all
}
