// Package redact replaces secrets in transcripts by '*', so that offsets hold and
// the file stays one that can be replayed and played.
package redact

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Transcript redacts t, a transcript of the name, and returns how many times
// something was replaced. t is not fit for use after an error: a [Meaning], a
// [RuleError] where a rule that did fit does not fit the '*', or ctx's error once
// ctx is done.
func Transcript(ctx context.Context, name string, t *transcript.Transcript, match *Expr) (found int, err error) {
	fit := misfit(name, t) == nil
	found, err = Redact(ctx, t, match)
	if err != nil {
		return found, err
	}
	places, err := Unredacted(ctx, t, match)
	if err != nil {
		return found, err
	}
	if len(places) > 0 {
		return found, &Meaning{name, places}
	}
	if err := misfit(name, t); err != nil && fit {
		return found, &RuleError{err}
	}
	return found, nil
}

// Text is the text of a redacted transcript. The end that the file lacked is missing
// in it too.
func Text(t *transcript.Transcript) []byte {
	text := t.Append(nil)
	if t.CutOff {
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	}
	return text
}

// Meaning lists the places in a transcript where '*' would change what the file
// means.
type Meaning struct {
	Name   string
	Places []Place
}

// Error has a line for each place.
func (m *Meaning) Error() string {
	var list strings.Builder
	for _, p := range m.Places {
		fmt.Fprintf(&list, "\n%s:%d: %s", core.Printable(m.Name), p.Line, p.What)
	}
	return list.String()[1:]
}

// RuleError says why a rule does not fit the '*'.
type RuleError struct{ error }

// Unwrap returns the reason.
func (r *RuleError) Unwrap() error { return r.error }

// misfit returns why the rules, if there are any, cannot be used.
func misfit(name string, t *transcript.Transcript) error {
	if !slices.ContainsFunc(t.Entries, func(e transcript.Entry) bool { return len(e.Rules) > 0 }) {
		return nil
	}
	_, err := play.New(name, t)
	return err
}

// Redact replaces what match finds in payloads, words and comments by as many
// '*', and returns how many times it did. If match has a group, only what its
// first group matched is replaced. What the transcript's own marks say is secret
// is replaced too, and not counted; a nil match does only that.
//
// A stream is searched as a whole, so that what a read has cut in two is found:
// the client's binary messages, the server's bytes, what went to the server as
// the client's raw bytes or the machine's, and what the machine sent to the
// client as bytes, each joined. A text message, words and the lines of
// comments are searched one by one. What it leaves, [Unredacted] searches.
//
// It returns ctx's error once ctx is done; t is not fit for use then.
func Redact(ctx context.Context, t *transcript.Transcript, match *Expr) (found int, err error) {
	s := &search{ctx: ctx, match: match}
	var streams [4][]part
	links := map[string][]part{} // from and to each
	var lone []part
	var event, last part            // what marks may be about
	marked := map[uint64][][]byte{} // by the number of the event that is answered
	t.Entries = slices.Clone(t.Entries)
	s.comments(t)
	for i := range t.Entries {
		e := &t.Entries[i]
		switch {
		case e.Dir == transcript.Remark:
			s.words(&e.Remark)
			continue
		case e.Dir == transcript.Event:
			e.Event.Data = bytes.Clone(e.Event.Data)
			event, last = part{e.Event.Data, e.Event.Kind.IsText()}, part{}
		case e.Action.Kind == core.Secret:
			of := event
			span, err := core.ParseSpan(string(e.Action.Data))
			if span.OfAction {
				of = last
			}
			if err == nil {
				marked[e.N] = append(marked[e.N], bytes.Clone(span.Of(of.data)))
				secret.Cover(of.data, span.From, span.To, of.text)
			}
			continue
		case e.Action.Kind == core.SecretBytes: // of which the file has the length
			continue
		default:
			e.Action.Data = bytes.Clone(e.Action.Data)
			if last = (part{e.Action.Data, false}); e.Action.Kind == core.Decoded {
				last = part{}
			}
		}
		if s := streamOf(e); s >= 0 {
			streams[s] = append(streams[s], part{data(e), false})
		} else if e.Event.Kind == core.LinkBytes {
			links["from "+e.Event.Link] = append(links["from "+e.Event.Link], part{data(e), false})
		} else if e.Action.Kind == core.SendLink {
			links["to "+e.Action.Link] = append(links["to "+e.Action.Link], part{data(e), false})
		} else if hasWords(e) {
			lone = append(lone, part{data(e), true})
		}
	}
	for _, stream := range streams {
		s.redact(stream)
	}
	for _, name := range slices.Sorted(maps.Keys(links)) {
		s.redact(links[name])
	}
	s.messages(t.Entries, marked)
	for i := range lone {
		s.redact(lone[i : i+1])
	}
	return s.found, s.err
}

