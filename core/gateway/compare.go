package gateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a comparison. There is one at a time.
const (
	maxCompare        = 16 << 20 // bytes of a request
	maxCompareRuns    = 4
	maxCompareRun     = 128 << 10 // bytes of what a request says of a run
	maxCompareEntries = 100_000
	maxCompareEntry   = 6*core.MaxEventPayload + 1<<10 // bytes: JSON may write one as six
	maxCompareEvents  = 10_000
	maxCompareAnswer  = 32 << 20 // bytes of the actions of one run
	compareLimit      = 60 * time.Second
)

// comparison asks what several line modes, or one with several options, would
// have answered to the same events.
type comparison struct {
	transcript string       // ID of a recorded one, or …
	entries    bool         // … the entries themselves, as of workbench.v1, of which …
	events     []wire.Event // … these are the events
	target     string       // with entries
	from       uint64       // the first event that counts, 0: the first that there is
	to         uint64       // the last, 0: the last that there is
	runs       []comparedRun
}

// read reads a comparison as it comes: what is too much is refused before it
// is in memory.
func (c *comparison) read(body io.Reader) error {
	d := json.NewDecoder(body)
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	seen := map[json.Token]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%s is given more than once", name)
		}
		seen[name] = true
		switch name {
		case "transcript":
			err = d.Decode(&c.transcript)
		case "target":
			err = d.Decode(&c.target)
		case "from":
			err = d.Decode(&c.from)
		case "to":
			err = d.Decode(&c.to)
		case "entries":
			c.entries = true
			err = readArray(d, maxCompareEntries, c.readEntry)
		case "runs":
			err = readArray(d, maxCompareRuns, c.readRun)
		default:
			return fmt.Errorf("unknown field %q", core.CutWords(fmt.Sprint(name), core.MaxName))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF { // which also says that all of it is there
		return cmp.Or(err, errors.New("something follows it"))
	}
	if len(c.target) > transcript.MaxTarget {
		return fmt.Errorf("target: more than %d bytes", transcript.MaxTarget)
	}
	return nil
}

func (c *comparison) readEntry(object json.RawMessage) error {
	if len(object) > maxCompareEntry {
		return fmt.Errorf("an entry of %d bytes; at most %d fit", len(object), maxCompareEntry)
	}
	e, ok, err := transcript.ParseJSONEvent(object)
	if ok {
		c.events = append(c.events, wire.Event{N: e.N, Event: e.Event})
	}
	return err
}

func (c *comparison) readRun(object json.RawMessage) error {
	if len(object) > maxCompareRun {
		return fmt.Errorf("a run of %d bytes; at most %d fit", len(object), maxCompareRun)
	}
	var run struct {
		Mode    string       `json:"mode"`
		Options core.Options `json:"options"`
	}
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	err := d.Decode(&run)
	c.runs = append(c.runs, comparedRun{Mode: run.Mode, Options: run.Options})
	return err
}

// readArray reads an array, element by element.
func readArray(d *json.Decoder, most int, read func(element json.RawMessage) error) error {
	if err := expect(d, json.Delim('[')); err != nil {
		return err
	}
	for n := 0; d.More(); n++ {
		if n == most {
			return fmt.Errorf("more than %d of them", most)
		}
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return err
		}
		if err := read(element); err != nil {
			return err
		}
	}
	return expect(d, json.Delim(']'))
}

// expect reads a token that must come next.
func expect(d *json.Decoder, want json.Delim) error {
	if got, err := d.Token(); err != nil {
		return err
	} else if got != want {
		return fmt.Errorf("%.64v in place of %v", got, want)
	}
	return nil
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
	done, err := g.whole.take(r.Context())
	if err != nil {
		refuseWith(w, statusOf(err), err)
		return
	}
	defer done()
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit)) // it may have waited for its turn
	var c comparison
	if err := c.read(r.Body); err != nil {
		refuseWith(w, refusalOf(err), fmt.Errorf("this is no comparison: %w", err))
		return
	}
	if err := g.prepare(&c); err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), compareLimit, fmt.Errorf("not done within %v; pick a stretch of the session", compareLimit))
	defer cancel()
	for i := range c.runs {
		g.compareRun(ctx, &c.runs[i], c.events, c.target)
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		Runs    []comparedRun `json:"runs"`
		Differs *uint64       `json:"differs"` // the first event whose answers are not all the same
	}{c.runs, firstDifference(c.runs)})
}

// refusalOf is statusOf for what is the client's to mend when nothing else is
// known of it.
func refusalOf(err error) int {
	if status := statusOf(err); status != http.StatusInternalServerError {
		return status
	}
	return http.StatusBadRequest
}

// prepare makes the comparison's events those that count, in order, and of a
// recorded transcript its target too.
func (g *Gateway) prepare(c *comparison) error {
	switch {
	case len(c.runs) == 0:
		return fmt.Errorf("there are 0 runs; a comparison has 1 to %d", maxCompareRuns)
	case (c.transcript == "") != c.entries:
		return errors.New("a comparison has a transcript, or entries")
	case c.transcript != "" && g.Transcripts == nil:
		return errors.New("there are no recorded transcripts here")
	case c.transcript != "":
		file, err := g.Transcripts.Open(c.transcript)
		if err != nil {
			return err
		}
		defer file.Close()
		t, err := store.Parse(c.transcript, file, maxWhole)
		if err != nil {
			return err
		}
		c.target = t.Target
		for _, e := range t.Entries {
			if e.Dir == transcript.Event {
				c.events = append(c.events, wire.Event{N: e.N, Event: e.Event})
			}
		}
	}
	c.events = slices.DeleteFunc(c.events, func(e wire.Event) bool { return e.N < c.from || c.to != 0 && e.N > c.to })
	if n := len(c.events); n > maxCompareEvents {
		return fmt.Errorf("there are %d events; a comparison has at most %d: pick a stretch", n, maxCompareEvents)
	}
	for i := range c.events[:max(0, len(c.events)-1)] {
		if c.events[i].N >= c.events[i+1].N {
			return errors.New("the events' numbers do not rise")
		}
	}
	return nil
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
		return run.feed(conn, &m, events, target)
	}()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		run.Error = err.Error()
	}
}

// feed feeds events one by one, since an answer decides what is fed next.
func (run *comparedRun) feed(conn *wire.Conn, m *core.Manifest, events []wire.Event, target string) error {
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
		case !m.Knows(e.Kind) || e.Kind == core.ServerQuiet && conn.Quiet() == 0:
			take(wire.Answer{N: e.N})
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
