package play

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/stall"
)

// Bounds of a talk.
const (
	LingerLimit = 5 * time.Second        // in which a client that was sent FIN, and has said all, does not end
	PartLimit   = time.Second            // in which a peer that we leave does not end
	ResetPause  = 200 * time.Millisecond // before a reset, in which a peer reads what its system has by then
)

// readPiece is how much is read at once.
const readPiece = 64 << 10

// Conn is a connection that can end one of its directions.
type Conn interface {
	net.Conn
	CloseWrite() error
}

// Talk says how a player talks to its peer.
type Talk struct {
	// Fast leaves the recorded pauses out, but not the silences that the peer
	// has to notice.
	Fast bool
	// Timeout bounds the wait for the peer's next bytes when there is nothing
	// to say before them; 0: there is no bound. Its end is a mismatch.
	Timeout time.Duration
	// Mismatch is told of each mismatch and says whether to go on after it.
	// nil: the first one ends the talk. Calls of one talk are one at a time.
	Mismatch func(*Mismatch) (goOn bool)
	// Done is told of each step of a player as it is said, or once it has come as it
	// was recorded or as rules allow; nil: nobody is. What differs is not done. Calls
	// of one talk are one at a time.
	Done func(Step)
	// Rate is told of each rate that a rule asks for, as soon as it is measured; nil:
	// nobody is. One that is not as it should be is a mismatch, too. Calls of one talk are
	// one at a time.
	Rate func(Rate)
	// Secured is told how the connection became TLS where the script upgrades it, in
	// words, and how many bytes of the server's were dropped since they came in clear
	// before. As the client only; nil: nobody is.
	Secured func(words string, early int)

	startTLS *tls.Config // as the server
	together *together   // the connections of a script with further ones
	stream   int         // which of them this is; 0: the one to the server
}

// part is one side's part in a talk: a player, or a guest.
type part interface {
	Next() (Order, bool)
	Take(data []byte) (rest []byte, m *Mismatch)
	TakeEnd(broken string) *Mismatch
	Awaited(got string) *Mismatch
	Upgraded(secured string, err error) *Mismatch
	Status() Status
	side() core.Side // which it plays
}

// Upgrader is a connection that can become TLS in mid-stream, as a client's, and whose
// writes fail by themselves when the peer has taken nothing for stall.Limit.
type Upgrader interface {
	Conn
	// StartTLS drops what the server sent in clear and nobody has read yet, returns how
	// many bytes that was, and secures the connection for the named server, "" being the
	// one that was dialled. Nothing is read or written meanwhile.
	StartTLS(ctx context.Context, name string) (early int, err error)
	Secured() string // how, in words
}

// Over plays p over a connection, and closes it, until all is said and heard or
// ctx is done. It returns the *Mismatch that ended the talk, or what else did,
// in words; nil when all went well or Mismatch said each time to go on.
//
// A client leaves when the last thing that was recorded has happened. A server
// stays until its client ends, as servers do, unless it has ended its own
// stream: then for LingerLimit.
//
// As the client of a script that upgrades to TLS, conn has to be an Upgrader.
func (t Talk) Over(ctx context.Context, conn Conn, p *Player) error { return t.over(ctx, conn, p) }

func (t Talk) over(ctx context.Context, conn Conn, p part) error {
	k := &talk{
		Talk: t, conn: conn, p: p, ctx: ctx,
		changed: make(chan struct{}, 1), halted: make(chan struct{}), heard: make(chan struct{}),
	}
	player, ok := p.(*Player)
	if ok {
		k.datagrams = player.Datagrams()
	}
	if ok && k.together == nil && len(player.links) > 0 {
		k.together = newTogether(ctx, k, player)
		defer k.together.end()
	}
	if k.together != nil {
		k.together.join(k, player)
	}
	if _, patient := conn.(Upgrader); !patient {
		k.conn = stall.New(conn)
	}
	k.in = limit.NewReader(k.conn)
	k.upgraded.L = &k.mu
	k.turn = time.Now()
	defer context.AfterFunc(ctx, k.abort)()
	go k.read()
	k.write()
	k.part()
	if k.together != nil && k.stream == 0 {
		k.together.left(0)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case k.stopped != nil:
		return k.stopped
	}
	if k.together != nil && k.failed == nil {
		return k.together.failure()
	}
	return k.failed
}

// abort closes the connection, unless it is being upgraded: that ends with the context.
func (k *talk) abort() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.shaking {
		k.conn.Close()
	}
}