// comments redacts all comments, those of the header and of rules too.
func (s *search) comments(t *transcript.Transcript) {
	redact := func(lines []string) []string {
		lines = slices.Clone(lines)
		for i := range lines {
			s.words(&lines[i])
		}
		return lines
	}
	t.HeaderComments = slices.Clone(t.HeaderComments)
	for i := range t.HeaderComments {
		t.HeaderComments[i] = redact(t.HeaderComments[i])
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		e.Comments, e.Rules = redact(e.Comments), slices.Clone(e.Rules)
		for j := range e.Rules {
			e.Rules[j].Comments = redact(e.Rules[j].Comments)
		}
	}
	t.Trailing = redact(t.Trailing)
}

func (s *search) words(words *string) {
	data := []byte(*words)
	s.redact([]part{{data, true}})
	*words = string(data)
}

// Place is one that Redact leaves as it is, since '*' would change what it
// means: the file would no longer be replayed, or played, as it was.
type Place struct {
	Line int    `json:"line"` // in the file that was parsed, from 1
	What string `json:"what"` // in words: "the target"
}

// Unredacted returns the places that Redact leaves and in which match finds
// something: the values of the header, and rules. It returns ctx's error once ctx is
// done.
func Unredacted(ctx context.Context, t *transcript.Transcript, match *Expr) (places []Place, err error) {
	s := &search{ctx: ctx, match: match}
	search := func(line int, what string, value []byte) {
		if s.redact([]part{{bytes.Clone(value), false}}) > 0 {
			places = append(places, Place{line, what})
		}
	}
	number := 1 // of the header's line in the file
	for i, line := range t.HeaderLines() {
		if i < len(t.HeaderComments) {
			number += len(t.HeaderComments[i])
		}
		number++
		what := line.Words
		if !strings.Contains(what, " ") {
			what = "the " + what // target, state
		}
		search(number, what, line.Value)
	}
	for i := range t.Entries {
		for _, r := range t.Entries[i].Rules {
			search(r.Line, "a rule", r.Text)
			search(r.Line, "a rule", r.In)
		}
	}
	return places, s.err
}

// part is a payload, which is changed in place.
type part struct {
	data []byte
	text bool
}

// streamOf returns which stream an entry belongs to, or -1.
func streamOf(e *transcript.Entry) int {
	switch {
	case e.Dir == transcript.Event && (e.Event.Kind == core.ClientBinary || e.Event.Kind == core.ClientBytes):
		return 0
	case e.Dir == transcript.Event && e.Event.Kind == core.ServerBytes:
		return 1
	case e.Dir == transcript.Event && e.Event.Kind == core.ClientRaw, e.Dir == transcript.Action && e.Action.Kind == core.SendServer:
		return 2
	case e.Dir == transcript.Action && e.Action.Kind == core.SendBinary:
		return 3
	}
	return -1
}

// hasWords reports whether an entry has a payload of its own, and not a name.
func hasWords(e *transcript.Entry) bool {
	if e.Dir == transcript.Event {
		return e.Event.Kind.IsText() || e.Event.Kind == core.ServerFailed || e.Event.Kind == core.WorldSaid || e.Event.Kind == core.ServerTLS ||
			e.Event.Kind == core.ClientTLS || e.Event.Kind == core.ClientTLSFailed || e.Event.Kind == core.LinkListening || e.Event.Kind == core.LinkConnected || e.Event.Kind == core.LinkFailed
	}
	switch e.Action.Kind {
	case core.SendText, core.ShowPart, core.Close, core.Note, core.Failed, core.AskWorld, core.Connect, core.Accept:
		return true
	}
	return false
}

func data(e *transcript.Entry) []byte {
	if e.Dir == transcript.Event {
		return e.Event.Data
	}
	return e.Action.Data
}

// search is a redaction, or a look whether one would find something.
type search struct {
	ctx   context.Context
	match *Expr // nil finds nothing
	found int   // in all
	err   error // ctx's, after which it finds nothing
}

// redact searches the parts as one, and returns how often it found something.
func (s *search) redact(parts []part) (found int) {
	if s.match == nil || s.err != nil {
		return 0
	}
	var joined []byte
	var starts []int
	for _, p := range parts {
		starts = append(starts, len(joined))
		joined = append(joined, p.data...)
	}
	s.err = s.match.each(s.ctx, joined, func(at []int) {
		from, to := at[0], at[1]
		if len(at) > 2 {
			from, to = at[2], at[3]
		}
		if from >= to { // an empty match, or a group that took no part
			return
		}
		found++
		first := sort.SearchInts(starts, from+1) - 1
		for i := first; i < len(parts) && starts[i] < to; i++ {
			secret.Cover(parts[i].data, max(0, from-starts[i]), to-starts[i], parts[i].text)
		}
	})
	s.found += found
	return found
}
