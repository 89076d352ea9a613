package session

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
)

// Rules on faults act between the peers and the session. What comes in is fed to the
// machine, and recorded, as the rules have left it, so that a replay has the same; what
// goes out is recorded as the machine ordered it. Each fault is a remark, with the bytes
// that did not cross and those that nobody sent.
//
// The reader of a side does what is to be done about what comes from there, its writer
// about what goes there. Either may wait for it: the supervisor does not.

// Rules that are added while the session runs wait until whoever does what they say sees to
// them: that is before it passes anything on, and without delay. They count from there.

// faults are the flows of a session that has such rules, or may get some; of another it is
// nil.
type faults struct {
	in, out  [core.Server + 1]flow
	decodes  bool        // the machine makes messages
	rules    fault.Rules // all so far; guarded by the peers' lock, as what follows
	begun    bool        // they were told of
	withhold bool        // the bytes of faults may be a secret
}

// flow is one of the four.
type flow struct {
	is    core.Flow
	ruled atomic.Bool // a rule is about it, if only one that waits to be added

	// Of its reader or writer alone, or of who holds using.
	stream *fault.Stream // nil: no rule was added yet
	came   int64         // bytes before there was one
	last   int           // the last of them; -1: there was none

	using chan struct{} // of what comes in holds a value while it is used: rules may act while the reader waits for its peer
	done  bool          // … the reader has seen its end

	// feeding guards crossed, of what comes in, while bytes are taken in: an answer in the
	// server's place comes by another goroutine.
	feeding sync.Mutex
	crossed int64 // bytes that went on

	// Guarded by the peers' lock.
	added []*fault.Rules // that wait to be
	armed []armed
	ended bool // of what comes in: a fault has told of its end
	reset bool // … has reset the connection
}

// armed is a rule that waited for a message, and where the machine then was.
type armed struct {
	rule *fault.Rule
	at   int64
}

// CheckFaults returns why a session that is opened so cannot have these rules.
func CheckFaults(rules *fault.Rules, opening core.Opening, messages bool) error {
	switch {
	case rules == nil:
		return nil
	case opening.Watch:
		return errors.New("a line mode that only watches cannot have faults made beside it: it has to be in the path")
	case opening.IsWhole(core.Server):
		return errors.New("faults are made at places of a stream, and the server's end of the session is none")
	case opening.Client != core.Stream && rules.OfClient():
		return errors.New("rules about from-client and to-client are for a client that is a stream, such as a tap's; use to-server and from-server")
	case rules.OfMessages() && !messages:
		return errors.New("a rule waits for messages, and the line mode decodes none; use match or line")
	}
	return nil
}

func newFaults(c *Config) *faults {
	if c.Faults == nil && !c.TakesFaults {
		return nil
	}
	f := &faults{decodes: c.Messages, withhold: c.Withhold}
	f.in[core.Server].is, f.out[core.Server].is = core.FromServer, core.ToServer
	f.in[core.Client].is, f.out[core.Client].is = core.FromClient, core.ToClient
	for _, flow := range f.flows() {
		flow.last, flow.using = -1, make(chan struct{}, 1)
	}
	if c.Faults != nil {
		f.rules.Seed = c.Faults.Seed
		f.add(c.Faults)
	}
	return f
}

func (f *faults) flows() []*flow {
	return []*flow{&f.in[core.Server], &f.out[core.Server], &f.in[core.Client], &f.out[core.Client]}
}

// add has the flows see to rules. The peers' lock is held, once there is one.
func (f *faults) add(rules *fault.Rules) {
	f.rules.All = append(f.rules.All, rules.All...)
	for _, flow := range f.flows() {
		if rules.Names(flow.is) {
			flow.added = append(flow.added, rules)
			flow.ruled.Store(true)
		}
	}
}

