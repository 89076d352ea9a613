package session

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Links opens the further connections that machines order: it decides whether each may be,
// for the server that the session has reached, and how long it may take. Its errors are
// for the user. Calls may overlap.
type Links interface {
	// Connect dials a target.
	Connect(ctx context.Context, server Server, target string) (Server, error)
	// Accept waits for the server to connect, at an address or at "", any that the server
	// can reach. listening is told the address before.
	Accept(ctx context.Context, server Server, address string, listening func(address string)) (Server, error)
}

// errNoLinks is why a session has no links that was not given what opens them.
var errNoLinks = errors.New("this session opens no further connections")

// link is a further connection, from the machine's order to its end. Its way:
//
//  1. The order comes, and a goroutine connects. What is sent meanwhile waits in out.
//  2. The same goroutine reads. It waits while the machine or the client is behind, as the
//     server's reader does.
//  3. Both directions end, the machine closes it, or it breaks. Its last event then waits to
//     be fed, and no other may follow.
//
// The order belongs to the core: a machine that is made anew does not repeat it. Guarded by
// the peers' lock.
type link struct {
	name    string
	conn    Server // nil: not there yet
	cancel  context.CancelFunc
	in      phase // open or ended
	out     queue
	closing bool // the machine has closed it, or the session is over: what comes is dropped
	over    bool // its end waits to be fed, or was
	late    *time.Timer
}

// openLink begins a link. mu is held.
func (p *peers) openLink(kind core.ActionKind, name, address string) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{name: name, cancel: cancel, in: open}
	l.out.phase = open
	if p.links == nil {
		p.links = map[string]*link{}
	}
	p.links[name] = l
	p.linking.Go(func() {
		defer cancel()
		if conn := p.connectLink(ctx, l, kind, address); conn != nil {
			p.readLink(l, conn)
		}
	})
}

// connectLink connects a link, and has the machine told of the outcome.
func (p *peers) connectLink(ctx context.Context, l *link, kind core.ActionKind, address string) Server {
	conn, err := p.reachLink(ctx, l, kind, address)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		p.endLink(l, core.LinkFailed, err.Error())
		return nil
	case l.over || p.phase == over:
		p.linking.Go(func() { conn.Close() })
		return nil
	}
	l.conn = conn
	p.linkCame(core.LinkConnected, l, conn.Resolved())
	p.writeLink(l)
	return conn
}

func (p *peers) reachLink(ctx context.Context, l *link, kind core.ActionKind, address string) (Server, error) {
	switch {
	case p.opener == nil:
		return nil, errNoLinks
	case kind == core.Connect:
		return p.opener.Connect(ctx, p.server, address)
	}
	return p.opener.Accept(ctx, p.server, address, func(at string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !l.over {
			p.linkCame(core.LinkListening, l, at)
		}
	})
}

// linkCame has an event of a link wait to be fed. mu is held.
func (p *peers) linkCame(kind core.EventKind, l *link, words string) {
	if p.phase != over {
		p.inbox.addLink(kind, l.name, []byte(core.Words(words)))
		p.turn.lent = false // else a reader would send it
		p.signal()
	}
	p.room.Broadcast()
}

// readLink takes what comes by a link until that ends.
func (p *peers) readLink(l *link, conn Server) {
	for {
		data, err := conn.Receive()
		if err != nil {
			p.linkSaidAll(l, err)
			return
		}
		for len(data) > core.MaxLinkEvent {
			p.takeInLink(l, data[:core.MaxLinkEvent])
			data = data[core.MaxLinkEvent:]
		}
		p.takeInLink(l, data)
	}
}

// takeInLink waits until there is room for what came by a link, and has it fed.
func (p *peers) takeInLink(l *link, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !l.closing && !l.over && p.phase != over && (p.inbox.held[0] >= InboxAt || p.toClient().size() >= GateAt || p.tooLong()) {
		p.room.Wait()
	}
	if l.closing || l.over || p.phase == over {
		return
	}
	p.inbox.addLink(core.LinkBytes, l.name, data)
	p.turn.lent = false
	p.signal()
}

// linkSaidAll takes note of the last that came by a link.
func (p *peers) linkSaidAll(l *link, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.in = l.in.on(lastCame)
	switch {
	case l.over:
	case !errors.Is(err, io.EOF) && !l.closing:
		p.endLink(l, core.LinkFailed, plainFor("the other end", err))
	case !errors.Is(err, io.EOF):
		p.endLink(l, core.LinkClosed, "")
	case !l.closing:
		p.linkCame(core.LinkEOF, l, "")
	}
	p.linkDone(l)
}

