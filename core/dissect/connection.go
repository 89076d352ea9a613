package dissect

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/drive"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// fedAt is how many events may have no answer, so that what is known of each is bounded.
const fedAt = 1024

// watcher is the machine that watches one connection.
type watcher struct {
	drive.Machine
	c      *Connection
	to     Told
	fed    []fed // by the number that an event was fed with
	events uint64
	inside int64 // bytes of the messages
	err    error // of Told, or how the machine was lost
}

// fed is what is known of an event.
type fed struct {
	at Time
	n  uint64
}

// connection decodes the transcript of a connection.
func (d *decoder) connection(ctx context.Context, c *Connection, m *core.Manifest, options core.Options, text io.Reader) error {
	if err := d.To.Begin(c); err != nil {
		return err
	}
	w := &watcher{c: c, to: d.To}
	w.To, w.Knows = w, m.Knows
	opening := core.Opening{Options: options, Target: c.Server.String(), Client: core.Stream, Watch: true}
	if c.Datagrams {
		opening.Client, opening.Server, opening.Target = core.Datagrams, core.ServerDatagrams, "udp://"+opening.Target
	}
	connect := func(ctx context.Context) (*wire.Conn, error) { return d.Open(ctx, m.Name) }
	w.fed = append(w.fed, fed{})
	if err := w.Open(ctx, connect, opening, nil); err != nil {
		return err
	}
	defer w.Bye()
	var blocks store.Decoder
	for block, err := range store.Blocks(text, nil) {
		if err != nil {
			return err
		}
		entries, err := blocks.Entries("the connection", block)
		if err != nil {
			return err
		}
		for i := range entries {
			w.entry(&entries[i], m)
		}
		if w.Flush(); ctx.Err() != nil {
			return ctx.Err()
		}
		if w.err != nil {
			return w.err
		}
	}
	if c.Undecoded = max(0, c.Bytes-w.inside); w.err != nil {
		return w.err
	}
	return d.To.End(c)
}

// entry takes an entry of the transcript.
func (w *watcher) entry(e *transcript.Entry, m *core.Manifest) {
	at := Time{e.Timed, e.Time}
	switch {
	case e.Dir == transcript.Remark:
		w.remark(at, e.Remark)
	case e.Dir != transcript.Event:
	case e.Event.Kind == core.ClientUnseen || e.Event.Kind == core.ServerUnseen:
		n, _ := strconv.ParseInt(string(e.Event.Data), 10, 64)
		w.c.Lost += n
		w.remark(at, fmt.Sprintf("the capture lacks %d bytes of the %v's", n, e.Event.Kind.Side()))
		if !m.Knows(e.Event.Kind) && !w.c.Datagrams && !w.Over {
			w.Flush()
			w.Over = true
			w.remark(at, "nothing is decoded from here on: the line mode cannot be told what is missing")
			return
		}
		w.feed(at, e.Event)
	case e.Event.Kind.IsBytes():
		ev := e.Event
		w.c.Bytes += int64(len(ev.Data))
		for data := ev.Data; ; {
			ev.Data = data
			if !w.c.Datagrams {
				ev.Data = data[:min(len(data), core.MaxDecodedEvent)]
			}
			w.feed(at, ev)
			if data = data[len(ev.Data):]; len(data) == 0 {
				break
			}
		}
	default:
		w.feed(at, e.Event)
	}
}

func (w *watcher) feed(at Time, ev core.Event) {
	if len(w.fed) == fedAt {
		w.Flush()
		w.fed = w.fed[:0]
	}
	w.events++
	w.fed = append(w.fed, fed{at, w.events})
	w.Feed(len(w.fed)-1, ev)
}

func (w *watcher) remark(at Time, words string) {
	if w.Flush(); w.err == nil {
		w.err = w.to.Remark(w.c, at, words)
	}
}

// Answered implements drive.Taker.
func (w *watcher) Answered(n int, ev core.Event, actions []core.Action) (over bool) {
	at := w.fed[n]
	counting, end := w.Answer(ev, actions)
	for _, a := range counting {
		if w.err != nil {
			return true
		}
		switch a.Kind {
		case core.Decoded:
			w.err = w.message(at, a)
		case core.Note:
			w.err = w.to.Remark(w.c, at.at, string(a.Data))
		}
	}
	if w.err == nil && (end.Why == feed.MachineClosed || end.Why == feed.MachineFailed) {
		w.err = w.to.Remark(w.c, at.at, "nothing is decoded from here on: the line mode has ended: "+end.Words)
	}
	return end.Why != feed.GoesOn || w.err != nil
}

func (w *watcher) message(at fed, a core.Action) error {
	m, err := core.ParseMessage(a.Data)
	if err != nil {
		return err // a machine's connection checks it
	}
	told := Message{Message: m, At: at.at, Event: at.n, Text: a, Side: core.Server, Wrong: wrong(m.Fields)}
	if m.Flow == core.FromClient || m.Flow == core.ToServer {
		told.Side = core.Client
	}
	w.c.Messages++
	if told.Wrong != "" {
		w.c.Wrong++
	}
	w.inside += m.To - m.From
	return w.to.Message(w.c, told)
}

// wrong returns what is wrong with the first field of which something is.
func wrong(fields []core.Field) string {
	for i := range fields {
		if words := fields[i].Wrong; words != "" {
			return words
		}
		if words := wrong(fields[i].Fields); words != "" {
			return words
		}
	}
	return ""
}

// Left implements drive.Taker.
func (w *watcher) Left(int) {}

// Lost implements drive.Taker. The connections after this one have machines of their own.
func (w *watcher) Lost(n int, _ core.Event, err error) {
	if w.err == nil {
		w.err = w.to.Remark(w.c, w.fed[n].at, "nothing is decoded from here on: "+err.Error())
	}
}
