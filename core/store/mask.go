package store

import (
	"bytes"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// maskEvent returns an event's payload without what its answer marks as secret.
func maskEvent(e core.Event, actions []core.Action) []byte {
	data := e.Data
	for _, a := range actions {
		if span, ok := spanOf(a); ok && !span.OfAction {
			data = mask(data, span, e.Kind.IsText())
		}
	}
	return data
}

// maskAction returns the payload of the first action without what the marks
// right behind it say is secret.
func maskAction(actions []core.Action) []byte {
	data := actions[0].Data
	if actions[0].Kind == core.Secret {
		return data
	}
	for _, a := range actions[1:] {
		if a.Kind != core.Secret {
			break
		}
		if span, ok := spanOf(a); ok && span.OfAction {
			data = mask(data, span, false)
		}
	}
	return data
}

func spanOf(a core.Action) (core.Span, bool) {
	if a.Kind != core.Secret {
		return core.Span{}, false
	}
	span, err := core.ParseSpan(string(a.Data))
	return span, err == nil
}

// mask covers a span in a copy of data.
func mask(data []byte, span core.Span, text bool) []byte {
	masked := bytes.Clone(data)
	cover(masked, span.From, span.To, text)
	return masked
}

// cover replaces data[from:to], as far as it is there, by '*'. In text it covers
// whole runes, so that it stays text.
func cover(data []byte, from, to int, text bool) {
	from, to = min(from, len(data)), min(to, len(data))
	if text && from < to {
		for from > 0 && !utf8.RuneStart(data[from]) {
			from--
		}
		for to < len(data) && !utf8.RuneStart(data[to]) {
			to++
		}
	}
	for i := from; i < to; i++ {
		data[i] = '*'
	}
}
