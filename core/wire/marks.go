package wire

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// hasValues reports whether an answer marks the value of a secret.
func hasValues(out *core.Out) bool {
	for i := range out.Len() {
		if out.Action(i).Kind == core.SecretBytes {
			return true
		}
	}
	return false
}

// asSpans returns an answer with the values of secrets replaced by the spans at
// which they occur in the event and in the actions.
func asSpans(e core.Event, out *core.Out) []core.Action {
	var values [][]byte
	for i := range out.Len() {
		if a := out.Action(i); a.Kind == core.SecretBytes {
			values = append(values, a.Data)
		}
	}
	var all []core.Action
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SecretBytes:
		case core.Secret, core.SetTimer, core.StopTimer: // they hold no bytes of a peer
			all = append(all, a)
		default:
			all = appendSpans(append(all, a), true, a.Data, values)
		}
	}
	return appendSpans(all, false, e.Data, values)
}

// maxSpans is the number of places of a value that are marked one by one.
const maxSpans = 64

// appendSpans marks where the values occur in data. Overlapping places become
// one span, and so do all from the last of too many on.
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
