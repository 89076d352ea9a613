package rules

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
)

// item is what is compared: a message, or the end of a side's stream.
type item struct {
	from  core.Side
	end   string
	data  []byte
	line  int   // of its first step
	steps []int // of the script; without one their bytes are data
	words map[string]bool
}

// messages takes a talk apart into its messages and ends.
func messages(steps []play.Step) []*item {
	var all []*item
	for i, s := range steps {
		last := len(all) - 1
		if s.End != "" || last < 0 || all[last].end != "" || all[last].from != s.From {
			all = append(all, &item{from: s.From, end: s.End, line: s.Line})
			last++
		}
		all[last].add(i, s)
	}
	return all
}

// streams takes a talk apart into what each side said in all, and the ends.
func streams(steps []play.Step) []*item {
	var all []*item
	for _, side := range []core.Side{core.Client, core.Server} {
		said := &item{from: side}
		for i, s := range steps {
			if s.From != side {
				continue
			}
			it := said
			if s.End != "" {
				it = &item{from: side, end: s.End}
			}
			if len(it.steps) == 0 {
				it.line = s.Line
				all = append(all, it)
			}
			it.add(i, s)
		}
	}
	return all
}

func (it *item) add(i int, s play.Step) {
	it.steps = append(it.steps, i)
	it.data = append(it.data, s.Data...)
}

// pair is two items that are the same, or of which one is missing.
type pair struct{ a, b *item }

// What it costs to leave an item without the other; to pair two costs from 0,
// when they are equal, to 1.
const alone = 0.6

// maxPairs bounds the pairs that are looked at; past it items are paired in
// their order.
const maxPairs = 1 << 20

// align pairs the items of two talks with the least cost, in their order.
func (w *writer) align(a, b []*item) []pair {
	var all []pair
	for len(a) > 0 && len(b) > 0 && a[0].cost(b[0]) == 0 {
		all, a, b = append(all, pair{a[0], b[0]}), a[1:], b[1:]
	}
	if len(a)*len(b) > maxPairs {
		return append(all, inOrder(a, b)...)
	}
	// least[i][j] is the cost of what follows a[:i] and b[:j].
	least := make([][]float32, len(a)+1)
	for i := len(a); i >= 0; i-- {
		least[i] = make([]float32, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case w.ended():
				return all
			case i == len(a):
				least[i][j] = alone * float32(len(b)-j)
			case j == len(b):
				least[i][j] = alone * float32(len(a)-i)
			default:
				least[i][j] = min(least[i+1][j]+alone, least[i][j+1]+alone, least[i+1][j+1]+a[i].cost(b[j]))
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch least[i][j] {
		case least[i+1][j+1] + a[i].cost(b[j]):
			all, i, j = append(all, pair{a[i], b[j]}), i+1, j+1
		case least[i+1][j] + alone:
			all, i = append(all, pair{a[i], nil}), i+1
		default:
			all, j = append(all, pair{nil, b[j]}), j+1
		}
	}
	return append(all, inOrder(a[i:], b[j:])...)
}

// inOrder pairs items of one kind as they come.
func inOrder(a, b []*item) (all []pair) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0:
			all, a = append(all, pair{a[0], nil}), a[1:]
		case len(a) == 0 || a[0].from != b[0].from || a[0].end != b[0].end:
			all, b = append(all, pair{nil, b[0]}), b[1:]
		default:
			all, a, b = append(all, pair{a[0], b[0]}), a[1:], b[1:]
		}
	}
	return all
}

// cost says how much two items differ, from 0 to 1; 2 for two that are no pair.
func (it *item) cost(o *item) float32 {
	switch {
	case it.from != o.from || it.end != o.end:
		return 2
	case bytes.Equal(it.data, o.data):
		return 0
	}
	x, y := it.bag(), o.bag()
	both := 0
	for word := range x {
		if y[word] {
			both++
		}
	}
	return 1 - float32(both)/float32(len(x)+len(y)-both+1)
}

// maxBag bounds the words by which items are known.
const maxBag = 200

// bag returns the words that the item begins with; those with digits count as
// equal.
func (it *item) bag() map[string]bool {
	if it.words == nil {
		it.words = map[string]bool{}
		for _, t := range tokens(it.data[:min(len(it.data), 16*maxBag)]) {
			if len(it.words) < maxBag {
				it.words[t.skeleton(it.data)] = true
			}
		}
	}
	return it.words
}
