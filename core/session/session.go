package session

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a session.
const (
	GateAt      = 256 << 10        // a side's events are taken only while the other side's queue is under this
	StopAt      = 8 << 20          // a queue this long stops both sides
	InboxAt     = 256 << 10        // a side's events wait outside while the inbox holds this much of it
	DrainLimit  = 5 * time.Second  // how long a server's bytes are read and dropped after the end
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
	// Close tells the client how the session ended. Receive then returns an
	// error once the client has answered, or after a few seconds.
	Close(end End)
	// Cut ends the connection at once.
	Cut()
}

// Server is the server's end of a session.
type Server interface {
	io.ReadWriteCloser
	// CloseWrite sends FIN.
	CloseWrite() error
	// Resolved returns what was dialled, as ip:port.
	Resolved() string
	// Secured returns how the connection is secured, in words on one line; "":
	// it is not.
	Secured() string
}

// Config is what a session is made of.
type Config struct {
	Client  Client
	Opening core.Opening
	// Knows reports whether the machine is fed events of a later kind
	// (EventKind.IsLater). nil: of none.
	Knows func(core.EventKind) bool
	// Plugin is where the session's machine comes from. Run releases it.
	Plugin Plugin
	// WholeLog keeps the whole log of the session, up to so many bytes, in place
	// of checkpoints: a new build then answers for all of the past. 0: not.
	WholeLog int
	// Stayed, if set, is told when the session did not move to a new build:
	// because that answered event n of its past otherwise, with the difference
	// as transcript.Diff shows it, without what is secret, or for the reason that why gives.
	Stayed func(n uint64, why string)
	// Moved, if set, is told when the session has moved to a new build.
	Moved func(took time.Duration)
	// Recovered, if set, is told of each recovery and how long it took.
	Recovered func(took time.Duration)
	// Poisoned, if set, is given a transcript that does to a process what this
	// session's last event does, without its mode, and returns what became of
	// it, for the session's transcript. Of a session in which a secret was marked
	// the transcript says only that it is withheld: the machine's state and what
	// was said may hold the secret.
	Poisoned func(t *transcript.Transcript, withheld bool) string
	// Counters, if set, count what the session does.
	Counters *Counters
	// Dial reaches the target. It is called only once the machine is open.
	Dial func(ctx context.Context) (Server, error)
	// Record, if set, is called once the target was reached, before the client
	// is told so, and returns what is told of all that happens from then on;
	// nil: nothing is. quiet is the silence that the machine is told of, 0 for
	// none; opening is how the machine answered the opening. remark adds a remark to the session's log; it is not for use within
	// a call of Recorder.
	Record func(quiet time.Duration, opening []core.Action, remark func(words string)) Recorder
	// Entries says that the client is sent the session's transcript, an entry
	// in JSON for each message, in place of the machine's messages.
	Entries bool
}

// Recorder is told of everything that happens in a session, in order. Calls
// come one at a time and hold up the session, so they must not wait for a disk.
// Data is valid only during a call. Times are since the session's start.
type Recorder interface {
	// Done tells of one event with its actions, once they are carried out.
	// Event 0, of no kind, is the opening. An event of a side that is passed
	// through comes without the copy that answers it.
	Done(at time.Duration, e wire.Event, actions []core.Action)
	// Remark tells in words, on one line, what the workbench did.
	Remark(at time.Duration, words string)
	// End is the last call, with how the session ended.
	End(at time.Duration, words string)
}

// Run holds one session, from opening the machine to the last byte, and
// returns how it ended: in words without what the machine has marked as secret,
// which the client was told as they were.
func Run(ctx context.Context, config Config) End {
	s := &session{
		Config: config,
		start:  time.Now(),
		wake:   make(chan struct{}, 1),
		newest: config.Plugin,
		ledger: ledger{bound: LedgerBound},
		feeder: feed.Feeder{Knows: config.Knows, ServerEOFStays: config.Opening.ServerEOFStays},
	}
	if config.WholeLog > 0 {
		s.ledger = ledger{bound: config.WholeLog, whole: true}
	}
	defer s.release()
	s.room.L = &s.mu
	if s.Counters == nil {
		s.Counters = new(Counters)
	}
	opening, end := s.openMachine(ctx)
	if end.Cause != 0 {
		s.readers.Go(func() { s.readClient(func() {}) })
		s.abandon(func() { s.Client.Refuse(end) })
		if s.machine != nil {
			s.machine.Close()
		}
		return s.told(end)
	}
	if end := s.reach(ctx, opening); end.Cause != 0 {
		s.machine.Bye()
		return end
	}
	s.Counters.Sessions.Add(1)
	s.Counters.Open.Add(1)
	defer s.Counters.Open.Add(-1)
	end = s.loop(ctx, opening)
	s.finish(ctx, end)
	end = s.told(end)
	s.endRecord(end)
	return end
}

