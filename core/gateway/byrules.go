package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/rules"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a search for rules.
const (
	maxRulesRequest = 1 << 10 // bytes
	maxRuled        = 4 << 20 // bytes of text of each of two transcripts
	rulesLimit      = 60 * time.Second
)

// ruled are two transcripts of one talk, and the rules for what differs.
type ruled struct {
	a, b  *transcript.Transcript
	found *rules.Result
}

// rules finds the rules for what differs between two transcripts. The search ends with
// ctx, or in time.
func (s transcripts) rules(ctx context.Context, idA, idB string) (*ruled, error) {
	end, err := s.gateway.whole.take(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	two := &ruled{}
	if two.a, err = s.readUpTo(idA, maxRuled); err != nil {
		return nil, err
	}
	if two.b, err = s.readUpTo(idB, maxRuled); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, rulesLimit, fmt.Errorf("no rules were found within %v", rulesLimit))
	defer cancel()
	two.found, err = rules.Write(ctx, idA, two.a, idB, two.b)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	return two, nil
}

// ruledAnswer shows what crossed the wire side by side.
type ruledAnswer struct {
	Written int `json:"written"` // rules that a does not have
	aligned
}

func (s transcripts) diffByRules(w http.ResponseWriter, r *http.Request, with string) {
	two, err := s.rules(r.Context(), r.PathValue("id"), with)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(ruledAnswer{len(two.found.Written), two.sideBySide()})
}

// sideBySide shows what crossed the wire; what rules explain is allowed.
func (two *ruled) sideBySide() aligned {
	openA, openB := map[int]bool{}, map[int]bool{} // lines of entries with something that is not explained
	stepsA, stepsB := stepsOf(two.a), stepsOf(two.b)
	for _, f := range two.found.Unexplained {
		markRun(openA, stepsA, f.From, f.LineA)
		markRun(openB, stepsB, f.From, f.LineB)
	}
	var pairs []sidePair
	counted := false
	for _, p := range transcript.Align(onWire(two.found.Transcript, stepsA), onWire(two.b, stepsB)) {
		pair := sidePair{Pair: p}
		if !p.Same {
			pair.allowed = (p.A == nil || !openA[p.A.Line]) && (p.B == nil || !openB[p.B.Line])
			counted = counted || !pair.allowed
		}
		if pair.allowed && p.A != nil {
			for i := range p.A.Rules {
				pair.rules = append(pair.rules, string(transcript.AppendRule(nil, &p.A.Rules[i])))
			}
		}
		pairs = append(pairs, pair)
	}
	if len(two.found.Unexplained) > 0 && !counted { // nothing passes for explained by mistake
		for i := range pairs {
			pairs[i].allowed, pairs[i].rules = false, nil
		}
	}
	return shownPairs(pairs)
}

// stepsOf returns what of a transcript went over the wire. It is usable: rules were found
// for it.
func stepsOf(t *transcript.Transcript) []play.Step {
	plain := *t
	plain.Entries = make([]transcript.Entry, len(t.Entries))
	for i, e := range t.Entries {
		e.Rules = nil
		plain.Entries[i] = e
	}
	script, err := play.New("", &plain)
	if err != nil {
		return nil
	}
	return script.Steps()
}

// markRun marks the lines of all that a side said without the other between, of which
// one step has the given line.
func markRun(marked map[int]bool, steps []play.Step, from core.Side, line int) {
	at := -1
	for i, s := range steps {
		if s.Line == line && s.From == from {
			at = i
			break
		}
	}
	if at < 0 {
		return
	}
	for i := at; i >= 0 && steps[i].From == from; i-- {
		marked[steps[i].Line] = true
	}
	for i := at; i < len(steps) && steps[i].From == from; i++ {
		marked[steps[i].Line] = true
	}
}

// onWire returns the entries that are steps.
func onWire(t *transcript.Transcript, steps []play.Step) (entries []transcript.Entry) {
	lines := map[int]bool{}
	for _, s := range steps {
		lines[s.Line] = true
	}
	for _, e := range t.Entries {
		if lines[e.Line] {
			entries = append(entries, e)
		}
	}
	return entries
}

// keepRules answers POST /api/transcripts/ID/rules: it keeps another recording, which
// has the rules for what differs in the one that the body names.
func (s transcripts) keepRules(w http.ResponseWriter, r *http.Request) {
	var request struct {
		With string `json:"with"`
	}
	err := readJSON(r, &request)
	if err == nil && request.With == "" {
		err = errors.New("with is missing; it names the other transcript")
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	id := r.PathValue("id")
	two, err := s.rules(r.Context(), id, request.With)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	done, err := s.gateway.whole.take(r.Context())
	if err != nil {
		s.failed(w, err)
		return
	}
	defer done()
	text := two.found.Transcript.Append(nil)
	if two.found.Transcript.CutOff { // which the last line says
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	}
	kept, err := s.keep("rules", text)
	if err != nil {
		s.failed(w, err)
		return
	}
	notes, err := s.Notes(id)
	if err == nil {
		err = s.SetNotes(kept, store.Notes{Title: notes.Title, Tags: []string{"rules"}})
	}
	if err != nil {
		s.gateway.Log.Debug("recording with rules not tagged", "transcript", kept, "reason", err.Error())
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		ID          string `json:"id"`
		Written     int    `json:"written"`     // rules
		Unexplained int    `json:"unexplained"` // differences
	}{kept, len(two.found.Written), len(two.found.Unexplained)})
}
