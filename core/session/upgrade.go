package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Upgrader is what a [Server] is besides if its connection can become TLS in mid-stream.
type Upgrader interface {
	// Interrupt has Receive return an error without reading, the call under way and
	// those that follow, until StartTLS.
	Interrupt()
	// StartTLS drops what the server sent in clear and nobody has read yet, returns how
	// many bytes that was, and secures the connection for the named server, "" being
	// the target's host: Receive and Write then go through TLS, and Secured says how.
	// Neither is called meanwhile. After an error, whose words are for the user, the
	// connection can only be closed; one with a method ForPrograms() []byte says why as
	// a JSON object.
	StartTLS(ctx context.Context, name string) (early int, err error)
}

// upgrade is the way of the server's connection to TLS in mid-stream:
//
//  1. The order comes, from the machine or, of a machine that does not know
//     core.ClientStartTLS, from the person. From here on what goes to the server is held
//     in its queue, and what comes from it is dropped: nobody knows who said it.
//  2. Its own goroutine waits until all that was ordered before has left and the
//     server's reader rests, since that would swallow the handshake, and has the
//     connection shake hands.
//  3. The outcome waits to be fed like any event, and the reader goes on.
//  4. When the outcome is carried out, what was held leaves, or is dropped.
//
// Guarded by the peers' lock.
type upgrade struct {
	asked   int // the person's orders that wait to be fed; nothing may overtake them
	on      bool
	blind   bool // the server's reader has to rest
	resting bool // … and does
	shaking bool // the goroutine runs
	early   int  // bytes dropped because they came in clear
	cancel  context.CancelFunc
}

// Words of upgrades that cannot be.
const (
	alreadyTLS    = "the connection to the server is TLS already"
	notUpgradable = "this connection cannot be upgraded to TLS"
	endedBefore   = "the server ended the connection before the TLS handshake"
)

// startTLS begins an upgrade for the named server. rest is how many bytes of the event
// were left unread. mu is held.
func (p *peers) startTLS(name string, rest int) {
	u := &p.upgrade
	if u.on || !p.feeder.Upgrading() {
		if u.on {
			p.remarkLocked(Remark{Words: "did not start TLS: an upgrade is under way"})
		}
		return
	}
	u.on, u.early = true, rest+p.inbox.drop(core.Server)
	p.silence.forget()
	p.toServer().hold()
	upgrader, ok := p.server.(Upgrader)
	switch {
	case p.server.Secured() != "":
		p.notUpgraded(alreadyTLS)
	case !ok:
		p.notUpgraded(notUpgradable)
	case p.sides[core.Server].in == ended:
		p.notUpgraded(endedBefore)
	default:
		ctx, cancel := context.WithCancel(context.Background())
		u.blind, u.shaking, u.cancel = true, true, cancel
		upgrader.Interrupt()
		p.writers.Go(func() { p.shakeHands(ctx, upgrader, name) })
	}
	p.room.Broadcast()
}

// notUpgraded has the machine told that an upgrade failed. mu is held.
func (p *peers) notUpgraded(words string) {
	p.upgradeCame(core.ServerFailed, words)
}

// upgradeCame has the outcome of an upgrade wait to be fed. mu is held.
func (p *peers) upgradeCame(kind core.EventKind, words string) {
	p.sayEarly()
	p.inbox.add(kind, []byte(core.Words(words)))
	p.turn.lent = false // a reader would send it, also where the machine does not know it
	p.signal()
}