type session struct {
	Config
	start    time.Time
	machine  *wire.Conn
	server   Server
	recorder Recorder      // nil: not recorded
	wake     chan struct{} // the loop waits; a value says that there may be something to do
	readers  sync.WaitGroup
	writers  sync.WaitGroup
	ledger   ledger
	newest   Plugin // the newest build that was tried; Plugin is the one that serves
	stuckOn  Plugin // the build that the session was told to leave, and could not
	blame    blame
	secrets  secret.Values
	tell     string             // how the session ended, if an answer ended it, without what is secret
	alone    bool               // the machine is in quarantine
	past     []transcript.Entry // what was answered there

	mu       sync.Mutex
	room     sync.Cond // broadcast when a queue or the inbox has got shorter, and at any end
	inbox    inbox
	timers   timers
	toServer queue
	toClient queue
	feeder   feed.Feeder
	events   uint64 // numbers given so far
	straight Messages

	passing    [3]bool // by core.Side: the core copies this side's bytes itself
	closing    End     // how the client left, once it has
	clientLeft bool
	finished   bool // the server is to be sent FIN after what waits for it
	sentFIN    bool
	serverDone bool    // the server's stream has ended
	stuck      End     // a side took nothing for too long
	silence    silence // of the server
	stopping   bool
	began      bool      // the client was told that the target was reached
	over       bool      // nothing is taken in any more
	toldWait   time.Time // when it was last remarked that the plugin is busy

	repaired  bool // invalid text was remarked on
	behindFIN bool // bytes behind FIN were remarked on
}

// openMachine opens the machine and keeps its answer to the opening. A process
// that dies meanwhile is tried again, like one that dies later.
func (s *session) openMachine(ctx context.Context) (opening []core.Action, end End) {
	for {
		s.alone = s.blame.suspect()
		conn, err := s.Plugin.Open(ctx, s.alone)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil, End{Stopped, errStopping.Error()}
		case err != nil:
			return nil, End{NoMachine, err.Error()}
		}
		s.setMachine(conn)
		release := context.AfterFunc(ctx, func() { conn.Close() })
		err = conn.Open(s.Opening, nil, func(a wire.Answer) {
			opening, s.ledger.opening = core.CloneActions(a.Actions), a.Digest
		})
		release()
		switch {
		case err == nil && len(opening) > 0 && opening[len(opening)-1].Kind == core.Failed:
			words := string(opening[len(opening)-1].Data)
			s.secrets.Add(opening)
			s.tell = s.covered(core.Event{}, opening, words)
			return nil, End{MachineRefused, words}
		case err == nil:
			s.blame.answered(0)
			if s.feeder.Feeds(core.ServerQuiet) {
				s.silence.asked = conn.Quiet()
			}
			return opening, End{}
		case ctx.Err() != nil:
			return nil, End{Stopped, errStopping.Error()}
		}
		err = s.died(err)
		conn.Close()
		if end := s.blameFor(wire.Event{}, err); end.Cause != 0 {
			return nil, End{NoMachine, end.Words}
		}
	}
}

// reach dials, and tells the client. A client that leaves meanwhile cancels
// the dial; what it sends waits in the inbox.
func (s *session) reach(parent context.Context, opening []core.Action) End {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	s.readers.Go(func() { s.readClient(cancel) })
	server, err := s.Dial(ctx)
	s.mu.Lock()
	left := s.clientLeft
	s.mu.Unlock()
	switch {
	case left:
		if err == nil {
			server.Close()
		}
		s.abandon(func() { s.Client.Close(s.closing) })
		return s.closing
	case err != nil:
		if parent.Err() != nil {
			err = End{Stopped, errStopping.Error()}
		}
		s.abandon(func() { s.Client.Refuse(err) })
		return End{Refused, err.Error()}
	}
	s.server = server
	if s.Record != nil {
		s.recorder = s.Record(s.silence.asked, opening, s.remark)
	}
	if err := s.Client.Accept(server.Resolved()); err != nil {
		server.Close()
		s.abandon(s.Client.Cut)
		end := End{ByClient, "the client left before it was told that the target was reached"}
		s.endRecord(end)
		return end
	}
	return End{}
}

// abandon ends a session that never began.
func (s *session) abandon(tell func()) {
	s.mu.Lock()
	s.over = true
	s.room.Broadcast()
	s.mu.Unlock()
	tell()
	s.readers.Wait()
	s.Client.Cut()
}

var errStopping = errors.New("the workbench is stopping")

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
