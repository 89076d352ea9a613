package session

import (
	"context"
	"errors"
	"fmt"

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

// ClientUpgrader is what a [Client] is besides if its connection can become TLS in
// mid-stream. Its StartTLS is that of the client's server.
type ClientUpgrader interface {
	Upgrader
	// DropEarly does what StartTLS begins with for a server, and is called first, while
	// what was ordered before the upgrade still waits: the client begins its handshake
	// when it has read that.
	DropEarly() int
	// Cannot says why the connection cannot become TLS, in words for the user; "": it
	// can.
	Cannot() string
	// Secured returns how the connection is secured, in words on one line; "": it is
	// not.
	Secured() string
}

// NotUpgradable is what a [Server] is besides if it knows that its connection cannot
// become TLS: NoUpgrade says why, for the user; "" is that it does not know.
type NotUpgradable interface {
	NoUpgrade() string
}

// noUpgrade says why a server's connection cannot become TLS, or "".
func noUpgrade(s Server) string {
	if never, ok := s.(NotUpgradable); ok {
		return never.NoUpgrade()
	}
	return ""
}

// upgrade is the way of a side's connection to TLS in mid-stream:
//
//  1. The order comes, from the machine or, of a machine that does not know
//     core.ClientStartTLS, from the person for the server. From here on what goes to the
//     side is held in its queue, and what comes from it is dropped: nobody knows who said
//     it.
//  2. Its own goroutine waits until the side's reader rests, since that would swallow the
//     handshake, and until all that was ordered before has left, and has the connection
//     shake hands. To the client nothing leaves before its reader rests: it would answer by
//     its handshake.
//  3. The outcome waits to be fed like any event, and the reader goes on.
//  4. When the outcome is carried out, what was held leaves, or is dropped.
//
// Guarded by the peers' lock.
type upgrade struct {
	asked   int // the person's orders that wait to be fed; nothing may overtake them
	on      bool
	blind   bool // the side's reader has to rest
	resting bool // … and does
	shaking bool // the goroutine runs
	early   int  // bytes dropped because they came in clear
	cancel  context.CancelFunc
}

// Words of upgrades that cannot be.
const (
	alreadyTLS    = "the connection to the %s is TLS already"
	notUpgradable = "the connection to the %s cannot be upgraded to TLS"
	endedBefore   = "the %s ended the connection before the TLS handshake"
)

var sides = [...]core.Side{core.Client, core.Server}

// upgraderOf returns a side as what can be upgraded, and else why it cannot be. mu is
// held.
func (p *peers) upgraderOf(side core.Side) (u Upgrader, cannot string) {
	secured := ""
	if side == core.Server {
		u, _ = p.server.(Upgrader)
		secured = p.server.Secured()
		if words := noUpgrade(p.server); words != "" && secured == "" {
			return nil, words
		}
	} else if client, ok := p.client.(ClientUpgrader); ok {
		u, secured = client, client.Secured()
		if words := client.Cannot(); words != "" && secured == "" {
			return nil, words
		}
	}
	switch {
	case secured != "":
		return nil, fmt.Sprintf(alreadyTLS, side)
	case u == nil:
		return nil, fmt.Sprintf(notUpgradable, side)
	case p.saidAll(side):
		return nil, fmt.Sprintf(endedBefore, side)
	}
	return u, ""
}

// saidAll reports that nothing more comes from a side. mu is held.
func (p *peers) saidAll(side core.Side) bool {
	return p.sides[side].in == ended || side == core.Client && p.clientEOF
}

// startTLS begins an upgrade of a side for the named server. rest is how many bytes of the
// event were left unread. mu is held.
func (p *peers) startTLS(side core.Side, name string, rest int) {
	u := &p.upgrades[side]
	if u.on || !p.feeder.Upgrading(side) {
		if u.on {
			p.remarkLocked(Remark{Words: "did not start TLS: an upgrade is under way"})
		}
		return
	}
	u.on, u.early = true, rest+p.inbox.drop(side)
	if side == core.Server {
		p.silence.forget()
	}
	q := &p.sides[side].out
	if side == core.Server || !p.entries { // entries are no part of what is said
		q.hold()
	}
	upgrader, cannot := p.upgraderOf(side)
	if cannot != "" {
		p.notUpgraded(side, cannot)
	} else {
		ctx, cancel := context.WithCancel(context.Background())
		u.blind, u.shaking, u.cancel = true, true, cancel
		q.shut = side == core.Client
		upgrader.Interrupt()
		p.writers.Go(func() { p.shakeHands(ctx, side, upgrader, name) })
	}
	p.room.Broadcast()
}

// notUpgraded has the machine told that an upgrade failed. mu is held.
func (p *peers) notUpgraded(side core.Side, words string) {
	kind := core.ServerFailed
	if side == core.Client {
		kind = core.ClientTLSFailed
	}
	p.upgradeCame(kind, words)
}

// upgradeCame has the outcome of an upgrade wait to be fed. mu is held.
func (p *peers) upgradeCame(kind core.EventKind, words string) {
	p.sayEarly(kind.Side())
	p.inbox.add(kind, []byte(core.Words(words)))
	p.turn.lent = false // a reader would send it, also where the machine does not know it
	p.signal()
}

// shakeHands upgrades a side's connection, once it is clear.
func (p *peers) shakeHands(ctx context.Context, side core.Side, upgrader Upgrader, name string) {
	early, err := p.upgraded(ctx, side, upgrader, name)
	p.mu.Lock()
	defer p.mu.Unlock()
	u, q := &p.upgrades[side], &p.sides[side].out
	u.cancel()
	u.blind, u.shaking = false, false
	u.early += early
	q.writing, q.shut = false, false
	switch {
	case p.phase == over:
	case err != nil:
		p.sides[side].in = p.sides[side].in.on(lastCame)
		q.cut()
		p.sayRefused(err)
		p.notUpgraded(side, err.Error())
	case side == core.Client:
		p.upgradeCame(core.ClientTLS, upgrader.(ClientUpgrader).Secured())
	default:
		p.upgradeCame(core.ServerTLS, p.server.Secured())
	}
	p.room.Broadcast()
}

// upgraded upgrades a side's connection once it is clear, and returns how many bytes came
// too early.
func (p *peers) upgraded(ctx context.Context, side core.Side, upgrader Upgrader, name string) (early int, err error) {
	switch rests, late := p.awaitRest(side); {
	case late:
		return 0, fmt.Errorf(endedBefore, side)
	case !rests:
		return 0, stopped
	}
	if client, ok := upgrader.(ClientUpgrader); ok && side == core.Client {
		early = client.DropEarly()
		p.open(side)
	}
	if !p.awaitClear(side) {
		return early, stopped
	}
	n, err := upgrader.StartTLS(ctx, name)
	return early + n, err
}

// sayRefused tells programs why TLS did not start, if the error says so for them. mu is
// held.
func (p *peers) sayRefused(err error) {
	var told interface{ ForPrograms() []byte }
	if errors.As(err, &told) {
		p.remarkLocked(Remark{Code: NotUpgraded, Words: "TLS did not start", Refusal: told.ForPrograms()})
	}
}

// awaitRest waits until nobody reads from a side, unless the session is over, or the side
// has ended its stream before: late.
func (p *peers) awaitRest(side core.Side) (rests, late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.phase != over && !p.upgrades[side].resting && !p.saidAll(side) {
		p.room.Wait()
	}
	return p.phase != over && p.upgrades[side].resting, p.phase != over && p.saidAll(side)
}

// open lets a side's queue be written again.
func (p *peers) open(side core.Side) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sides[side].out.shut = false
	p.write()
}

