package feed

import (
	"bytes"
	"maps"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// MaxTimers is how many timers of one machine may run at once.
const MaxTimers = 64

// Feeder is the state that the rules need of one session. It is pure. The zero
// value is a session whose machine knows only the first kinds of event.
type Feeder struct {
	// Knows reports whether the machine gets events of a later kind
	// (core.EventKind.IsLater). If nil, it gets none.
	Knows func(core.EventKind) bool
	// ServerEOFStays is core.Opening's.
	ServerEOFStays bool
	// Watch is core.Opening's: of an answer, only what shows or keeps time counts, and
	// what the machine neither sends nor passes on crosses all the same.
	Watch bool
	// Client and Server are core.Opening's: an end that keeps boundaries is passed on
	// each piece as it is.
	Client core.ClientEnd
	Server core.ServerEnd
	// AnyTimer lets every timer fire: the machine began from a state, and which
	// timers it had set, and which links it had, is not known.
	AnyTimer bool

	armed    map[string]bool
	passes   [core.Server + 1]bool
	dropped  bool // an action of a machine that watches
	finished bool // the stream to the server has ended
	ended    bool // the stream from the server has ended, and the session goes on
	upgrades [core.Server + 1]upgrade
	links    map[string]link
}

// Fate is what happens to an event.
type Fate uint8

// The fates.
const (
	Fed      Fate = iota // the machine answers it
	Unknown              // the machine does not know its kind: the core does the default
	Unarmed              // a timer that is not armed: nothing happens
	Early                // it came in clear before TLS, or from a link that the machine has closed: it is dropped
	Unlinked             // of a link that is not there: nothing happens
)

// Take returns what happens to an event that arrives now. A timer that fires is
// no longer armed.
func (f *Feeder) Take(ev core.Event) Fate {
	switch {
	case f.IsEarly(ev.Kind):
		return Early
	case !f.Feeds(ev.Kind):
		return Unknown
	case ev.Kind.IsLink():
		return f.linkFate(ev)
	case ev.Kind != core.TimerFired:
		return Fed
	case !f.AnyTimer && !f.armed[string(ev.Data)]:
		return Unarmed
	}
	delete(f.armed, string(ev.Data))
	return Fed
}

// Feeds reports whether the machine gets events of a kind.
func (f *Feeder) Feeds(k core.EventKind) bool {
	return !k.IsLater() || f.Knows != nil && f.Knows(k)
}

// Why is the reason why a session is over.
type Why uint8

// The reasons.
const (
	GoesOn Why = iota
	MachineClosed
	MachineFailed
	ServerEnded  // its stream ended
	ServerFailed // the connection to it broke
	BothEnded    // both streams ended
	ClientClosed
	ClientFailed // its connection did not become TLS
)

// End is the end of a session. The zero value means that it goes on.
type End struct {
	Why   Why
	Words string // the machine's, or how a connection failed
}

// Answer takes the machine's answer to an event; an event of no kind is the
// opening. It returns the actions that count, a slice of those given, and the
// end of the session if this was it.
func (f *Feeder) Answer(ev core.Event, actions []core.Action) (counting []core.Action, end End) {
	actions = f.allowed(core.Counting(actions))
	if ev.Kind == core.ServerTLS || ev.Kind == core.ClientTLS { // whatever is ordered in answer goes through TLS
		f.upgrades[ev.Kind.Side()] = secured
	}
	f.linkBy(ev)
	for _, a := range actions {
		if found := f.note(ev, a); end.Why == GoesOn {
			end = found
		}
	}
	if end.Why == GoesOn {
		f.upgradeBy(ev.Kind)
		end = f.byDefault(ev)
	}
	if end.Why == GoesOn && f.ended && f.finished {
		end.Why = BothEnded
	}
	return actions, end
}

// Fails reports whether an answer says that the machine failed.
func Fails(actions []core.Action) bool {
	n := len(actions)
	return n > 0 && actions[n-1].Kind == core.Failed
}

// note records one action that answers ev.
func (f *Feeder) note(ev core.Event, a core.Action) End {
	switch a.Kind {
	case core.SetTimer:
		if f.armed == nil {
			f.armed = map[string]bool{}
		}
		if f.armed[string(a.Data)] = true; len(f.armed) > MaxTimers {
			return End{MachineFailed, "the machine set more than 64 timers"}
		}
	case core.StopTimer:
		delete(f.armed, string(a.Data))
	case core.PassThrough:
		f.passes[a.Side] = true
	case core.FinishServer:
		f.finished = true
	case core.StartTLS:
		return f.startTLS(ev, a)
	case core.Connect, core.Accept, core.SendLink, core.FinishLink, core.CloseLink:
		return f.link(a)
	case core.Close:
		return End{MachineClosed, string(a.Data)}
	case core.Failed:
		return End{MachineFailed, string(a.Data)}
	}
	return End{}
}

// byDefault returns what the core does when the machine says nothing.
func (f *Feeder) byDefault(ev core.Event) End {
	switch ev.Kind.DefaultEnding() {
	case core.EndServer:
		f.finished = true
	case core.EndClient:
		switch {
		case ev.Kind == core.ServerFailed:
			return End{ServerFailed, string(ev.Data)}
		case f.ServerEOFStays && !f.finished:
			f.ended = true
			return End{}
		}
		return End{Why: ServerEnded}
	}
	switch ev.Kind {
	case core.ClientClosed:
		return End{Why: ClientClosed}
	case core.ClientTLSFailed:
		return End{ClientFailed, string(ev.Data)}
	}
	return End{}
}

// Armed returns the names of the armed timers, sorted.
func (f *Feeder) Armed() []string { return slices.Sorted(maps.Keys(f.armed)) }

// Passes reports whether the machine has promised to pass a side's bytes
// through.
func (f *Feeder) Passes(side core.Side) bool { return f.passes[side] }

// Finished reports whether nothing more may be sent to the server.
func (f *Feeder) Finished() bool { return f.finished }

// ServerEnded reports whether the server's stream has ended while the session
// goes on.
func (f *Feeder) ServerEnded() bool { return f.ended }

// PassesOn reports whether an event's bytes are copied to the other side without
// appearing in an answer.
func (f *Feeder) PassesOn(ev core.Event) bool { return ev.Kind.IsBytes() && f.passes[ev.Kind.Side()] }

// IsPassed reports whether an answer to an event of a side that is passed through is as it
// was promised: a copy of the event's bytes, or nothing where the machine watches.
func (f *Feeder) IsPassed(ev core.Event, actions []core.Action) bool {
	to, opened := core.Client+core.Server-ev.Kind.Side(), core.Opening{Client: f.Client, Server: f.Server}
	if f.Watch && len(actions) == 0 {
		return true
	}
	return IsCopy(ev, actions) && (len(actions) == 1 || !opened.IsWhole(to))
}

// Copy returns the action that copies an event's bytes: to the server, or to the
// client as a binary message.
func Copy(ev core.Event) core.Action {
	if ev.Kind.Side() == core.Server {
		return core.Action{Kind: core.SendBinary, Data: ev.Data}
	}
	return core.Action{Kind: core.SendServer, Data: ev.Data}
}

// IsCopy reports whether the actions do what Copy does, in any number of pieces.
func IsCopy(ev core.Event, actions []core.Action) bool {
	kind, left := Copy(ev).Kind, ev.Data
	for _, a := range actions {
		if a.Kind != kind || !bytes.HasPrefix(left, a.Data) {
			return false
		}
		left = left[len(a.Data):]
	}
	return len(left) == 0
}
