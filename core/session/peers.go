package session

import (
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// peers are the client and the server of a session, and all that is shared
// between the goroutines that serve them: a reader and a writer for each, and
// the supervisor. They know nothing of processes.
type peers struct {
	client  Client
	server  Server // set before its reader and its writer start
	entries bool   // the client is sent the transcript in place of messages
	whole   bool   // the server is written each send by itself: it tells them apart
	start   time.Time
	wake    chan struct{}  // the supervisor waits; a value says that there may be something to do
	opener  Links          // opens further connections; nil: there are none
	linking sync.WaitGroup // whoever serves a link
	readers sync.WaitGroup
	writers sync.WaitGroup

	// mu guards all that follows. It is never held while something is read,
	// written or waited for, but for room.
	mu        sync.Mutex
	room      sync.Cond // on mu; broadcast when a queue or the inbox has got shorter, and at any end
	phase     phase     // the session's
	sides     [core.Server + 1]side
	ends      core.Opening // as which the session began: what stands at its ends
	faults    *faults      // that rules make; nil: none do
	most      int          // bytes of an event that is a piece of a stream
	inbox     inbox
	turn      turn
	upgrades  [core.Server + 1]upgrade // of a side's connection, to TLS
	clientEOF bool                     // the client sends no more
	links     map[string]*link         // further connections that have not ended, by name
	timers    timers
	silence   silence // the server's
	feeder    feed.Feeder
	events    uint64 // numbers given so far
	shown     uint64 // entries that the client was sent
	observers []Observer
	beginning *Beginning // what observers that join later are told; nil: not begun
	leaving   End        // how the client left, once it has
	giveUp    func()     // gives up the dial; nil: nothing is dialled
	halted    End        // what ends the session whatever the machine says: a stop that was ordered, a stuck side
	saidBusy  time.Time  // when it was last remarked that the plugin is busy
	repaired  bool       // invalid text was remarked on
	afterFIN  bool       // bytes after FIN were remarked on
	reset     bool       // the client's connection was, and so is the server's in the end

	watching *watching // nil: the machine is in the path

	straight Messages // the server's reader's own
}

// side is one peer, as the session sees it.
type side struct {
	in      phase // open or ended
	out     queue
	passing bool // its reader copies what comes across, and the machine is not fed it
}

func newPeers(c Config) *peers {
	p := &peers{
		client: c.Client, entries: c.Entries, opener: c.Links, start: time.Now(),
		wake:      make(chan struct{}, 1),
		feeder:    feed.Feeder{Knows: c.Knows, ServerEOFStays: c.Opening.ServerEOFStays, Watch: c.Opening.Watch, Client: c.Opening.Client, Server: c.Opening.Server},
		observers: c.Observers,
		whole:     c.Opening.IsWhole(core.Server),
		ends:      c.Opening,
		most:      wire.MaxBatchBytes,
		faults:    newFaults(&c),
	}
	if c.Messages {
		p.most = core.MaxDecodedEvent
	}
	p.inbox.single, p.inbox.whole, p.inbox.most = p.feeder.OneByOne(), p.whole, p.most
	if c.Opening.Watch {
		p.watching = &watching{decoding: true, busy: true, withhold: c.Withhold}
		p.watching.opened, p.watching.most = c.Opening, p.most
	}
	for i := range p.sides {
		p.sides[i].in, p.sides[i].out.phase = open, open
	}
	p.room.L = &p.mu
	return p
}

// across is the side that bytes from a side go to.
func across(from core.Side) core.Side {
	if from == core.Server {
		return core.Client
	}
	return core.Server
}

func (p *peers) toClient() *queue { return &p.sides[core.Client].out }
func (p *peers) toServer() *queue { return &p.sides[core.Server].out }

// become moves the session on to its next phase.
func (p *peers) become(h happening) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = p.phase.on(h)
	p.room.Broadcast()
}

// stop ends the session whatever the machine says; the first reason stands.
func (p *peers) stop(why End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.haltLocked(why)
}

func (p *peers) haltLocked(why End) {
	if p.halted.Cause == 0 {
		p.halted = why
	}
	if p.giveUp != nil {
		p.giveUp()
	}
	p.room.Broadcast()
	p.signal()
}

// ordered returns the end of a session whose context has ended: as it was ordered before
// that, if it was.
func (p *peers) ordered() End {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted.Cause != 0 {
		return p.halted
	}
	return stopped
}

// signal wakes the supervisor.
func (p *peers) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// next returns the next batch, numbered, or what ends the session meanwhile. It
// is called while no batch is out.
func (p *peers) next() (*eventList, End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted.Cause != 0 {
		return nil, p.halted
	}
	if p.watching == nil {
		p.startPassing()
	}
	list := p.take()
	if p.watching != nil {
		p.watching.busy = list != nil
	}
	if list != nil {
		p.room.Broadcast()
	}
	return list, End{}
}

// take takes the next batch out of the inbox and numbers it. mu is held.
func (p *peers) take() *eventList {
	var list *eventList
	if p.watching != nil {
		list = p.watching.take(time.Since(p.start), p.nextTimer(), p.fed)
		p.watching.first = p.events + 1
	} else {
		list = p.inbox.take(p.nextTimer(), p.feeder.Feeds)
	}
	if list == nil {
		return nil
	}
	for i := range list.batch {
		p.events++
		list.batch[i].N = p.events
	}
	return list
}

// nextTimer returns the event of the timer that fired first, if one did.
func (p *peers) nextTimer() core.Event {
	e := p.timers.next()
	if e.Kind != 0 {
		p.feeder.Take(e)
	}
	return e
}

// feeds reports whether the machine is fed events of a kind.
func (p *peers) feeds(k core.EventKind) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fed(k)
}

// startPassing lets the reader of a side that the machine passes through copy
// what comes across, from when nothing of the side waits to be fed: until then
// that reader waits. It is called while no batch is out. mu is held.
func (p *peers) startPassing() {
	for _, s := range []core.Side{core.Client, core.Server} {
		if !p.sides[s].passing && p.feeder.Passes(s) && !p.inbox.hasBytes(s) {
			p.sides[s].passing = true
			p.room.Broadcast()
		}
	}
}

// timeOf returns when an event that was taken came.
func (p *peers) timeOf(n uint64) time.Duration {
	if p.watching != nil && n > 0 {
		return p.watching.timeOf(n)
	}
	return time.Since(p.start)
}

// observe tells the observers, and the client that is sent entries, of an event
// with its actions. mu is held.
func (p *peers) observe(at time.Duration, e wire.Event, actions []core.Action) {
	if !p.entries && len(p.observers) == 0 {
		return
	}
	if p.feeder.PassesOn(e.Event) && p.feeder.IsPassed(e.Event, actions) {
		actions = nil
	}
	for _, o := range p.observers {
		o.Done(at, e, actions)
	}
	p.showEvent(at, e, actions)
}
