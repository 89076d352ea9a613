package gateway

import (
	"bytes"
	"context"
	"errors"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// errOtherBytes says that a mode cannot have been the one of an imported connection.
var errOtherBytes = errors.New("it would have sent other bytes")

// answered returns an imported transcript with what its line mode answers, as workbench
// replay --update writes it. What the client sent becomes what a person would have
// typed for it, if the mode then sends the same bytes, or bytes past the mode.
func (g *Gateway) answered(ctx context.Context, text []byte) ([]byte, error) {
	for _, put := range []func(core.Manifest, transcript.Entry) []transcript.Entry{asLines, asRaw, asItIs} {
		t, err := transcript.Parse("", text)
		if err != nil {
			return nil, err
		}
		m, err := g.Manifest(ctx, t.Mode)
		if err != nil {
			return nil, err
		}
		var entries []transcript.Entry
		var sent []byte
		for _, e := range t.Entries {
			if e.Dir != transcript.Event || e.Event.Kind != core.ClientBinary {
				entries = append(entries, e)
				continue
			}
			sent = append(sent, e.Event.Data...)
			entries = append(entries, put(m, e)...)
		}
		t.Entries = entries
		golden, result, err := g.replayWhole(ctx, "", t)
		if err != nil {
			return nil, err
		}
		whole, err := golden.Update(result)
		if err != nil {
			continue
		}
		script, err := play.New("", whole)
		if err != nil {
			return nil, err
		}
		var sends []byte
		for _, s := range script.Steps() {
			if s.From == core.Client {
				sends = append(sends, s.Data...)
			}
		}
		if bytes.Equal(sends, sent) {
			return whole.Append(nil), nil
		}
	}
	return nil, errOtherBytes
}

// asLines makes a text of each line, in modes of lines.
func asLines(m core.Manifest, e transcript.Entry) (lines []transcript.Entry) {
	text, whole := bytes.CutSuffix(e.Event.Data, []byte("\r\n"))
	if m.Input != core.InputLine || !whole || !utf8.Valid(text) {
		return []transcript.Entry{e}
	}
	for _, line := range bytes.Split(text, []byte("\r\n")) {
		one := e
		one.Event = core.Event{Kind: core.ClientText, Data: line}
		lines = append(lines, one)
		e.Comments = nil // once
	}
	return lines
}

// asRaw lets the bytes pass the mode, where it knows of such.
func asRaw(m core.Manifest, e transcript.Entry) []transcript.Entry {
	if m.Knows(core.ClientRaw) {
		e.Event.Kind = core.ClientRaw
	}
	return []transcript.Entry{e}
}

func asItIs(_ core.Manifest, e transcript.Entry) []transcript.Entry { return []transcript.Entry{e} }