// linkDone ends a link both of whose directions have ended. mu is held.
func (p *peers) linkDone(l *link) {
	if !l.over && l.in == ended && l.out.phase == closed {
		p.endLink(l, core.LinkClosed, "")
	}
	p.room.Broadcast()
}

// endLink ends a link, and has the machine told, once. mu is held.
func (p *peers) endLink(l *link, kind core.EventKind, words string) {
	if l.over {
		return
	}
	l.over = true
	l.cancel()
	if l.late != nil {
		l.late.Stop()
	}
	l.out.cut()
	if conn := l.conn; conn != nil {
		p.linking.Go(func() { conn.Close() }) // which may take a while, over TLS
	}
	if p.links[l.name] == l {
		delete(p.links, l.name)
	}
	p.linkCame(kind, l, words)
}

// writeLink starts a link's writer if it is needed. mu is held.
func (p *peers) writeLink(l *link) {
	if l.conn != nil && !l.out.writing && (l.out.due() || l.out.phase == finished) {
		l.out.writing = true
		p.linking.Go(func() { p.writeAllOf(l) })
	}
}

// writeAllOf empties a link's queue, and sends FIN when that is due.
func (p *peers) writeAllOf(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !l.over {
		switch q := &l.out; {
		case q.due():
			m := q.take()
			p.mu.Unlock()
			_, err := l.conn.Write(m.data)
			m.release()
			p.mu.Lock()
			q.out = 0
			if err != nil {
				p.endLink(l, core.LinkFailed, plainFor("the other end", err))
			}
			p.room.Broadcast()
		case q.phase == finished:
			q.phase = q.phase.on(finSent)
			p.mu.Unlock()
			l.conn.CloseWrite()
			p.mu.Lock()
			if l.closing {
				p.endLinkLater(l)
			}
			p.linkDone(l)
		default:
			q.writing = false
			p.room.Broadcast()
			return
		}
	}
	l.out.writing = false
	p.room.Broadcast()
}

// doLink does what an action orders of a link. What is for one whose end waits to be fed is
// dropped. mu is held.
func (p *peers) doLink(a core.Action) {
	if a.Kind == core.Connect || a.Kind == core.Accept {
		p.openLink(a.Kind, a.Link, string(a.Data))
		return
	}
	l := p.links[a.Link]
	if l == nil {
		if a.Kind == core.CloseLink {
			p.inbox.dropLink(a.Link)
		}
		return
	}
	switch a.Kind {
	case core.SendLink:
		l.out.add(a.Data, false)
	case core.FinishLink:
		l.out.finish()
	case core.CloseLink:
		p.inbox.dropLink(a.Link)
		p.closeLink(l)
	}
	p.writeLink(l)
}

// closeLink ends a link once all that was ordered has left. mu is held.
func (p *peers) closeLink(l *link) {
	l.closing = true
	l.out.finish()
	switch {
	case l.conn == nil:
		p.endLink(l, core.LinkClosed, "")
	case l.out.phase == closed:
		p.endLinkLater(l)
	}
	p.room.Broadcast()
}

// endLinkLater ends a link that the machine has closed, unless its other end does within some
// time: to close it earlier would send a reset. mu is held.
func (p *peers) endLinkLater(l *link) {
	if l.over || l.late != nil {
		return
	}
	l.late = time.AfterFunc(DrainLimit, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.endLink(l, core.LinkClosed, "")
	})
}

// linksFull reports that a link is behind with what was sent to it.
func (p *peers) linksFull(most int) bool {
	for _, l := range p.links {
		if l.out.size() >= most {
			return true
		}
	}
	return false
}

// finishLinks ends the links with the session: what waits is written, and their other ends
// have some time to end them too. Nothing of them is left then.
func (p *peers) finishLinks() {
	p.mu.Lock()
	late := time.AfterFunc(DrainLimit, p.cutLinks)
	for _, l := range p.links {
		p.closeLink(l)
		p.writeLink(l)
	}
	for len(p.links) > 0 {
		p.room.Wait()
	}
	p.mu.Unlock()
	late.Stop()
	p.linking.Wait()
}

// cutLinks ends the links at once.
func (p *peers) cutLinks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		p.endLink(l, core.LinkClosed, "")
	}
	p.room.Broadcast()
}

// dropLink takes out the events of a link, but for its end.
func (b *inbox) dropLink(name string) {
	b.remove(func(w waiting) bool { return w.link == name && w.kind.IsLink() && !w.kind.EndsLink() })
}
