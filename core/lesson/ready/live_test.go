package ready_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/plugins/ftp"
)

// live is a session in the line mode ftp with a practice server, as the page has one: the
// machine is fed what happens, and its further connections are made, within this process.
type live struct {
	t       *testing.T
	log     *transcript.Transcript
	machine core.Machine
	out     core.Out
	wire    *net.TCPConn
	doors   *practice.Doors
	link    *further // the last one
	happens chan happening
	over    chan struct{} // nobody takes what happens any more
	readers sync.WaitGroup

	n     uint64 // events so far
	lines int    // that the server has said
	ended int    // links
	gone  bool   // the server
}

// happening is an event, and the further connection that it is about.
type happening struct {
	core.Event
	link *further
}

// further is a further connection.
type further struct {
	ctx     context.Context // ends when the machine closes it
	close   context.CancelFunc
	closing bool
}

// playLive types what the client of a transcript did, once the server has said as many lines,
// and as many further connections have ended, as in the transcript.
func playLive(t *testing.T, shared *room.Room, seed string, step lesson.Step, conn lesson.Connection) *transcript.Transcript {
	t.Helper()
	l, stop := begin(t, shared, seed, step, conn.Log)
	defer stop()
	lines, ended := 0, 0
	there := func() bool { return l.gone || l.lines >= lines && l.ended >= ended }
	for _, e := range conn.Log.Entries {
		if e.Dir != transcript.Event {
			continue
		}
		switch e.Event.Kind {
		case core.ServerBytes:
			lines += bytes.Count(e.Event.Data, []byte("\n"))
		case core.ServerEOF:
			l.until(func() bool { return l.gone })
		case core.LinkClosed, core.LinkFailed:
			ended++
		case core.ClientText:
			l.until(there)
			l.feed(e.Event)
		case core.ClientClosed:
			l.until(there)
			l.feed(e.Event)
			return l.log
		}
	}
	l.until(there)
	return l.log
}

// begin begins a session as a transcript's was.
func begin(t *testing.T, shared *room.Room, seed string, step lesson.Step, like *transcript.Transcript) (l *live, stop func()) {
	t.Helper()
	server, err := room.Find(step.Setting.Practice)
	if err != nil {
		t.Fatal(err)
	}
	choices, err := room.ChoicesFor(seed, with(step))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	wire, doors, err := shared.Dial(ctx, server, choices, &served)
	if err != nil {
		t.Fatal(err)
	}
	log := *like
	log.Entries = nil
	l = &live{t: t, log: &log, wire: wire, doors: doors, happens: make(chan happening), over: make(chan struct{})}
	d, values := ftp.Discipline(), map[string]string{}
	for _, o := range like.Options {
		values[o.Name] = o.Value
	}
	options, err := d.Manifest.ParseOptions(values)
	if err != nil {
		t.Fatal(err)
	}
	if l.machine, err = d.Open(core.Opening{Options: options, Target: wire.RemoteAddr().String(), Seed: log.Seed}, &l.out); err != nil {
		t.Fatal(err)
	}
	l.readers.Go(func() { l.read(wire, core.ServerBytes, core.ServerEOF, nil) })
	return l, func() {
		close(l.over)
		if l.link != nil {
			l.link.close()
		}
		wire.Close()
		l.readers.Wait()
		cancel()
		served.Wait()
	}
}

// until feeds the machine what happens, until there is enough.
func (l *live) until(enough func() bool) {
	l.t.Helper()
	for !enough() {
		select {
		case h := <-l.happens:
			if h.link != nil && h.link.closing && !h.Kind.EndsLink() {
				continue // nothing else of a link is fed once the machine has closed it
			}
			l.feed(h.Event)
		case <-time.After(patience):
			l.t.Fatalf("less happened than in the transcript:\n%s", l.log.Append(nil))
		}
	}
}

// feed feeds an event, and does what the machine answers.
func (l *live) feed(ev core.Event) {
	l.t.Helper()
	switch {
	case ev.Kind == core.ServerBytes:
		l.lines += bytes.Count(ev.Data, []byte("\n"))
	case ev.Kind == core.ServerEOF:
		l.gone = true
	case ev.Kind.EndsLink():
		l.ended++
	}
	l.out.Reset()
	if err := l.machine.Handle(ev, &l.out); err != nil {
		l.t.Fatal(err)
	}
	var actions []core.Action
	for i := range l.out.Len() {
		a := l.out.Action(i)
		a.Data = bytes.Clone(a.Data)
		actions = append(actions, a)
	}
	l.n++
	l.log.Entries = transcript.AppendAnswered(l.log.Entries, l.n, ev, actions)
	for _, a := range actions {
		switch a.Kind {
		case core.SendServer:
			l.wire.Write(a.Data) // a server that is gone shows in what it says
		case core.Connect:
			l.opens(func(link *further) (net.Conn, error) {
				return new(net.Dialer).DialContext(link.ctx, "tcp", string(a.Data))
			})
		case core.Accept:
			l.accepts()
		case core.CloseLink:
			l.link.closing = true
			l.link.close()
		case core.StartTLS, core.SendLink, core.FinishLink:
			l.t.Fatalf("no case has needed action %d so far", a.Kind)
		}
	}
}

// opens begins a further connection.
func (l *live) opens(open func(*further) (net.Conn, error)) {
	link := new(further)
	link.ctx, link.close = context.WithCancel(context.Background())
	l.link = link
	l.readers.Go(func() {
		conn, err := open(link)
		switch {
		case link.ctx.Err() != nil:
		case err != nil:
			l.tell(link, core.LinkFailed, []byte(err.Error()))
			return
		default:
			l.tell(link, core.LinkConnected, []byte(conn.RemoteAddr().String()))
			stop := context.AfterFunc(link.ctx, func() { conn.SetReadDeadline(time.Now()) })
			l.read(conn, core.LinkBytes, core.LinkEOF, link)
			stop()
			<-link.ctx.Done()
		}
		if conn != nil {
			conn.Close()
		}
		l.tell(link, core.LinkClosed, nil)
	})
}

// accepts begins a further connection that the server opens.
func (l *live) accepts() {
	waits, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	at := waits.Addr().String()
	l.doors.OpenClient(netip.MustParseAddrPort(at))
	l.opens(func(link *further) (net.Conn, error) {
		defer waits.Close()
		defer context.AfterFunc(link.ctx, func() { waits.Close() })()
		l.tell(link, core.LinkListening, []byte(at))
		return waits.Accept()
	})
}

// read tells of what comes by a connection until that ends.
func (l *live) read(conn net.Conn, came, end core.EventKind, link *further) {
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			l.tell(link, came, buf[:n])
		}
		if err == io.EOF || err != nil && link == nil {
			l.tell(link, end, nil)
		}
		if err != nil {
			return
		}
	}
}

// tell has an event be fed.
func (l *live) tell(link *further, kind core.EventKind, data []byte) {
	h := happening{core.Event{Kind: kind, Data: bytes.Clone(data)}, link}
	if link != nil {
		h.Link = "data" // as the mode calls each of them
	}
	select {
	case l.happens <- h:
	case <-l.over:
	}
}
