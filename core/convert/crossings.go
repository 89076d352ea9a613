package convert

import (
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Kind says what crossed.
type Kind uint8

// The kinds of crossing.
const (
	Bytes  Kind = iota + 1 // Data was sent
	End                    // the side sends no more (FIN)
	Broken                 // the connection broke on that side; Data says how, in words. Nothing follows
)

// Crossing is one thing that crossed the connection between the workbench and
// the server.
type Crossing struct {
	From core.Side // core.Client: from the workbench to the server
	Kind Kind
	// Time is since the session's start. It never decreases: an entry with an
	// earlier time than the one above gets that one's.
	Time time.Duration
	Data []byte // empty for Bytes only where these are a datagram or message; shares the transcript's memory
	// Entry is the index of the transcript's entry that it comes from.
	Entry int
	// Implied says that the transcript does not state it: the workbench does it
	// when a session ends.
	Implied bool
}

// untimedStep is the time between two events that state none.
const untimedStep = time.Millisecond

// Crossings returns what crossed the connection to the server, in order: the
// server's bytes, what the machine sent, what was passed through from the
// client, and the ends. Both sides end, unless the connection broke: a session
// that ends leaves no connection open, even if its process is killed. What was said over
// TLS, from an upgrade in mid-stream on too, is what was said, and not how it was
// encrypted; what was ordered during an upgrade crossed after it, or never.
//
// Events without a time are 1 ms apart; an action without one has its event's.
func Crossings(t *transcript.Transcript) []Crossing { return walked(t).all }

// walked walks a whole transcript.
func walked(t *transcript.Transcript) *walk {
	w := &walk{whole: t.Server != core.ServerStream, stays: t.ServerEOFStays, watched: t.Watch, passing: t.Watch, tls: lastTLS(t.Entries)}
	for from := 0; from < len(t.Entries) && !w.over; {
		to := from + 1
		for to < len(t.Entries) && t.Entries[to].Dir != transcript.Event {
			to++
		}
		w.first = from
		w.answered(t.Entries[from:to])
		from = to
	}
	if w.upgrades { // the session ended before the outcome
		w.upgrades, w.held, w.finished[core.Client] = false, nil, false
	}
	if !w.broken {
		w.finish(core.Client, true)
		w.finish(core.Server, true)
	}
	for _, l := range w.links {
		l.finish(w, core.Client, true)
		l.finish(w, core.Server, true)
	}
	return w
}

// lastTLS returns the index of the last outcome of an upgrade to TLS, or -1.
func lastTLS(entries []transcript.Entry) int {
	for i := len(entries) - 1; i >= 0; i-- {
		if e := &entries[i]; e.Dir == transcript.Event && e.Event.Kind == core.ServerTLS {
			return i
		}
	}
	return -1
}

type walk struct {
	tls      int // index of the last outcome of an upgrade
	all      []Crossing
	first    int // index of the event being answered
	at       int // index of the current entry
	now      time.Duration
	whole    bool // what crossed are datagrams or messages: empty ones, too
	stays    bool // the client may go on after the end of the server's stream
	watched  bool // the machine sends nothing, and ends nothing
	passing  bool // the client's bytes are copied to the server
	upgrades bool // … wait for TLS
	held     []Crossing
	finished [core.Server + 1]bool
	over     bool // nothing is fed any longer
	broken   bool
	links    []*Further
	open     map[string]*Further // the last one of each name
}

// answered walks one event and what is below it, up to the next event. There is
// no event above the first.
func (w *walk) answered(entries []transcript.Entry) {
	var ev core.Event
	copied := false
	passes := w.passing
	for i := range entries {
		e := &entries[i]
		w.at = w.first + i
		w.clock(e)
		switch e.Dir {
		case transcript.Event:
			ev = e.Event
			copied = w.passing && ev.Kind.IsBytes() && ev.Kind.Side() == core.Client && !slices.ContainsFunc(entries, sends)
			w.event(ev, copied)
		case transcript.Action:
			w.action(&e.Action)
			passes = passes || e.Action.Kind == core.PassThrough && e.Action.Side == core.Client
		}
	}
	w.passing = passes // from the next event on
	switch ev.Kind.DefaultEnding() {
	case core.EndServer:
		w.finish(core.Client, false)
		w.over = w.over || ev.Kind == core.ClientClosed || ev.Kind == core.ClientTLSFailed
	case core.EndClient:
		w.over = w.over || ev.Kind != core.ServerEOF || !w.stays
	}
	w.over = w.over || w.finished[core.Client] && w.finished[core.Server]
}

// sends reports whether a machine sends bytes. One that passes the client through
// may all the same; then those were sent, and no copy.
func sends(e transcript.Entry) bool {
	return e.Dir == transcript.Action && e.Action.Kind == core.SendServer
}

func (w *walk) clock(e *transcript.Entry) {
	switch {
	case e.Timed:
		w.now = max(w.now, e.Time)
	case e.Dir == transcript.Event:
		w.now += untimedStep
	}
}

func (w *walk) event(ev core.Event, copied bool) {
	switch {
	case ev.Kind.IsLink():
		w.linkEvent(ev)
	case ev.Kind == core.ClientStartTLS && w.at < w.tls: // the person's order was obeyed
		w.upgrades = true
	case ev.Kind == core.ServerTLS:
		w.letGo()
	case ev.Kind == core.ServerFailed && w.upgrades:
		w.upgrades, w.held = false, nil
		w.event(ev, copied)
	case ev.Kind == core.ServerBytes:
		w.bytes(core.Server, ev.Data)
	case ev.Kind == core.ServerEOF:
		w.finish(core.Server, false)
	case ev.Kind == core.ServerFailed && !w.finished[core.Server]:
		w.add(Crossing{From: core.Server, Kind: Broken, Data: ev.Data})
		w.broken = true
	case copied || ev.Kind == core.ClientRaw:
		w.bytes(core.Client, ev.Data)
	}
}

func (w *walk) action(a *core.Action) {
	switch a.Kind {
	case core.SendServer:
		w.bytes(core.Client, a.Data)
	case core.FinishServer:
		w.finish(core.Client, false)
	case core.StartTLS:
		w.upgrades = w.upgrades || a.Side == core.Server
	case core.Close, core.Failed:
		w.over = !w.watched
	case core.Connect, core.Accept, core.SendLink, core.FinishLink, core.CloseLink:
		w.linkAction(a)
	}
}

func (w *walk) bytes(from core.Side, data []byte) {
	if (len(data) > 0 || w.whole) && !w.finished[from] && !w.broken {
		w.add(Crossing{From: from, Kind: Bytes, Data: data})
	}
}

func (w *walk) finish(from core.Side, implied bool) {
	if !w.finished[from] && !w.broken {
		w.finished[from] = true
		w.add(Crossing{From: from, Kind: End, Implied: implied})
	}
}

func (w *walk) add(c Crossing) {
	c.Time, c.Entry = w.now, w.at
	if w.upgrades && c.From == core.Client {
		w.held = append(w.held, c)
		return
	}
	w.all = append(w.all, c)
}

// letGo has cross what waited for an upgrade.
func (w *walk) letGo() {
	w.upgrades = false
	for _, c := range w.held {
		c.Time = w.now
		w.all = append(w.all, c)
	}
	w.held = nil
}