// talk is one conversation. One goroutine reads and one writes, so that neither
// peer is kept waiting while both send much. Whatever comes is compared at
// once, so nothing queues up.
type talk struct {
	Talk
	conn      Conn          // while it is upgraded, of write alone
	in        *limit.Reader // of conn; all read deadlines are its own
	ctx       context.Context
	datagrams bool          // it has no end
	refused   bool          // one of ours was
	changed   chan struct{} // something was heard
	halted    chan struct{} // closed when stopped is set
	heard     chan struct{} // closed when the reader is done
	lingers   *time.Timer
	turn      time.Time // since when the peer may say what comes next; the lock guards it

	mu       sync.Mutex
	upgraded sync.Cond // or parting
	p        part
	shaking  bool      // the connection is being upgraded
	rest     []byte    // of what was read: it came after what was said before an upgrade
	idle     bool      // the writer waits for the peer
	gone     bool      // the peer's stream has ended
	broken   bool      // a write failed: the peer's stream is about to end
	parting  bool      // nothing that comes matters any more
	finished bool      // we have sent FIN
	stopped  *Mismatch // that ended the talk
	failed   error     // that did

	toldSaid, toldHeard int // steps before these were told to Done
	differing           int // steps before this, of the peer's, belong to what differed
}

// read compares what comes until the stream ends.
func (k *talk) read() {
	defer close(k.heard)
	buf := make([]byte, readPiece)
	for done := false; !done; {
		k.mu.Lock()
		for k.p.Status().Upgrades && !k.parting {
			k.upgraded.Wait()
		}
		k.arm()
		in := k.in
		k.mu.Unlock()
		n, err := in.Read(buf)
		k.mu.Lock()
		done = k.take(buf[:n], err)
		if k.together != nil {
			k.together.heard(k, n > 0)
		}
		k.mu.Unlock()
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
}

// take takes what a read returned, and reports whether it was the last. The
// lock is held.
func (k *talk) take(data []byte, err error) (done bool) {
	switch timedOut := errors.Is(err, os.ErrDeadlineExceeded); {
	case k.parting || k.ctx.Err() != nil:
		return err != nil
	case timedOut && k.broken:
		return true
	case timedOut && !k.idle:
		err = nil // the deadline was moved too late
	case k.datagrams && errors.Is(err, syscall.ECONNREFUSED):
		k.refused, err = true, nil // what came before it may still be there
	case timedOut && k.together.goesOn(k.Timeout):
		err = nil // by another connection
	case timedOut:
		got := fmt.Sprintf("nothing more within %v", k.Timeout)
		if k.refused {
			got = "nothing more: a datagram was refused (ICMP, port unreachable)"
		}
		m := k.p.Awaited(got)
		if late := k.together.awaited(k.stream, got); late != nil && k.p.Status().Heard {
			m = late
		}
		if k.stopped == nil {
			k.stop(m)
		}
		k.gone = true
		return true
	}
	for len(data) > 0 {
		var m *Mismatch
		data, m = k.p.Take(data)
		k.tell(m)
		if m == nil && len(data) > 0 {
			k.rest = slices.Clone(data)
			break
		}
	}
	if err != nil {
		k.tell(k.p.TakeEnd(inWords(err)))
		k.gone = true
	}
	k.tellRates()
	return err != nil
}

// tellDone tells of the steps that were done since it last did. The lock is held.
func (k *talk) tellDone(said bool) {
	p, ok := k.p.(*Player) // a guest may be at several scripts at once
	if k.Done == nil || !ok {
		return
	}
	tell := func(told *int, to int, from core.Side) {
		for ; *told < to; *told++ {
			if at := *told; p.steps[at].from == from && (from == p.as || at >= k.differing) {
				k.Done(p.stepAt(at))
			}
		}
	}
	if said {
		tell(&k.toldSaid, p.said, p.as)
	} else {
		tell(&k.toldHeard, p.at, other(p.as))
	}
}

// tell tells what was heard: steps that are done, then a mismatch. The lock is held.
func (k *talk) tell(m *Mismatch) {
	k.tellDone(false)
	if p, ok := k.p.(*Player); ok && m != nil {
		k.differing = max(p.at+1, p.runEnd())
	}
	if m != nil {
		k.differ(m)
	}
}

func (k *talk) stop(m *Mismatch) {
	k.stopped = m
	close(k.halted)
}

// arm bounds the next read. The lock is held.
func (k *talk) arm() {
	switch {
	case k.parting, k.broken: // it is bounded already
	case k.refused:
		k.in.SetReadDeadline(time.Now().Add(min(k.Timeout, PartLimit)))
	case k.Timeout > 0 && k.idle:
		k.in.SetReadDeadline(time.Now().Add(k.Timeout))
	default:
		k.in.SetReadDeadline(time.Time{})
	}
}
