package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a comparison.
const (
	maxCompare       = 16 << 20 // bytes of a request
	maxCompareRuns   = 4
	maxCompareEvents = 10_000
	maxCompareAnswer = 32 << 20 // bytes of the actions of one run
)

// comparison asks what several line modes, or one with several options, would
// have answered to the same events.
type comparison struct {
	Transcript string            `json:"transcript"` // ID of a recorded one, or …
	Entries    []json.RawMessage `json:"entries"`    // … the entries themselves, as of workbench.v1
	Target     string            `json:"target"`     // with entries
	From       uint64            `json:"from"`       // the first event that counts, 0: the first that there is
	To         uint64            `json:"to"`         // the last, 0: the last that there is
	Runs       []comparedRun     `json:"runs"`
}

// comparedRun is one column of a comparison: asked for with mode and options,
// answered with all of it.
type comparedRun struct {
	Mode    string          `json:"mode"`
	Options core.Options    `json:"options"`         // all that are in effect, in an answer
	Error   string          `json:"error,omitempty"` // why there are no, or no more, events
	Events  []comparedEvent `json:"events"`
}

// comparedEvent is one event's answer. Event 0 is the opening.
type comparedEvent struct {
	N       uint64            `json:"n"`
	Actions []json.RawMessage `json:"actions"`
}

// compare answers POST /api/compare.
func (g *Gateway) compare(w http.ResponseWriter, r *http.Request) {
	var c comparison
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCompare))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		http.Error(w, "this is no comparison: "+err.Error(), http.StatusBadRequest)
		return
	}
	if n := len(c.Runs); n < 1 || n > maxCompareRuns {
		http.Error(w, fmt.Sprintf("there are %d runs; a comparison has 1 to %d", n, maxCompareRuns), http.StatusBadRequest)
		return
	}
	events, target, err := g.comparedEvents(&c)
	if err != nil {
		code := http.StatusBadRequest
		if errors.Is(err, store.ErrNotFound) {
			code = http.StatusNotFound
		}
		http.Error(w, err.Error(), code)
		return
	}
	for i := range c.Runs {
		g.compareRun(r.Context(), &c.Runs[i], events, target)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(struct {
		Runs    []comparedRun `json:"runs"`
		Differs *uint64       `json:"differs"` // the first event whose answers are not all the same
	}{c.Runs, firstDifference(c.Runs)})
}

// comparedEvents returns the events of a comparison, and the session's target.
func (g *Gateway) comparedEvents(c *comparison) (events []wire.Event, target string, err error) {
	target = c.Target
	take := func(e transcript.Entry) {
		if e.N >= c.From && (c.To == 0 || e.N <= c.To) {
			events = append(events, wire.Event{N: e.N, Event: e.Event})
		}
	}
	switch {
	case (c.Transcript == "") == (c.Entries == nil):
		return nil, "", errors.New("a comparison has a transcript, or entries")
	case c.Transcript != "" && g.Transcripts == nil:
		return nil, "", errors.New("there are no recorded transcripts here")
	case c.Transcript != "":
		file, err := g.Transcripts.Open(c.Transcript)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		t, err := store.Parse(c.Transcript, file, maxWhole)
		if err != nil {
			return nil, "", err
		}
		target = t.Target
		for _, e := range t.Entries {
			if e.Dir == transcript.Event {
				take(e)
			}
		}
	default:
		for _, object := range c.Entries {
			e, ok, err := transcript.ParseJSONEvent(object)
			if err != nil {
				return nil, "", err
			}
			if ok {
				take(e)
			}
		}
	}
	if len(events) > maxCompareEvents {
		return nil, "", fmt.Errorf("there are %d events; a comparison has at most %d: pick a stretch", len(events), maxCompareEvents)
	}
	for i := range events[:max(0, len(events)-1)] {
		if events[i].N >= events[i+1].N {
			return nil, "", errors.New("the events' numbers do not rise")
		}
	}
	return events, target, nil
}

// compareRun feeds the events to one mode. A timer that this mode has not set
// does not fire.
func (g *Gateway) compareRun(ctx context.Context, run *comparedRun, events []wire.Event, target string) {
	run.Events = []comparedEvent{}
	err := func() error {
		m, err := g.Manifest(ctx, run.Mode)
		if err != nil {
			return err
		}
		if run.Options, err = m.ParseOptions(run.Options); err != nil {
			return err
		}
		plugin, err := g.Plugin(run.Mode)
		if err != nil {
			return err
		}
		defer plugin.Release()
		conn, err := plugin.Open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Bye()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		return run.feed(conn, events, target)
	}()
	if err != nil {
		run.Error = err.Error()
	}
}

// feed feeds events one by one, since an answer decides what is fed next.
func (run *comparedRun) feed(conn *wire.Conn, events []wire.Event, target string) error {
	armed, size, over := map[string]bool{}, 0, false
	take := func(a wire.Answer) {
		answer := comparedEvent{N: a.N, Actions: []json.RawMessage{}}
		for _, action := range a.Actions {
			object := transcript.AppendJSON(nil, &transcript.Entry{Dir: transcript.Action, N: a.N, Action: action})
			size += len(object)
			answer.Actions = append(answer.Actions, object)
			switch action.Kind {
			case core.SetTimer:
				armed[string(action.Data)] = true
			case core.StopTimer:
				delete(armed, string(action.Data))
			case core.Close, core.Failed:
				over = true
			}
		}
		run.Events = append(run.Events, answer)
	}
	if err := conn.Open(core.Opening{Options: run.Options, Target: target}, nil, take); err != nil {
		return err
	}
	for _, e := range events {
		switch {
		case over:
			return nil
		case size > maxCompareAnswer:
			return fmt.Errorf("the answers have more than %d MiB; pick a stretch of the session", maxCompareAnswer>>20)
		case e.Kind == core.TimerFired && !armed[string(e.Data)]:
			continue
		case e.Kind == core.TimerFired:
			delete(armed, string(e.Data))
		}
		if err := conn.Batch([]wire.Event{e}, take); err != nil {
			return err
		}
		over = over || e.Kind == core.ClientClosed || e.Kind.DefaultEnding() == core.EndClient
	}
	return nil
}

// firstDifference returns the number of the first event whose answers are not
// all the same, or nil. A run without events is not looked at.
func firstDifference(runs []comparedRun) *uint64 {
	var first *uint64
	for i := range runs {
		for j := range runs[:i] {
			a, b := runs[j].Events, runs[i].Events
			if len(a) == 0 || len(b) == 0 {
				continue
			}
			for k := range max(len(a), len(b)) {
				if k < len(a) && k < len(b) && a[k].N == b[k].N && slices.EqualFunc(a[k].Actions, b[k].Actions, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) }) {
					continue
				}
				n := uint64(1<<64 - 1)
				if k < len(a) {
					n = a[k].N
				}
				if k < len(b) {
					n = min(n, b[k].N)
				}
				if first == nil || n < *first {
					first = &n
				}
				break
			}
		}
	}
	return first
}
