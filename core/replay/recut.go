package replay

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// span is a run, or one other event: g.events[first:last].
type span struct {
	core.Event // of a run: its bytes joined
	first      int
	last       int
	run        bool
}

// spans takes the events apart; the opening is the first.
func (g *Golden) spans() []span {
	var all []span
	for first := 0; first < len(g.events); {
		s := span{Event: g.events[first].Event, first: first, last: first + 1}
		s.run = g.opening.IsStream(s.Kind)
		s.Data = slices.Clip(s.Data) // the event keeps its own
		for ; s.run && s.last < len(g.events) && g.events[s.last].Kind == s.Kind && g.events[s.last].Link == s.Link; s.last++ {
			s.Data = append(s.Data, g.events[s.last].Data...)
		}
		all = append(all, s)
		first = s.last
	}
	return all
}

// whole returns the sides that are sent pieces whose boundaries mean something. To a
// client that is a stream they mean nothing, whatever the mode's messages do.
func (g *Golden) whole() sides {
	return sides{
		core.Client: g.manifest.Boundaries && g.opening.Client != core.Stream || g.opening.IsWhole(core.Client),
		core.Server: g.opening.IsWhole(core.Server),
	}
}

// Recut replays with the runs cut anew, and compares with what the whole
// replay of this golden was answered. Errors are as of Whole.
func (g *Golden) Recut(ctx context.Context, open Opener, whole *Result, cuts Cuts) (*Result, error) {
	spans := g.spans()
	got := make([]outcome, len(g.events)) // by the first event of a span
	for _, s := range spans {
		got[s.first].run = s.run
	}
	p, err := g.start(ctx, open, func(at int, _ core.Event, a answer) {
		got[at].add(a, g.whole())
	})
	if err != nil {
		return nil, err
	}
	cut := cuts.begin()
	for _, s := range spans[1:] {
		most := g.mostOf(s.Kind)
		if !s.run {
			p.feed(s.first, s.Event)
			continue
		}
		for n := range cut(len(s.Data)) {
			for ; n > most; n -= most {
				p.feed(s.first, core.Event{Kind: s.Kind, Link: s.Link, Data: s.Data[:most]})
				s.Data = s.Data[most:]
			}
			p.feed(s.first, core.Event{Kind: s.Kind, Link: s.Link, Data: s.Data[:n]})
			s.Data = s.Data[n:]
		}
	}
	p.Bye()
	if ctx.Err() != nil { // all else is in the faults
		return nil, ctx.Err()
	}
	r := &Result{Cuts: cuts, Faults: p.faults}
	g.compareSpans(r, whole, spans, got)
	return r, nil
}

// mostOf returns how many bytes of a stream come in one event, at most.
func (g *Golden) mostOf(k core.EventKind) int {
	switch {
	case k == core.LinkBytes:
		return core.MaxLinkEvent
	case g.manifest.Messages:
		return core.MaxDecodedEvent
	}
	return maxPiece
}

// Recuts is Recut with each of the cuts in turn. It returns the first result
// that is not the same, or whole when all are.
func (g *Golden) Recuts(ctx context.Context, open Opener, whole *Result, cuts iter.Seq[Cuts]) (*Result, error) {
	for c := range cuts {
		if r, err := g.Recut(ctx, open, whole, c); err != nil || !r.Same {
			return r, err
		}
	}
	return whole, nil
}

// compareSpans compares the outcomes with those of the whole replay.
func (g *Golden) compareSpans(r, whole *Result, spans []span, got []outcome) {
	wanted := make([]outcome, len(spans))
	differs := -1 // the first span that does
	for i, s := range spans {
		w := &wanted[i]
		w.run = s.run
		for _, a := range whole.answers[s.first:s.last] {
			if a.fed {
				w.add(a, g.whole())
			}
		}
		w.settle()
		got[s.first].settle()
		if differs < 0 && !w.same(&got[s.first]) {
			differs = i
		}
	}
	r.Same = differs < 0 && len(r.Faults) == 0
	if r.Same {
		return
	}
	var want, came []transcript.Entry
	for i, s := range spans {
		w, c := &wanted[i], &got[s.first]
		if w.fed {
			want = transcript.AppendAnswered(want, 0, s.Event, w.actions())
		}
		switch {
		case !c.fed:
		case w.same(c): // shown as the same, also where they only count as that
			came = transcript.AppendAnswered(came, 0, s.Event, w.actions())
		default:
			came = transcript.AppendAnswered(came, 0, s.Event, c.actions())
		}
	}
	r.Diff = transcript.Diff(want, came)
	if differs >= 0 {
		r.Line = g.events[spans[differs].first].line
	}
	r.beginAtFault()
	if differs < 0 {
		differs = len(spans) - 1
	}
	r.Where = g.describe(r.Cuts, spans, differs)
}

// maxCutsShown bounds the places that describe names.
const maxCutsShown = 16

// describe says how the last run up to the given span was cut: the cuts can be
// made again.
func (g *Golden) describe(cuts Cuts, spans []span, until int) (f Finding) {
	cut := cuts.begin()
	for _, s := range spans[:until+1] {
		if !s.run {
			continue
		}
		var places []string
		at, count := 0, 0
		for n := range cut(len(s.Data)) {
			if at > 0 {
				if count++; count <= maxCutsShown {
					places = append(places, fmt.Sprint(at))
				}
			}
			at += n
		}
		f = Finding{g.events[s.first].line, fmt.Sprintf("a run of %d bytes, ", len(s.Data))}
		switch {
		case count == 0:
			f.Words += "in one piece"
		case count > maxCutsShown:
			f.Words += fmt.Sprintf("cut after %s and %d more", strings.Join(places, ", "), count-maxCutsShown)
		default:
			f.Words += "cut after " + strings.Join(places, ", ")
		}
	}
	return f
}
