package play

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// dialLimit is how long a further connection may take.
const dialLimit = 10 * time.Second

// together is the talks over all connections of a script: the one to the server, whose number
// is 0, and further ones. They keep the order of the recording. Each further one has a
// goroutine from when its address is told, or it may be opened, to its end.
type together struct {
	main   *talk
	player *Player
	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup // of further ones

	mu      sync.Mutex // is taken with a talk's lock held, and never before it
	moved   sync.Cond
	streams []stream
	last    time.Time // anything was said or heard
	failed  error     // of a further connection
}

// stream is how far one connection is.
type stream struct {
	own, peer int // the numbers of the next steps of each side
	talk      *talk
	over      bool // nothing more happens there
}

func newTogether(ctx context.Context, main *talk, p *Player) *together {
	t := &together{main: main, player: p, last: time.Now(), streams: make([]stream, 1+len(p.links))}
	t.moved.L = &t.mu
	t.ctx, t.cancel = context.WithCancel(ctx)
	context.AfterFunc(t.ctx, t.wake)
	for i, l := range p.links {
		s := &t.streams[i+1]
		switch opens := l.opens(p.as); {
		case l.opened == 0:
			*s = stream{own: never, peer: never, over: true}
		case opens > 0:
			*s = stream{own: opens, peer: never}
			t.all.Go(func() { t.open(i+1, l, opens) })
		default:
			*s = stream{own: never, peer: l.opened}
		}
	}
	return t
}

// opens returns the number at which a side opens the link; 0: the other one does.
func (l *link) opens(as core.Side) int {
	switch {
	case l.by != as:
		return 0
	case as == core.Client:
		return l.ordered
	}
	return l.opened
}

// join takes a talk in which begins.
func (t *together) join(k *talk, p *Player) {
	p.allows = func(seq int) bool { return t.allows(k.stream, seq) }
	own, peer := p.ownSeq(), p.awaitedSeq()
	t.move(k.stream, true, func(s *stream) { s.own, s.peer, s.talk = own, peer, k })
}

// allows reports whether all other connections are as far as they were before a step of one.
func (t *together) allows(of, seq int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.isTurn(of, seq)
}

// isTurn is allows, with the lock held.
func (t *together) isTurn(of, seq int) bool {
	for i, s := range t.streams {
		if i != of && (s.own < seq || s.peer < seq) {
			return false
		}
	}
	return true
}

// said takes note of how far we are with what we say in a talk.
func (t *together) said(k *talk) {
	k.mu.Lock()
	next := k.p.(*Player).ownSeq()
	k.mu.Unlock()
	t.move(k.stream, true, func(s *stream) { s.own = next })
}

// heard takes note of how far the peer is, from whom bytes came or none. The talk's lock is
// held.
func (t *together) heard(k *talk, came bool) {
	next := k.p.(*Player).awaitedSeq()
	t.move(k.stream, came, func(s *stream) { s.peer = next })
}

// left takes note of the end of a talk: nothing more is waited for there.
func (t *together) left(i int) {
	t.move(i, true, func(s *stream) { s.own, s.peer, s.over = never, never, true })
}

// move notes how far a stream is; goesOn unless nothing has happened but time.
func (t *together) move(i int, goesOn bool, change func(*stream)) {
	t.mu.Lock()
	change(&t.streams[i])
	if goesOn {
		t.last = time.Now()
	}
	t.mu.Unlock()
	t.wake()
}

// wake has all look again whether it is their turn.
func (t *together) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moved.Broadcast()
	for _, s := range t.streams {
		if s.talk == nil {
			continue
		}
		select {
		case s.talk.changed <- struct{}{}:
		default:
		}
	}
}

// failure returns what a further connection failed with.
func (t *together) failure() error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// goesOn reports whether anything has happened by any connection for less than that long.
func (t *together) goesOn(within time.Duration) bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.last) < within
}

// busy reports whether a further connection has not ended.
func (t *together) busy() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.streams[1:], func(s stream) bool { return !s.over })
}

// awaited tells of a further connection that the peer has not opened, seen from the main one.
func (t *together) awaited(from int, got string) *Mismatch {
	if t == nil || from > 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range t.streams[1:] {
		if s.talk == nil && !s.over {
			return t.mismatch(t.player.links[i], got)
		}
	}
	return nil
}

// mismatch tells of a link that does not come to be.
func (t *together) mismatch(l *link, got string) *Mismatch {
	return &Mismatch{File: l.file, Line: l.line, Link: l.link, From: other(t.player.as), Want: "the further connection " + l.link + " to be opened", Got: got}
}

