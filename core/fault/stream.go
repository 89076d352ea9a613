package fault

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// OpKind says what is to be done.
type OpKind uint8

// The kinds of op.
const (
	Pass      OpKind    = iota + 1 // Data goes on
	Pause                          // nothing is done for Wait
	End                            // the flow ends: FIN, or what stands for it
	Break                          // the connection of the flow's peer is reset
	Hold                           // nothing is done or taken any more, MaxStall at most
	Reply                          // Data goes to the machine as if the server had sent it
	Mere                           // nothing: Fault is to be told
	pieceSize = 4 << 10            // bytes that are looked through before they go on
)

// Op is one thing to do. After End, Break and Hold the flow's bytes are dropped.
type Op struct {
	Kind  OpKind
	Data  []byte // valid during the call
	Alone bool   // … in a write or an event of its own
	Wait  time.Duration
	// Fault, if set, is what is to be told with it, before it is done. Its At is for the
	// caller to fill in.
	Fault *Fault
}

// Stream is a flow with its rules. Its methods are called one at a time, and do what
// comes out by the function that they are given.
type Stream struct {
	flow  core.Flow
	rules []*armed

	scanned  int64  // bytes that the rules have seen
	before   int    // the last of them; -1: there is none
	released int64  // … and that went on, or did not
	waiting  []byte // those between
	due      []firing
	over     bool // nothing goes on any more

	own    *armed // takes what comes
	owned  extent
	taken  []byte
	cut    extent
	limit  extent
	rate   int64
	paused int64 // bytes that went on since the limit began
	do     func(Op)
}

// armed is a rule in a stream.
type armed struct {
	Rule
	match  *matcher
	times  int64 // that its trigger has come
	chance *rand.Rand
	done   bool
}

// firing is a rule whose trigger has come.
type firing struct {
	at    int64
	class class
	rule  *armed
	size  int64 // of the match
}

// class orders what is due at one place by when it is known for certain: before the next
// byte; once the machine has answered; once the next bytes have come.
type class uint8

const (
	atOnce class = iota
	byMessage
	byMatch
)

// extent is what is left of something that lasts. The zero value is none.
type extent struct {
	left int64 // bytes
	line bool  // … and LF ends it
}

func (e Extent) from(f firing) extent {
	switch e.Kind {
	case Bytes:
		return extent{left: e.N}
	case Match:
		return extent{left: f.size}
	case Line:
		return extent{left: MaxBytes, line: true}
	}
	return extent{left: math.MaxInt64}
}

// most returns how many of the next bytes belong to it.
func (e extent) most(b []byte) int {
	n := int(min(e.left, int64(len(b))))
	if e.line {
		if i := bytes.IndexByte(b[:n], '\n'); i >= 0 {
			return i + 1
		}
	}
	return n
}

// spend takes bytes off it, which are no more than most, and reports that it has ended.
func (e *extent) spend(b []byte) bool {
	if e.left == 0 {
		return false
	}
	e.left -= int64(len(b))
	if e.line && bytes.HasSuffix(b, []byte("\n")) {
		e.left = 0
	}
	return e.left == 0
}

// NewStream returns a flow of a session with those of the rules that are about it; nil:
// none is.
func NewStream(rules *Rules, flow core.Flow) *Stream {
	if !rules.Names(flow) {
		return nil
	}
	s := NewStreamAt(flow, 0, -1)
	s.Add(rules)
	return s
}

// NewStreamAt returns a flow without rules, of which so many bytes have gone by. before is
// the last of them; -1: there is none.
func NewStreamAt(flow core.Flow, gone int64, before int) *Stream {
	return &Stream{flow: flow, scanned: gone, released: gone, before: before}
}

// Add adds those of the rules that are about the flow. They count its bytes, lines, matches
// and messages from here on: byte 0 is the next one. What is to be done at once comes from
// the next Write, which may be of nothing.
func (s *Stream) Add(rules *Rules) {
	for _, r := range rules.All {
		if r.Flow != s.flow {
			continue
		}
		a := &armed{Rule: r, chance: rand.New(rand.NewPCG(rules.Seed, uint64(r.Line)))}
		if r.When.match != nil {
			a.match = r.When.match.fresh(r.When.Kind == AfterMatch)
			a.match.pos, a.match.prev = s.scanned, s.before
		}
		if s.rules = append(s.rules, a); r.When.Kind == AtByte {
			s.fire(a, s.scanned+r.When.N, atOnce, 0)
		}
	}
}

