package session

import (
	"context"
	"io"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a session.
const (
	GateAt      = 256 << 10        // a side's events are taken only while the other side's queue is under this
	StopAt      = 8 << 20          // a queue this long stops both sides
	InboxAt     = 256 << 10        // a side's events wait outside while the inbox holds this much of it
	DrainLimit  = 5 * time.Second  // how long a server's bytes are read and dropped after the end
	DecodeLimit = time.Minute      // once the streams have ended, how long a machine that watches may answer nothing
	StopLimit   = 4 * time.Second  // how long an ordered stop may take
	WaitsEvery  = 10 * time.Second // how often it is remarked that the plugin is busy, at most
	eventWeight = 64               // what an event counts beside its data
)

// Client is the client's end of a session. Receive is called by one goroutine,
// the others by one at a time.
type Client interface {
	// Receive blocks for the next thing that the client did. The data is valid
	// until the next call. After ClientClosed or an error it is not called
	// again; an [End] as the error ends the session so, any other counts as
	// ClientClosed.
	Receive() (core.Event, error)
	// Accept tells the client that the target was reached, at this address.
	Accept(address string) error
	// Refuse tells the client why there is no session, and closes. The reason's
	// words are for the user. It is an [End], or where dialling failed the error
	// of Config.Dial.
	Refuse(reason error)
	// Send delivers messages in as few writes as it can, and blocks until it
	// has.
	Send(messages *Messages) error
	// Ready reports that Send of messages of at most 4 KiB in all would not block.
	Ready() bool
	// Close tells the client how the session ended. Receive then returns an
	// error once the client has answered, or after a few seconds.
	Close(end End)
	// Cut ends the connection at once.
	Cut()
}

// Server is the server's end of a session. Where core.Opening.Server is no stream, each
// Write is one datagram or message, and so is what each Receive returns, perhaps empty.
type Server interface {
	io.WriteCloser
	// Receive blocks for the next bytes that the server sends, which are valid
	// until the next call. It is called by one goroutine. The error at the end of
	// the stream is io.EOF, or wraps it; one with a method Farewell() string then has
	// words about the end for the person. After an error it is not called again.
	Receive() ([]byte, error)
	// CloseWrite sends FIN.
	CloseWrite() error
	// Ready reports that a Write of at most 4 KiB would not block.
	Ready() bool
	// Resolved returns what was dialled, as ip:port where it has such an address.
	Resolved() string
	// Through returns through what it was reached, in words on one line without
	// anything secret; "": through nothing.
	Through() string
	// Secured returns how the connection is secured, in words on one line; "":
	// it is not.
	Secured() string
}

// Mishap is an error of a Server's Receive or Write, or of a Client's Send, that ends
// nothing: a datagram was refused, or is too large. It is remarked on.
type Mishap interface {
	error
	Mishap()
}

// Speaker is what a [Server] is besides if reaching it took more than a connection.
type Speaker interface {
	// Spoken says what that came to, in words on one line without anything secret.
	Spoken() string
}

// Config is what a session is made of.
type Config struct {
	Client  Client
	Opening core.Opening
	// Knows reports whether the machine is fed events of a later kind
	// (EventKind.IsLater). nil: of none.
	Knows func(core.EventKind) bool
	// Withhold says that the machine marks secrets (core.Manifest.Secrets). Where it only
	// watches, the bytes of an event that it has not answered are then not told to
	// observers: they may be one.
	Withhold bool
	// Messages says that the machine makes messages (core.Manifest.Messages): its events
	// that are pieces of a stream have at most core.MaxDecodedEvent bytes.
	Messages bool
	// Plugin is where the session's machine comes from. Run releases it.
	Plugin Plugin
	// WholeLog keeps the whole log of the session, up to so many bytes, in place
	// of checkpoints: a new build then answers for all of the past. 0: not.
	WholeLog int
	// Dial reaches the target. It is called once the machine is open; or meanwhile,
	// if DialTellsNothing says that the target learns nothing by it but that
	// somebody connects.
	Dial             func(ctx context.Context) (Server, error)
	DialTellsNothing bool
	// Links opens the further connections that the machine orders. nil: each of them fails.
	Links Links
	// Observers are told all that happens, in this order.
	Observers []Observer
	// Faults are made in the session where these rules say; nil: none are. CheckFaults
	// says whether it can have them.
	Faults *fault.Rules
	// TakesFaults says that rules may be added while the session runs, by Live.AddFaults.
	TakesFaults bool
	// KeepPoison, if set, is given a transcript that does to a process what this
	// session's last event does, without its mode, and returns what became of
	// it, for the session's log. Of a session in which a secret was marked the
	// transcript says only that it is withheld: the machine's state and what was
	// said may hold the secret.
	KeepPoison func(t *transcript.Transcript, withheld bool) string
	// Entries says that the client is sent the session's transcript, an entry
	// in JSON for each message, in place of the machine's messages.
	Entries bool
}

// Run holds one session, from opening the machine to the last byte, and
// returns how it ended: in words without what the machine has marked as secret,
// which the client was told as they were.
func Run(ctx context.Context, config Config) End { return run(ctx, config, newPeers(config)) }

func run(ctx context.Context, config Config, p *peers) End {
	s := &supervisor{
		peers: p, opened: config.Opening, plugin: config.Plugin, newest: config.Plugin,
		ledger: ledger{bound: LedgerBound}, keepPoison: config.KeepPoison,
	}
	if config.WholeLog > 0 {
		s.ledger = ledger{bound: config.WholeLog, whole: true}
	}
	defer s.release()
	end := s.told(s.hold(ctx, config))
	p.ended(end)
	return end
}

// hold opens the machine, reaches the target, and has the session run to its
// end. A client that leaves meanwhile cancels the dial; what it sends waits in the
// inbox.
func (s *supervisor) hold(ctx context.Context, config Config) End {
	if config.Opening.Watch {
		return s.holdWatched(ctx, config)
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	s.readers.Go(func() { s.readClient(cancel) })
	s.dialling(cancel)
	dial := func() (Server, error) { return config.Dial(within) }
	if config.DialTellsNothing {
		dial = beside(dial)
	}
	answer, end := s.openMachine(ctx)
	if end.Cause != 0 {
		if cancel(); config.DialTellsNothing {
			discard(dial())
		}
		s.abandon(func() { s.client.Refuse(end) })
		if s.machine != nil {
			s.machine.Close()
		}
		return end
	}
	if end := s.reach(ctx, answer, dial); end.Cause != 0 {
		s.machine.Bye()
		return end
	}
	release := context.AfterFunc(ctx, func() { s.stop(stopped) })
	defer release()
	end = s.run(ctx, answer)
	s.finish(ctx, end)
	return end
}

// openMachine opens the machine and returns its answer to the opening. A process
// that dies meanwhile is tried again, like one that dies later.
func (s *supervisor) openMachine(ctx context.Context) (answer []core.Action, end End) {
	for {
		s.apart = s.blame.suspect()
		conn, err := s.plugin.Open(ctx, s.apart)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil, stopped
		case err != nil:
			return nil, End{NoMachine, err.Error()}
		}
		s.setMachine(ctx, conn)
		err = conn.Open(s.opened, nil, func(a wire.Answer) {
			answer, s.ledger.opening = core.CloneActions(a.Actions), a.Digest
		})
		switch {
		case err == nil && feed.Fails(answer):
			words := string(answer[len(answer)-1].Data)
			s.secrets.Add(answer)
			s.lastWords = s.covered(core.Event{}, answer, words)
			return nil, End{MachineRefused, words}
		case err == nil:
			s.blame.answered(0)
			if s.feeds(core.ServerQuiet) {
				s.silence.asked = conn.Quiet()
			}
			return answer, End{}
		case ctx.Err() != nil:
			return nil, stopped
		}
		err = s.died(err)
		conn.Close()
		if end := s.blameFor(wire.Event{}, false, err); end.Cause != 0 {
			return nil, End{NoMachine, end.Words}
		}
	}
}

// beside calls dial at once, in its own goroutine, and returns what waits for it.
func beside(dial func() (Server, error)) func() (Server, error) {
	type result struct {
		server Server
		err    error
	}
	dialled := make(chan result, 1)
	go func() {
		server, err := dial()
		dialled <- result{server, err}
	}()
	return func() (Server, error) {
		r := <-dialled
		return r.server, r.err
	}
}

// discard closes what was dialled.
func discard(server Server, err error) {
	if err == nil {
		server.Close()
	}
}

// reach dials, and tells the client.
func (s *supervisor) reach(ctx context.Context, answer []core.Action, dial func() (Server, error)) End {
	server, err := dial()
	left := s.left()
	switch {
	case left.Cause != 0:
		discard(server, err)
		s.abandon(func() { s.client.Close(left) })
		return left
	case err != nil:
		if ordered := s.orderedSoFar(); ordered.Cause != 0 {
			err = ordered
		} else if ctx.Err() != nil {
			err = stopped
		}
		s.abandon(func() { s.client.Refuse(err) })
		return End{Refused, err.Error()}
	}
	s.dialling(nil)
	s.server = server
	s.began(Beginning{Address: server.Resolved(), Quiet: s.silence.asked, Opening: answer})
	if err := s.client.Accept(server.Resolved()); err != nil {
		server.Close()
		s.abandon(s.client.Cut)
		return End{ByClient, "the client left before it was told that the target was reached"}
	}
	return End{}
}

// dialling has an ordered end give up the dial, as nobody knows how long that may take.
func (p *peers) dialling(giveUp func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.giveUp = giveUp
	if p.halted.Cause != 0 && giveUp != nil {
		giveUp()
	}
}

// orderedSoFar returns the end that was ordered; the zero value: none was.
func (p *peers) orderedSoFar() End {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halted
}

// left returns how the client left; the zero value: it has not.
func (p *peers) left() End {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaving
}

// abandon ends a session that never began.
func (s *supervisor) abandon(tell func()) {
	s.become(endDecided)
	tell()
	s.readers.Wait()
	s.client.Cut()
}