// fail ends all talks for what happened by a further connection.
func (t *together) fail(i int, err error) {
	t.mu.Lock()
	if t.failed == nil && t.ctx.Err() == nil {
		t.failed = err
	}
	t.mu.Unlock()
	t.left(i)
}

// end ends the further connections with the one to the server: what goes on by them has some
// time to end by itself, unless something failed.
func (t *together) end() {
	late := time.AfterFunc(PartLimit, t.cancel)
	if t.main.stopped != nil || t.main.failed != nil || t.failure() != nil {
		t.cancel()
	}
	t.all.Wait()
	late.Stop()
	t.cancel()
}

// listen begins to wait for a link, whose address is said next.
func (k *talk) listen(n int) bool {
	t, l := k.together, k.p.(*Player).links[n-1]
	near, nearOK := addressOf(k.conn.LocalAddr())
	peer, peerOK := addressOf(k.conn.RemoteAddr())
	var listener net.Listener
	err := fmt.Errorf("the connection is not one of TCP")
	if nearOK && peerOK {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(near, 0).String())
	}
	var address []byte
	if err == nil {
		at := listener.Addr().(*net.TCPAddr).AddrPort()
		if address, err = l.form.write(at); err != nil || l.opened == 0 {
			listener.Close() // as it failed, so it does again
		}
	}
	if err != nil {
		k.failed = failAs(codeLink, "the further connection %s cannot be waited for: %s", l.link, inWords(err))
		return false
	}
	if l.opened > 0 {
		t.all.Go(func() { t.accept(n, l, listener, peer) })
	}
	k.mu.Lock()
	k.p.(*Player).Listening(n, address)
	k.mu.Unlock()
	return true
}

// accept waits for the peer to open a link. Whoever else connects is turned away.
func (t *together) accept(n int, l *link, listener net.Listener, peer netip.Addr) {
	defer listener.Close()
	defer context.AfterFunc(t.ctx, func() { listener.Close() })()
	for {
		conn, err := listener.Accept()
		if err != nil {
			t.fail(n, failAs(codeLink, "the further connection %s could not be accepted: %s", l.link, inWords(err)))
			return
		}
		if who, ok := addressOf(conn.RemoteAddr()); ok && who == peer {
			listener.Close()
			t.talk(n, l, conn.(*net.TCPConn))
			return
		}
		conn.Close()
	}
}

// open opens a link when it is its turn, where the peer has said.
func (t *together) open(n int, l *link, seq int) {
	t.mu.Lock()
	for !t.isTurn(n, seq) && t.ctx.Err() == nil {
		t.moved.Wait()
	}
	t.mu.Unlock()
	if t.ctx.Err() != nil {
		t.fail(n, t.ctx.Err())
		return
	}
	conn, err := t.dial(l)
	if err != nil {
		t.fail(n, t.differ(t.mismatch(l, inWords(err))))
		return
	}
	t.talk(n, l, conn)
}

// differ tells of a mismatch, after which nothing can go on.
func (t *together) differ(m *Mismatch) error {
	if tell := t.tells(); tell != nil && t.ctx.Err() == nil {
		tell(m)
	}
	return m
}

// tells returns what is told of mismatches by further connections, one at a time.
func (t *together) tells() func(*Mismatch) bool {
	if t.main.Mismatch == nil {
		return nil
	}
	return func(m *Mismatch) bool {
		t.main.mu.Lock()
		defer t.main.mu.Unlock()
		return t.main.Mismatch(m)
	}
}

// dial connects to the address that the peer has told, which has to be its own.
func (t *together) dial(l *link) (*net.TCPConn, error) {
	peer, ok := addressOf(t.main.conn.RemoteAddr())
	if !ok {
		return nil, fmt.Errorf("the connection is not one of TCP")
	}
	t.main.mu.Lock()
	text := slices.Clone(t.player.values[l.site])
	t.main.mu.Unlock()
	at, err := l.form.read(text, peer)
	if err != nil {
		return nil, err
	}
	if at.Addr() != peer {
		return nil, fmt.Errorf("further connections go to the peer's own address alone, %s: %s is another", peer, at)
	}
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(t.ctx, "tcp", at.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// talk plays over a link.
func (t *together) talk(n int, l *link, conn *net.TCPConn) {
	k := Talk{Fast: t.main.Fast, Timeout: t.main.Timeout, Mismatch: t.tells(), together: t, stream: n}
	if err := k.over(t.ctx, conn, l.Play(t.player.as)); err != nil {
		t.fail(n, err)
	} else {
		t.left(n)
	}
}

// addressOf returns the host of an address, if it is one of TCP.
func addressOf(a net.Addr) (host netip.Addr, ok bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	return tcp.AddrPort().Addr().Unmap(), true
}