// fire takes note that a rule's trigger has come.
func (s *Stream) fire(a *armed, at int64, c class, size int64) {
	if a.done {
		return
	}
	if a.times++; !a.When.Every && a.When.Kind != AtByte && a.times != a.When.N {
		return
	}
	a.done = !a.When.Every
	if a.Chance < 100 && a.chance.IntN(100) >= a.Chance {
		return
	}
	f := firing{at, c, a, size}
	i, _ := slices.BinarySearchFunc(s.due, f, func(x, y firing) int {
		switch {
		case x.at != y.at:
			return cmp.Compare(x.at, y.at)
		case x.class != y.class:
			return int(x.class) - int(y.class)
		case x.rule.Line != y.rule.Line:
			return x.rule.Line - y.rule.Line
		}
		return -1 // after its like
	})
	s.due = slices.Insert(s.due, i, f)
}

// Write takes the next bytes of the flow.
func (s *Stream) Write(data []byte, do func(Op)) {
	s.do = do
	defer func() { s.do = nil }()
	s.release(s.settled())
	for len(data) > 0 && !s.over {
		n := min(len(data), pieceSize)
		s.scan(data[:n])
		data = data[n:]
		s.release(s.settled())
	}
}

// End ends the flow: what was held back to see how it goes on goes on.
func (s *Stream) End(do func(Op)) {
	if s.over {
		return
	}
	s.do = do
	defer func() { s.do = nil }()
	for _, a := range s.rules {
		for a.match != nil && !a.done && a.match.found {
			s.matched(a)
			s.look(a)
		}
	}
	s.release(math.MaxInt64)
	s.complete()
	s.over = true
}

// scan has the rules look at bytes, which then wait.
func (s *Stream) scan(data []byte) {
	s.waiting = append(s.waiting, data...)
	from := s.scanned
	s.scanned += int64(len(data))
	s.before = int(data[len(data)-1])
	for _, a := range s.rules {
		switch {
		case a.done:
		case a.When.Kind == AfterLine:
			for i, b := range data {
				if b == '\n' {
					s.fire(a, from+int64(i)+1, atOnce, 0)
				}
			}
		case a.match != nil:
			s.look(a)
		}
	}
}

// look has a matcher see what waits.
func (s *Stream) look(a *armed) {
	for m := a.match; m.pos < s.scanned && !a.done; {
		if m.step(s.waiting[m.pos-s.released]) {
			s.matched(a)
		}
	}
}

// matched takes note of a match.
func (s *Stream) matched(a *armed) {
	m := a.match
	if a.When.Kind == AfterMatch {
		s.fire(a, m.to, atOnce, 0)
	} else {
		s.fire(a, m.from, byMatch, m.to-m.from)
	}
	m.again(s.waiting[m.to-1-s.released])
}

// settled returns up to where it is certain which rules act.
func (s *Stream) settled() int64 {
	settled := s.scanned
	for _, a := range s.rules {
		if a.When.Kind == OnMatch && !a.done {
			settled = min(settled, a.match.since())
		}
	}
	return settled
}

// release lets go on what waits up to a byte, and does what is due before it and there.
func (s *Stream) release(to int64) {
	end := min(to, s.scanned)
	for !s.over {
		for !s.over && s.isDue(to) {
			f := s.due[0]
			s.due = s.due[1:]
			s.act(f)
		}
		if s.over || s.released >= end {
			break
		}
		n := end - s.released
		if len(s.due) > 0 && s.due[0].at > s.released {
			n = min(n, s.due[0].at-s.released)
		}
		s.pass(s.waiting[:n])
	}
	if s.over {
		s.waiting, s.due = nil, nil
	}
}

// isDue reports that a rule acts here. What a match will be is certain only before to.
func (s *Stream) isDue(to int64) bool {
	return len(s.due) > 0 && s.due[0].at <= s.released && (s.due[0].class != byMatch || s.due[0].at < to)
}

// act does what a rule says, or begins to.
func (s *Stream) act(f firing) {
	a := f.rule
	fault := &Fault{Line: a.Line, Flow: s.flow, From: s.released, To: s.released, Verb: a.Do.Verb}
	switch a.Do.Verb {
	case Delay:
		fault.Detail = a.Do.Pause.String()
		s.do(Op{Kind: Mere, Fault: fault})
		s.do(Op{Kind: Pause, Wait: a.Do.Pause})
	case Forge:
		fault.Forged = a.Do.Forged
		s.out(a.Do.Forged, fault)
	case HalfClose, Reset, Stall:
		s.complete()
		s.do(Op{Kind: map[Verb]OpKind{HalfClose: End, Reset: Break, Stall: Hold}[a.Do.Verb], Fault: fault})
		s.over = true
	case Cut:
		s.cut = a.Do.Extent.from(f)
		s.do(Op{Kind: Mere, Fault: fault})
	case Limit:
		s.limit, s.rate, s.paused = a.Do.Extent.from(f), a.Do.Rate, 0
		fault.Detail = strconv.FormatInt(a.Do.Rate, 10)
		s.do(Op{Kind: Mere, Fault: fault})
	default:
		s.take(f)
	}
}