// addFaults has rules act from now on. They are numbered after those that there are.
func (p *peers) addFaults(rules *fault.Rules) error {
	if err := CheckFaults(rules, p.ends, p.faults != nil && p.faults.decodes); err != nil {
		return err
	}
	if p.faults == nil {
		return errors.New("fault rules are not added to a session of this kind")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	there := len(p.faults.rules.All)
	switch {
	case p.phase == over:
		return errors.New("the session is over")
	case there+len(rules.All) > fault.MaxRules:
		return fmt.Errorf("the session has %s, and at most %d fit: begin another session", core.Plural(there, "fault rule"), fault.MaxRules)
	}
	after := 0
	if there > 0 {
		after = p.faults.rules.All[there-1].Line
	}
	rules = rules.NumberedAfter(after)
	p.faults.add(rules)
	if !p.faults.begun {
		return nil
	}
	p.sayRules(rules, rules.ByChance())
	for _, side := range sides {
		if rules.Names(p.faults.out[side].is) {
			p.nudge(side)
		}
		if rules.Names(p.faults.in[side].is) && p.phase == running {
			p.readers.Go(func() { p.actAtOnce(side) })
		}
	}
	p.write()
	return nil
}

// sayRules remarks on rules that act from now on. mu is held.
func (p *peers) sayRules(rules *fault.Rules, howMany bool) {
	if howMany {
		p.remarkLocked(Remark{Words: rules.String()})
	}
	for i := range rules.All {
		p.remarkLocked(Remark{Code: FaultRule, Words: rules.All[i].String()})
	}
}

// faulty reports whether rules are about what goes to a side.
func (p *peers) faulty(to core.Side) bool { return p.faults != nil && p.faults.out[to].ruled.Load() }

// startFaults has writers do what is due before the first byte.
func (p *peers) startFaults() {
	if p.faults == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.begun = true
	if len(p.faults.rules.All) == 0 {
		return
	}
	p.sayRules(&p.faults.rules, true)
	for _, side := range sides {
		p.nudge(side)
	}
	p.write()
}

// nudge has the writer of a side see to its faults though there is nothing to write. mu is
// held.
func (p *peers) nudge(to core.Side) {
	if p.faulty(to) {
		p.sides[to].out.add(nil, false)
	}
}

// attend returns the stream of a flow with all rules that were added, and has those act
// that have seen their message; nil: there is no rule.
func (p *peers) attend(f *flow) *fault.Stream {
	p.mu.Lock()
	added, all := f.added, f.armed
	f.added, f.armed = nil, nil
	p.mu.Unlock()
	if f.stream == nil && len(added) > 0 {
		f.stream = fault.NewStreamAt(f.is, f.came, f.last)
	}
	for _, rules := range added {
		f.stream.Add(rules)
	}
	for _, a := range all {
		f.stream.Arm(a.rule, a.at)
	}
	return f.stream
}

// use waits for the right to what is of who holds using, and returns what gives it back.
func (f *flow) use() (release func()) {
	f.using <- struct{}{}
	return func() { <-f.using }
}

// pass counts bytes that no rule was about.
func (f *flow) pass(data []byte) {
	if len(data) > 0 {
		f.came += int64(len(data))
		f.last = int(data[len(data)-1])
	}
}

// startComing does what is due before the first byte that comes from a side. A client's
// waits until the session has begun.
func (p *peers) startComing(from core.Side) {
	if p.faults == nil || !p.faults.in[from].ruled.Load() {
		return
	}
	p.mu.Lock()
	for p.phase == opening {
		p.room.Wait()
	}
	p.mu.Unlock()
	p.actAtOnce(from)
}

// actAtOnce does what is due before the next byte that comes from a side, if one may come.
func (p *peers) actAtOnce(from core.Side) {
	f := &p.faults.in[from]
	defer f.use()()
	if s := p.attend(f); s != nil && !f.done {
		s.Write(nil, func(op fault.Op) { p.doComing(from, op) })
	}
}

// comeIn takes in what a side did, as rules have left it.
func (p *peers) comeIn(e core.Event) {
	from := e.Kind.Side()
	if p.faults == nil {
		p.takeIn(e)
		return
	}
	switch f := &p.faults.in[from]; {
	case e.Kind.IsBytes():
		p.comeThrough(f, e)
	case e.Kind == core.ClientEOF:
		if p.endThrough(from, f); !p.hasEnded(f) {
			p.takeIn(e)
		}
	default:
		p.takeIn(e)
	}
}

// comeThrough takes in bytes, as rules have left them.
func (p *peers) comeThrough(f *flow, e core.Event) {
	defer f.use()()
	if f.ruled.Load() {
		if s := p.attend(f); s != nil {
			s.Write(e.Data, func(op fault.Op) { p.doComing(e.Kind.Side(), op) })
			return
		}
	}
	f.pass(e.Data)
	p.takeInCounted(f, e, nil)
}

// endThrough takes in what rules held back of a side that sends no more.
func (p *peers) endThrough(from core.Side, f *flow) {
	defer f.use()()
	if s := p.attend(f); s != nil {
		s.End(func(op fault.Op) { p.doComing(from, op) })
	}
	f.done = true
}

// cameLast takes in what rules held back of a side that sends no more, and returns the
// error with which it ended.
func (p *peers) cameLast(from core.Side, err error) error {
	if p.faults == nil {
		return err
	}
	f := &p.faults.in[from]
	p.endThrough(from, f)
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.reset {
		return errFaultReset
	}
	return err
}

var errFaultReset = fmt.Errorf("a fault: %w", syscall.ECONNRESET)

func (p *peers) hasEnded(f *flow) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return f.ended
}
