package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// session is a session that was held with the subject: the events as they
// were fed, one by one, and their answers.
type session struct {
	options map[string]string // those that are not left to their defaults
	opening core.Opening
	state   []byte // what the machine was restored from; nil: it was opened
	steps   []step
	lost    error         // why the last event has no answer
	hung    bool          // it has none because none came in time
	quiet   time.Duration // the silence that the machine asked to be told of
	timers  int           // the most that ran at once
	refused string        // why the workbench does not obey the last answer
}

// hold holds a session.
func (t *tester) hold(options map[string]string, ops []streams.Op) *session {
	all, err := t.Manifest.ParseOptions(options)
	t.fail(err)
	return t.holdAs(&session{options: options, opening: t.opening(all)}, ops)
}

// holdScript holds the session of a script.
func (t *tester) holdScript(s streams.Script) *session {
	all, err := t.Manifest.ParseOptions(s.Options)
	t.fail(err)
	opening := t.opening(all)
	opening.Client, opening.Server, opening.Watch = s.Client, s.Server, s.Watch
	return t.holdAs(&session{options: s.Options, opening: opening}, s.Ops)
}

// holdAs holds a session that is opened as h was.
func (t *tester) holdAs(h *session, ops []streams.Op) *session {
	m := t.open(t.Open, h.opening, nil)
	defer m.Bye()
	held := &session{options: h.options, opening: h.opening, quiet: m.Conn.Quiet(), timers: len(m.Armed())}
	sent := m.sent()
	for _, op := range ops {
		ev := op.Event
		switch {
		case m.Over:
		case op.Echo > 0:
			n := min(op.Echo, len(sent))
			ev = core.Event{Kind: core.ServerBytes, Data: sent[:n]}
			sent = sent[n:]
		case ev.Kind == core.TimerFired:
			ev.Data = m.running(string(ev.Data))
		case ev.Kind.IsLink():
			ev.Link = m.LinkFor(ev)
		}
		if m.Over || len(ev.Data) == 0 && (ev.Kind == core.ServerBytes || ev.Kind == core.TimerFired) ||
			ev.Kind.IsLink() && ev.Link == "" || ev.Kind == core.ServerQuiet && held.quiet == 0 || (ev.Kind == core.ServerTLS || ev.Kind == core.ClientTLS || ev.Kind == core.ClientTLSFailed) && !m.Upgrading(ev.Kind.Side()) {
			continue
		}
		m.feed(ev)
		held.timers = max(held.timers, len(m.Armed()))
		sent = append(sent, m.sent()...)
	}
	held.steps, held.lost, held.hung, held.refused = m.steps, m.lost, m.Hung, m.refused
	return held
}

// sent returns what the last answer sent to the server.
func (m *machine) sent() []byte {
	var sent []byte
	for _, a := range m.steps[len(m.steps)-1].actions {
		if a.Kind == core.SendServer {
			sent = append(sent, a.Data...)
		}
	}
	return sent
}

// running returns the name if such a timer runs, for "" the first that does.
func (m *machine) running(name string) []byte {
	armed := m.Armed()
	if name == "" && len(armed) > 0 {
		name = armed[0]
	}
	if !slices.Contains(armed, name) {
		return nil
	}
	return []byte(name)
}

// events returns what was fed.
func (h *session) events() []core.Event {
	events := make([]core.Event, 0, len(h.steps))
	for _, s := range h.steps[1:] {
		events = append(events, s.Event)
	}
	return events
}

// last names the last event by its number and how a transcript begins to tell it.
func (h *session) last() string {
	n := len(h.steps) - 1
	if n == 0 {
		return "the opening"
	}
	entry := transcript.AppendEntry(nil, &transcript.Entry{Dir: transcript.Event, Event: h.steps[n].Event})
	line, _, _ := strings.Cut(string(entry), "\n")
	if short := core.CutWords(line, 60); short != line {
		line = fmt.Sprintf("%s…, %d bytes", short, len(h.steps[n].Data))
	}
	return fmt.Sprintf("event %d (%s)", n, line)
}

// text returns the session as a transcript's text. Copies of a side that passes
// through are left out of it.
func (h *session) text(mode string) string {
	t := &transcript.Transcript{Mode: mode, Target: h.opening.Target, Quiet: h.quiet, ServerEOFStays: h.opening.ServerEOFStays, Client: h.opening.Client, Server: h.opening.Server, Watch: h.opening.Watch, Seed: h.opening.Seed, Start: h.opening.Start}
	for _, name := range slices.Sorted(maps.Keys(h.options)) {
		t.Options = append(t.Options, transcript.OptionValue{Name: name, Value: h.options[name]})
	}
	p := feed.Feeder{Watch: h.opening.Watch, Client: h.opening.Client, Server: h.opening.Server}
	steps := slices.Clone(h.steps)
	for i := range steps {
		if p.PassesOn(steps[i].Event) && p.IsPassed(steps[i].Event, steps[i].actions) {
			steps[i].actions = nil
		} else {
			p.Answer(steps[i].Event, steps[i].actions)
		}
	}
	t.Entries = entries(steps)
	return string(t.Append(nil))
}
