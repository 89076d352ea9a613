package play

import (
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Script is what a transcript says that went over the wire, between the client
// (the workbench, when it was recorded) and the server. It may be played any
// number of times, at once too.
type Script struct {
	file   string
	end    core.ServerEnd
	steps  []step
	values [][]byte // recorded, of each capture in the file's order
	above  int      // lines of the file above the transcript
	links  []*link  // further connections
	link   string   // whose steps these are; "": those of the connection to the server

	warnings []Warning
	decoded  int // the line of a rule that wants a line mode; 0: there is none
	rated    int // likewise, of a rule about a rate
}

// step is one thing that one side did on the wire.
type step struct {
	from    core.Side
	kind    stepKind
	data    []byte // recorded bytes, or the words of a failure or of an upgrade
	name    string // of the server, for an upgrade; "": as it is dialled
	pieces  []piece
	pause   time.Duration // since the step before
	silence time.Duration // of the server's before it, which the client's line mode was told of
	line    int
	seq     int                // its number among the steps of all connections
	order   *transcript.Rule   // it may come in any order
	group   int                // … with the steps beside it that have the same number; 0: it keeps its place
	rates   []*transcript.Rule // of the run that begins here
	general int                // … and so many of them would be taken for it
}

type stepKind uint8

const (
	bytesStep stepKind = iota
	endStep            // it sent FIN
	breakStep          // the connection broke
	tlsStep            // it became TLS
	noTLSStep          // it was to become TLS, and did not
)

// New makes a script of t; file is its name, for errors, which are all a
// *transcript.SyntaxError. The script holds on to t.
//
// What the session would have done by itself is in it: FIN to the server after
// the client's end, after << close and << failed, and after the server's end;
// the copies of a side that passes through. What follows the session's end is
// not.
func New(file string, t *transcript.Transcript) (*Script, error) { return newScript(file, t, false) }

func newScript(file string, t *transcript.Transcript, further bool) (*Script, error) {
	if t.State != nil {
		return nil, &transcript.SyntaxError{File: file, Line: t.Above + 2, Msg: "expected a transcript from its beginning: this one goes on from a state, and what the peers said before is not in it"}
	}
	b := builder{Script: Script{file: file, above: t.Above, end: t.Server}, names: map[string]int{}, further: further, stays: t.ServerEOFStays, quiet: t.Quiet, watched: t.Watch, passes: t.Watch}
	b.recognised(t)
	for i := range t.Entries {
		if err := b.entry(t.Entries, i); err != nil {
			return nil, err
		}
		if b.over {
			break
		}
	}
	b.endEvent()
	if err := b.places(); err != nil {
		return nil, err
	}
	if err := b.fieldsFit(); err != nil {
		return nil, err
	}
	if err := b.rates(); err != nil {
		return nil, err
	}
	if err := b.sizes(); err != nil {
		return nil, err
	}
	if err := b.groups(); err != nil {
		return nil, err
	}
	return &b.Script, b.check()
}

// Streams returns a *transcript.SyntaxError if the script cannot be played over a stream:
// its server's end keeps boundaries.
func (s *Script) Streams() error {
	if s.end == core.ServerStream {
		return nil
	}
	return &transcript.SyntaxError{File: s.file, Line: s.above + 2, Msg: "expected a transcript of a connection that is a stream: one whose server speaks in " + s.end.String() + " is not played here"}
}

// builder gathers the steps.
type builder struct {
	Script
	names      map[string]int    // the last capture of each name: an index of values
	further    bool              // further connections are played
	open       map[string]*link  // the last one of each name
	seq        int               // of the last step of any connection
	passes     bool              // the client's bytes pass through
	promised   bool              // … from the next event on
	first      int               // the first step of the event
	copied     *transcript.Entry // the event, when its bytes pass and no action has said otherwise
	finished   bool              // the client has sent FIN
	stays      bool              // the client may go on after the server's end
	watched    bool              // the machine sends nothing, and ends nothing
	serverEnds bool              // the server has sent FIN
	quiet      time.Duration     // how long a silence lasts
	silent     bool              // the server was, since the last step
	ending     bool              // the event, or an action for it, ends the client's side
	last       bool              // … and the session
	over       bool              // the session has ended
	atTime     time.Duration     // time of the last step
	timed      bool              // … if it has one
	secured    bool              // the connection was upgraded to TLS
	pending    pendingUpgrade
	said       [core.Server + 1]int64          // bytes of each side's steps
	messages   [core.Server + 1][]core.Message // that the line mode had recognised in them
}

func (b *builder) entry(entries []transcript.Entry, i int) error {
	e := &entries[i]
	switch e.Dir {
	case transcript.Event:
		if err := b.endEvent(); err != nil || b.over {
			return err
		}
		if e.Event.Kind == core.ClientStartTLS && obeys(entries, i) {
			b.ordered("")
		}
		return b.event(e, unread(entries, i))
	case transcript.Action:
		return b.action(e)
	}
	return nil
}

// event takes an event, of whose bytes the last ones were left unread.
func (b *builder) event(e *transcript.Entry, unread int) error {
	b.first = len(b.steps)
	b.passes = b.passes || b.promised
	switch e.Event.Kind {
	case core.ServerBytes:
		switch {
		case b.pending.on && len(e.Rules) > 0:
			return b.unusable(e.Rules[0].Line, "expected no rule here: what the server said while an upgrade to TLS was under way was dropped")
		case b.pending.on:
			return nil
		}
		return b.add(e, core.Server, bytesStep, e.Event.Data[:len(e.Event.Data)-unread])
	case core.ServerEOF:
		b.abandon()
		b.serverEnds = true
		b.ending, b.last = !b.stays, !b.stays
		return b.add(e, core.Server, endStep, nil)
	case core.ServerFailed:
		b.ending, b.last = true, true
		if b.pending.on {
			b.ending = b.secured // else the handshake ends the connection
			return b.upgraded(e, noTLSStep)
		}
		return b.add(e, core.Server, breakStep, e.Event.Data)
	case core.ClientUnseen, core.ServerUnseen:
		return b.unusable(e.Line, "expected a recording of all that was said: here %s bytes of the %s's are missing, since the line mode was too far behind", e.Event.Data, e.Event.Kind.Side())
	case core.ServerQuiet:
		b.silent = !b.pending.on
	case core.LinkListening, core.LinkConnected, core.LinkFailed, core.LinkBytes, core.LinkEOF, core.LinkClosed:
		return b.linked(e)
	case core.ServerTLS:
		return b.upgraded(e, tlsStep)
	case core.ClientRaw:
		return b.add(e, core.Client, bytesStep, e.Event.Data)
	case core.ClientText, core.ClientPart, core.ClientBinary, core.ClientBytes:
		switch {
		case b.passes:
			b.copied = e
		case len(e.Rules) > 0:
			return b.unusable(e.Rules[0].Line, "expected the rule above the << server below: what the client said here did not go to the server as it is")
		}
	case core.ClientEOF:
		b.ending = true
	case core.ClientClosed, core.ClientTLSFailed:
		b.ending, b.last = true, true
	}
	return nil
}

func (b *builder) action(e *transcript.Entry) error {
	if b.watched {
		return nil
	}
	switch e.Action.Kind {
	case core.SendServer:
		b.copied = nil
		return b.add(e, core.Client, bytesStep, e.Action.Data)
	case core.FinishServer:
		return b.add(e, core.Client, endStep, nil)
	case core.Close:
		b.ending, b.last = true, true
	case core.Failed: // the event's other actions were void
		for len(b.steps) > b.first && b.steps[len(b.steps)-1].from == core.Client {
			b.steps = b.steps[:len(b.steps)-1]
		}
		b.ending, b.last = true, true
	case core.StartTLS:
		if e.Action.Side == core.Server {
			b.ordered(string(e.Action.Data))
		}
	case core.Connect, core.Accept, core.SendLink, core.FinishLink, core.CloseLink:
		return b.linked(e)
	case core.PassThrough:
		b.promised = b.promised || e.Action.Side == core.Client
	}
	return nil
}

// endEvent adds what the session did after an event's last action.
func (b *builder) endEvent() error {
	if e := b.copied; e != nil {
		b.copied = nil
		if err := b.add(e, core.Client, bytesStep, e.Event.Data); err != nil {
			return err
		}
	}
	if b.last {
		b.abandon()
	}
	if b.ending {
		b.ending = false
		if err := b.add(&transcript.Entry{}, core.Client, endStep, nil); err != nil {
			return err
		}
	}
	b.over = b.last || b.serverEnds && b.finished
	return nil
}

// add adds a step. What was for a server that had been sent FIN was dropped.
func (b *builder) add(e *transcript.Entry, from core.Side, kind stepKind, data []byte) error {
	if from == core.Client && kind != tlsStep && kind != noTLSStep {
		if b.finished {
			return nil
		}
		b.finished = kind == endStep
	}
	s := step{from: from, kind: kind, data: data, line: e.Line, seq: b.next()}
	if s.line == 0 && len(b.steps) > 0 {
		s.line = b.steps[len(b.steps)-1].line
	}
	if b.silent && from == core.Server {
		s.silence = b.quiet + b.quiet/2 // longer than it takes the client to notice
	}
	b.silent = false
	s.pause = b.pauseOf(e)
	if kind == bytesStep {
		var err error
		if s.order, err = b.orderRule(e); err != nil {
			return err
		}
		s.rates = rateRules(e)
		if s.pieces, err = b.pieces(e, from, data); err != nil {
			return err
		}
		b.said[from] += int64(len(data))
	}
	if b.pending.on && from == core.Client {
		b.pending.held = append(b.pending.held, s)
		return nil
	}
	b.steps = append(b.steps, s)
	return nil
}

func (b *builder) next() int {
	b.seq++
	return b.seq
}

// pauseOf returns how long after the step before an entry's was.
func (b *builder) pauseOf(e *transcript.Entry) (pause time.Duration) {
	if e.Timed {
		if b.timed {
			pause = max(0, e.Time-b.atTime)
		}
		b.atTime, b.timed = e.Time, true
	}
	return pause
}

func (b *builder) unusable(line int, format string, args ...any) error {
	return &transcript.SyntaxError{File: b.file, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// Answers returns how many runs of bytes the server has to say, and how many
// bytes these are.
func (s *Script) Answers() (runs, bytes int) {
	before := core.Client
	for i := range s.steps {
		if e := &s.steps[i]; e.kind == bytesStep {
			if e.from == core.Server {
				bytes += len(e.data)
				if before == core.Client {
					runs++
				}
			}
			before = e.from
		}
	}
	return runs, bytes
}
