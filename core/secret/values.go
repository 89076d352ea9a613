package secret

import (
	"bytes"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of the values that stay secret for the rest of a session. Once a
// session has more, everything it says is masked.
const (
	MaxValues = 256
	MaxBytes  = 256 << 10
)

// Values are the values of one session that stay secret. The zero value has
// none.
type Values struct {
	lasting []*pattern
	size    int
	marked  bool
	over    bool
}

// Marked reports whether anything was ever marked, by span or by value.
func (v *Values) Marked() bool { return v.marked }

// Over reports whether more values were marked than are kept, so that everything
// is masked.
func (v *Values) Over() bool { return v.over }

// Add records what an answer marks.
func (v *Values) Add(actions []core.Action) { v.add(actions) }

// add also returns the patterns of an answer that do not last, at most MaxValues
// and one, and how many of those that last are new.
func (v *Values) add(actions []core.Action) (short []*pattern, added int) {
	for i := range actions {
		a := &actions[i]
		v.marked = v.marked || a.Kind.IsMark()
		switch {
		case a.Kind != core.SecretBytes || len(a.Data) == 0 || v.over:
		case len(a.Data) < core.LastingSecret:
			if len(short) <= MaxValues && !has(short, a.Data) {
				short = append(short, newPattern(a.Data))
			}
		case !has(v.lasting, a.Data):
			if len(v.lasting) == MaxValues || v.size+len(a.Data) > MaxBytes {
				v.over, v.lasting = true, nil
				return nil, 0
			}
			v.lasting = append(v.lasting, newPattern(a.Data))
			v.size += len(a.Data)
			added++
		}
	}
	return short, added
}

func has(patterns []*pattern, value []byte) bool {
	return slices.ContainsFunc(patterns, func(p *pattern) bool { return bytes.Equal(p.value, value) })
}

// Copy returns independent values, for a look that must leave no trace.
func (v *Values) Copy() Values {
	c := *v
	c.lasting = slices.Clip(v.lasting)
	return c
}

// OfEvent returns what an answer marks in its event by spans.
func OfEvent(e core.Event, actions []core.Action) (marked [][]byte) {
	for _, a := range actions {
		if a.Kind != core.Secret {
			continue
		}
		if span, err := core.ParseSpan(string(a.Data)); err == nil && !span.OfAction {
			marked = append(marked, span.Of(e.Data))
		}
	}
	return marked
}

// Marks reports whether an answer marks anything.
func Marks(actions []core.Action) bool {
	return slices.ContainsFunc(actions, func(a core.Action) bool { return a.Kind.IsMark() })
}

// Words masks words that belong to no answer.
func (v *Values) Words(words string) string { return v.WordsOf(nil, words) }

// WordsOf masks words about an answer with these actions.
func (v *Values) WordsOf(actions []core.Action, words string) string {
	if !v.marked && !Marks(actions) {
		return words
	}
	with := v.Copy()
	short, _ := with.add(actions)
	data := []byte(words)
	for _, r := range with.find(slices.Concat(with.lasting, short), data) {
		Cover(data, r[0], r[1], true)
	}
	return string(data)
}

// find returns where the values occur in data, from and to.
func (v *Values) find(patterns []*pattern, data []byte) (ranges [][2]int) {
	if v.over {
		return [][2]int{{0, len(data)}}
	}
	for _, p := range patterns {
		p.feed(0, data, func(end int) { ranges = append(ranges, [2]int{end - len(p.value), end}) })
	}
	return ranges
}

// Answer returns a masked copy of an event and its answer, judged by themselves:
// whether a value continues in the next event is not known.
func (v *Values) Answer(e core.Event, actions []core.Action) (core.Event, []core.Action) {
	s := Streams{Values: v.Copy()}
	e, actions = e.Clone(), core.CloneActions(actions)
	s.Feed(e, actions)
	return e, actions
}
