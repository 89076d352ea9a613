package play

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// shortValue is the size in bytes below which a captured value stands in too
// many places by chance.
const shortValue = 3

// Warning is what to know of a rule that can be used.
type Warning struct {
	Line  int // of the rule, from 1
	Words string
}

// Warnings returns what to know of the script's rules, in the order of the
// file.
func (s *Script) Warnings() []Warning { return s.warnings }

// usePlaces returns where in the bytes below a use rule the value stands: where
// the rule says, or where it is a word. A value of at least shortValue bytes that
// is a word nowhere is taken wherever it stands. Binary data has no words.
func (b *builder) usePlaces(r *transcript.Rule, data, value []byte) ([]int, error) {
	switch {
	case r.To > len(data):
		return nil, b.unusable(r.Line, "expected bytes that there are: below stand %d", len(data))
	case r.To > 0:
		if there := data[r.From:r.To]; !bytes.Equal(there, value) {
			return nil, b.unusable(r.Line, "expected at %d to %d the bytes that %s had captured, %s; there stand %s", r.From, r.To, r.Text, quote(value), quote(there))
		}
		return []int{r.From}, nil
	case r.In != nil:
		return b.placesIn(r, data, value)
	}
	if len(value) < shortValue {
		b.warnings = append(b.warnings, Warning{r.Line, string(r.Text) + " had captured only " + quote(value) + ", which may stand in other places by chance; say where it is meant, as in use " + string(r.Text) + " at 0 4"})
	}
	var words, all []int
	for at := 0; ; at += len(value) {
		i := bytes.Index(data[at:], value)
		if i < 0 {
			break
		}
		at += i
		all = append(all, at)
		if isWord(data, at, at+len(value)) {
			words = append(words, at)
		}
	}
	switch {
	case len(all) == 0:
		return nil, b.unusable(r.Line, "expected the bytes that %s had captured, %s, somewhere in the bytes below", r.Text, quote(value))
	case IsBinary(data), len(words) == 0 && len(value) >= shortValue:
		return all, nil
	case len(words) == 0:
		return nil, b.unusable(r.Line, "expected the bytes that %s had captured, %s, as a word: they stand only inside of words; to mean them there, say where, as in use %s at %d %d", r.Text, quote(value), r.Text, all[0], all[0]+len(value))
	}
	return words, nil
}

// placesIn returns the places that the group of a use rule's regexp finds.
func (b *builder) placesIn(r *transcript.Rule, data, value []byte) ([]int, error) {
	p, err := compile(string(r.In), comparisonFor(r, data))
	if err != nil {
		return nil, b.unusable(r.Line, "expected a regexp that can be used: %v", err)
	}
	if len(p.slots) != 2 { // the first is the whole match
		return nil, b.unusable(r.Line, "expected one group in the regexp, which is the place of %s; it has %d", r.Text, len(p.slots)-1)
	}
	var places []int
	for _, at := range p.find(data) {
		from, to := at[2], at[3]
		if from < 0 {
			continue
		}
		if there := data[from:to]; !bytes.Equal(there, value) {
			return nil, b.unusable(r.Line, "expected in the group of the regexp the bytes that %s had captured, %s; it finds %s", r.Text, quote(value), quote(there))
		}
		places = append(places, from)
	}
	if len(places) == 0 {
		return nil, b.unusable(r.Line, "expected a regexp that finds something in the bytes below")
	}
	return places, nil
}

// isWord reports whether no letter, digit or '_' stands next to one at an end
// of data[from:to]. A byte beyond ASCII counts as a letter.
func isWord(data []byte, from, to int) bool {
	return !(from > 0 && isLetter(data[from-1]) && isLetter(data[from])) &&
		!(to < len(data) && isLetter(data[to-1]) && isLetter(data[to]))
}

func isLetter(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b >= 0x80
}
