package convert

import (
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Further is a further connection of a session, which was there.
type Further struct {
	Name      string
	By        core.Side // who connected: core.Client is the workbench
	Listening string    // where the workbench waited, if the server connected
	Server    string    // the address of the server's end
	Opened    time.Duration
	Entry     int        // the index of the entry that says that it is there
	Crossings []Crossing // both sides end, unless it broke
	there     bool
	finished  [core.Server + 1]bool
}

// FurtherOf returns the further connections, in the order in which they were ordered. Times
// and entries are those of [Crossings].
func FurtherOf(t *transcript.Transcript) []*Further {
	return slices.DeleteFunc(walked(t).links, func(l *Further) bool { return !l.there })
}

func (w *walk) linkEvent(ev core.Event) {
	l := w.open[ev.Link]
	if l == nil {
		return
	}
	switch ev.Kind {
	case core.LinkListening:
		l.Listening = string(ev.Data)
	case core.LinkConnected:
		l.Server, l.Opened, l.Entry, l.there = string(ev.Data), w.now, w.at, true
		for i := range l.Crossings { // what was sent earlier waited
			l.Crossings[i].Time = w.now
		}
	case core.LinkBytes:
		l.add(w, Crossing{From: core.Server, Kind: Bytes, Data: ev.Data})
	case core.LinkEOF:
		l.finish(w, core.Server, false)
	case core.LinkFailed:
		l.add(w, Crossing{From: core.Server, Kind: Broken, Data: ev.Data})
		l.finished = [...]bool{true, true, true}
	case core.LinkClosed:
		l.finish(w, core.Client, true)
		l.finish(w, core.Server, true)
	}
}

func (w *walk) linkAction(a *core.Action) {
	l := w.open[a.Link]
	switch {
	case a.Kind == core.Connect || a.Kind == core.Accept:
		l = &Further{Name: a.Link, By: core.Client}
		if a.Kind == core.Accept {
			l.By = core.Server
		}
		if w.open == nil {
			w.open = map[string]*Further{}
		}
		w.links, w.open[a.Link] = append(w.links, l), l
	case l == nil:
	case a.Kind == core.SendLink:
		l.add(w, Crossing{From: core.Client, Kind: Bytes, Data: a.Data})
	default: // half-closed, or closed once all has left
		l.finish(w, core.Client, false)
	}
}

// add adds what crossed, unless its side has ended.
func (l *Further) add(w *walk, c Crossing) {
	if l.finished[c.From] || c.Kind == Bytes && len(c.Data) == 0 {
		return
	}
	c.Time, c.Entry = w.now, w.at
	l.Crossings = append(l.Crossings, c)
}

func (l *Further) finish(w *walk, from core.Side, implied bool) {
	l.add(w, Crossing{From: from, Kind: End, Implied: implied})
	l.finished[from] = true
}