// awaitClear waits until all that was ordered before the upgrade has left, and takes the
// right to write. It returns false if the session is over.
func (p *peers) awaitClear(side core.Side) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.sides[side].out
	for p.phase != over && !(p.upgrades[side].resting && q.idle()) {
		p.room.Wait()
	}
	if p.phase == over {
		return false
	}
	q.writing = true
	return true
}

// rest has a side's reader wait while the connection is upgraded, and reports that it
// had to. n is how many bytes it has just read.
func (p *peers) rest(side core.Side, n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &p.upgrades[side]
	if !u.blind {
		return false
	}
	u.early += n
	u.resting = true
	p.room.Broadcast()
	for u.blind { // abandonUpgrades sees to it that this ends
		p.room.Wait()
	}
	u.resting = false
	return true
}

// outcome takes what an event says of an upgrade, before its actions: what was held
// leaves, or is dropped. mu is held.
func (p *peers) outcome(e wire.Event) {
	side := e.Kind.Side()
	switch {
	case e.Kind == core.ClientStartTLS:
		p.upgrades[core.Server].asked--
		p.room.Broadcast()
	case !p.upgrades[side].on:
	case e.Kind == core.ServerTLS, e.Kind == core.ClientTLS:
		p.upgrades[side].on = false
		p.sides[side].out.letGo()
		p.room.Broadcast() // a reader may hold back what it passes on
	case e.Kind == core.ServerFailed, e.Kind == core.ClientTLSFailed:
		p.upgrades[side].on = false
		p.dropHeld(side)
		p.room.Broadcast()
	}
}

// dropHeld drops what waits for an upgrade that comes to nothing. mu is held.
func (p *peers) dropHeld(side core.Side) {
	if n := p.sides[side].out.dropHeld(); n > 0 {
		p.remarkLocked(Remark{Words: fmt.Sprintf("dropped %d bytes for the %s: they waited for TLS, which did not come", n, side)})
	}
}

// heldTooLong ends the session if more waits for an upgrade than a queue may hold: it
// gets no shorter by waiting. mu is held.
func (p *peers) heldTooLong() bool {
	for _, side := range sides {
		if q := &p.sides[side].out; q.held != nil && q.held.weight() >= StopAt {
			p.haltLocked(End{MachineFailed, fmt.Sprintf("more than %d MiB for the %s waited for TLS", StopAt>>20, side)})
			return true
		}
	}
	return false
}

// sayEarly remarks on the bytes that came too early. mu is held.
func (p *peers) sayEarly(side core.Side) {
	if n := p.upgrades[side].early; n > 0 {
		p.upgrades[side].early = 0
		p.remarkLocked(Remark{Words: fmt.Sprintf("dropped %d bytes of the %s: they came in clear before TLS", n, side)})
	}
}

// abandonUpgrades ends upgrades at the end of the session, and waits for their
// goroutines. mu is held.
func (p *peers) abandonUpgrades() {
	for _, side := range sides {
		u := &p.upgrades[side]
		if !u.on {
			continue
		}
		u.on = false
		p.dropHeld(side)
		p.sides[side].out.cut()
		if u.shaking {
			u.cancel()
		}
		for u.shaking {
			p.room.Wait()
		}
		p.sayEarly(side)
	}
}

// holdsBack reports that bytes of a side must not be copied across by their reader now:
// an upgrade was ordered before them. mu is held.
func (p *peers) holdsBack(from core.Side) bool {
	u := &p.upgrades[across(from)]
	return u.on || u.asked > 0
}

// drop takes out all events of a side, and returns how many bytes they had.
func (b *inbox) drop(side core.Side) (bytes int) {
	b.remove(func(w waiting) bool {
		if w.kind.Side() == side && w.kind.IsBytes() {
			bytes += w.to - w.from
		}
		return w.kind.Side() == side
	})
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