// shakeHands upgrades the server's connection, once it is clear.
func (p *peers) shakeHands(ctx context.Context, upgrader Upgrader, name string) {
	var early int
	err := error(stopped)
	if p.awaitClear() {
		early, err = upgrader.StartTLS(ctx, name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &p.upgrade
	u.cancel()
	u.blind, u.shaking = false, false
	u.early += early
	p.toServer().writing = false
	switch {
	case p.phase == over:
	case err != nil:
		p.sides[core.Server].in = p.sides[core.Server].in.on(lastCame)
		p.toServer().cut()
		p.sayRefused(err)
		p.notUpgraded(err.Error())
	default:
		p.upgradeCame(core.ServerTLS, p.server.Secured())
	}
	p.room.Broadcast()
}

// sayRefused tells programs why TLS did not start, if the error says so for them. mu is
// held.
func (p *peers) sayRefused(err error) {
	var told interface{ ForPrograms() []byte }
	if errors.As(err, &told) {
		p.remarkLocked(Remark{Code: NotUpgraded, Words: "TLS did not start", Refusal: told.ForPrograms()})
	}
}

// awaitClear waits until all that was ordered before the upgrade has left and nobody
// reads from the server, and takes the right to write. It returns false if the session
// is over.
func (p *peers) awaitClear() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.toServer()
	for p.phase != over && !(p.upgrade.resting && q.idle()) {
		p.room.Wait()
	}
	if p.phase == over {
		return false
	}
	q.writing = true
	return true
}

// rest has the server's reader wait while the connection is upgraded, and reports that it
// had to. n is how many bytes it has just read.
func (p *peers) rest(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &p.upgrade
	if !u.blind {
		return false
	}
	u.early += n
	u.resting = true
	p.room.Broadcast()
	for u.blind { // abandonUpgrade sees to it that this ends
		p.room.Wait()
	}
	u.resting = false
	return true
}

// outcome takes what an event says of an upgrade, before its actions: what was held
// leaves, or is dropped. mu is held.
func (p *peers) outcome(e wire.Event) {
	switch {
	case e.Kind == core.ClientStartTLS:
		p.upgrade.asked--
		p.room.Broadcast()
	case !p.upgrade.on:
	case e.Kind == core.ServerTLS:
		p.upgrade.on = false
		p.toServer().letGo()
	case e.Kind == core.ServerFailed:
		p.upgrade.on = false
		p.dropHeld()
	}
}

// dropHeld drops what waits for an upgrade that comes to nothing. mu is held.
func (p *peers) dropHeld() {
	if n := p.toServer().dropHeld(); n > 0 {
		p.remarkLocked(Remark{Words: fmt.Sprintf("dropped %d bytes for the server: they waited for TLS, which did not come", n)})
	}
}

// heldTooLong ends the session if more waits for an upgrade than a queue may hold: it
// gets no shorter by waiting. mu is held.
func (p *peers) heldTooLong() bool {
	q := p.toServer()
	if q.held == nil || q.held.weight() < StopAt {
		return false
	}
	p.haltLocked(End{MachineFailed, fmt.Sprintf("more than %d MiB for the server waited for TLS", StopAt>>20)})
	return true
}

// sayEarly remarks on the bytes that came too early. mu is held.
func (p *peers) sayEarly() {
	if n := p.upgrade.early; n > 0 {
		p.upgrade.early = 0
		p.remarkLocked(Remark{Words: fmt.Sprintf("dropped %d bytes of the server: they came in clear before TLS", n)})
	}
}

// abandonUpgrade ends an upgrade at the end of the session, and waits for its goroutine.
// mu is held.
func (p *peers) abandonUpgrade() {
	u := &p.upgrade
	if !u.on {
		return
	}
	u.on = false
	p.dropHeld()
	p.toServer().cut()
	if u.shaking {
		u.cancel()
	}
	for u.shaking {
		p.room.Wait()
	}
	p.sayEarly()
}

// holdsBack reports that bytes of a side must not be copied across by their reader now:
// an upgrade was ordered before them. mu is held.
func (p *peers) holdsBack(from core.Side) bool {
	return from == core.Client && (p.upgrade.on || p.upgrade.asked > 0)
}

// drop takes out all events of a side, and returns how many bytes they had.
func (b *inbox) drop(side core.Side) (bytes int) {
	if b.events == nil {
		return 0
	}
	b.events.waiting = slices.DeleteFunc(b.events.waiting, func(w waiting) bool {
		if w.kind.Side() != side {
			return false
		}
		if w.kind.IsBytes() {
			bytes += w.to - w.from
		}
		b.held[side] -= w.to - w.from + eventWeight
		return true
	})
	if len(b.events.waiting) == 0 {
		b.events.release()
		b.events = nil
	}
	return bytes
}

// hold has what is added wait apart, until letGo or dropHeld.
func (q *queue) hold() { q.holding = true }

// letGo has what was held follow what waits.
func (q *queue) letGo() {
	q.holding = false
	if q.phase == cut || q.held == nil {
		return
	}
	q.waiting, q.held = q.held, nil // nothing else waits: the handshake came after it
}

// dropHeld drops what is held, and returns how many bytes that was.
func (q *queue) dropHeld() (bytes int) {
	q.holding = false
	if q.held != nil {
		bytes = len(q.held.data)
		q.held.release()
		q.held = nil
	}
	return bytes
}
