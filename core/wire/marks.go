package wire

import (
	"bytes"
	"iter"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// answer returns the actions of an answer as the host knows them.
func (h host) answer(e core.Event, out *core.Out) iter.Seq[core.Action] {
	actions := func(yield func(core.Action) bool) {
		for i := range out.Len() {
			if !yield(out.Action(i)) {
				return
			}
		}
	}
	if h.secretBytes {
		return actions
	}
	return asSpans(e, actions)
}

// asSpans replaces the values of secrets in an answer by the spans at which they
// stand in the event and in the actions.
func asSpans(e core.Event, actions iter.Seq[core.Action]) iter.Seq[core.Action] {
	var values [][]byte
	for a := range actions {
		if a.Kind == core.SecretBytes {
			values = append(values, a.Data)
		}
	}
	if values == nil {
		return actions
	}
	var all []core.Action
	for a := range actions {
		switch a.Kind {
		case core.SecretBytes:
		case core.Secret, core.SetTimer, core.StopTimer: // none of their bytes are a peer's
			all = append(all, a)
		default:
			all = appendSpans(append(all, a), true, a.Data, values)
		}
	}
	return slices.Values(appendSpans(all, false, e.Data, values))
}

// maxSpans is at how many places a value is told one by one.
const maxSpans = 64

// appendSpans marks where the values stand in data. What overlaps, and all
// behind the last of too many places, is one span.
func appendSpans(all []core.Action, ofAction bool, data []byte, values [][]byte) []core.Action {
	for _, v := range values {
		var spans []core.Span
		for from := 0; ; {
			i := bytes.Index(data[from:], v)
			if i < 0 {
				break
			}
			last := len(spans) - 1
			at := from + i
			if last >= 0 && at <= spans[last].To {
				spans[last].To = at + len(v)
			} else {
				spans = append(spans, core.Span{OfAction: ofAction, From: at, To: at + len(v)})
			}
			if len(spans) == maxSpans {
				spans[maxSpans-1].To = bytes.LastIndex(data, v) + len(v)
				break
			}
			from = at + 1
		}
		for _, s := range spans {
			all = append(all, core.Action{Kind: core.Secret, Data: []byte(s.String())})
		}
	}
	return all
}
