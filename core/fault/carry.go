package fault

import (
	"bytes"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// take has a rule decide about the bytes that come. If another one does already, that
// stands.
func (s *Stream) take(f firing) {
	if s.own == nil {
		s.own, s.owned, s.taken = f.rule, f.rule.Do.Extent.from(f), nil
	}
}

// pass has the next bytes go on, or be taken, up to where something ends that lasts.
func (s *Stream) pass(b []byte) {
	for _, e := range [...]extent{s.cut, s.limit} {
		if e.left > 0 {
			b = b[:e.most(b)]
		}
	}
	if s.own != nil {
		b = b[:s.owned.most(b)]
		b = b[:min(len(b), MaxBytes-len(s.taken))]
		s.taken = append(s.taken, b...)
	}
	if s.own == nil || s.own.Do.Verb == Duplicate {
		s.out(b, nil)
	}
	s.waiting = s.waiting[len(b):]
	s.released += int64(len(b))
	if s.own != nil {
		switch ended := s.owned.spend(b); {
		case ended:
			s.complete()
		case len(s.taken) == MaxBytes: // of drop alone
			s.dropped()
		}
	}
	s.cut.spend(b)
	s.limit.spend(b)
}

// complete does what a rule says with the bytes that it has taken, and is done.
func (s *Stream) complete() {
	a := s.own
	if s.own = nil; a == nil || len(s.taken) == 0 {
		return
	}
	fault := s.fault(a)
	switch fault.Forged = a.Do.Forged; a.Do.Verb {
	case Drop:
		s.do(Op{Kind: Mere, Fault: fault})
	case Duplicate:
		fault.Forged, fault.Taken = fault.Taken, nil
		s.out(fault.Forged, fault)
	case Replace:
		s.out(fault.Forged, fault)
	case Answer:
		s.do(Op{Kind: Reply, Data: fault.Forged, Fault: fault})
	}
}

// dropped tells of as many bytes as one entry may have.
func (s *Stream) dropped() {
	s.do(Op{Kind: Mere, Fault: s.fault(s.own)})
	s.taken = nil
}

// fault returns what a rule has taken so far.
func (s *Stream) fault(a *armed) *Fault {
	return &Fault{
		Line: a.Line, Flow: s.flow, Verb: a.Do.Verb,
		From: s.released - int64(len(s.taken)), To: s.released, Taken: bytes.Clone(s.taken),
	}
}

// perSecond is how often bytes go on under a limit, at most.
const perSecond = 10

// out has bytes go on, as what lasts allows.
func (s *Stream) out(b []byte, fault *Fault) {
	for len(b) > 0 {
		n := len(b)
		if s.cut.left > 0 {
			n = 1
		}
		if s.limit.left > 0 {
			step := max(s.rate/perSecond, 1)
			n = int(min(int64(n), step-s.paused%step))
			before := s.lasts(s.paused)
			s.paused += int64(n)
			s.do(Op{Kind: Pause, Wait: s.lasts(s.paused) - before})
		}
		s.do(Op{Kind: Pass, Data: b[:n], Alone: s.cut.left > 0, Fault: fault})
		b, fault = b[n:], nil
	}
}

// lasts returns how long so many bytes last under the limit.
func (s *Stream) lasts(n int64) time.Duration {
	return time.Duration(n/s.rate)*time.Second + time.Duration(n%s.rate)*time.Second/time.Duration(s.rate)
}

// Decoded returns the rules that wait for such a message.
func (r *Rules) Decoded(m *core.Message) (waiting []*Rule) {
	for i := range r.All {
		rule := &r.All[i]
		t := &rule.When
		if t.Of == m.Flow && (t.Kind == AfterMessage || t.Kind == AfterField && t.in(m.Fields)) {
			waiting = append(waiting, rule)
		}
	}
	return waiting
}

// in reports whether a field is the one that is waited for.
func (t *Trigger) in(fields []core.Field) bool {
	for i := range fields {
		f := &fields[i]
		if f.Name == t.Field && t.value.MatchString(f.Value) || t.in(f.Fields) {
			return true
		}
	}
	return false
}

// Arm says that a rule of the flow has seen a message that it waits for, when the machine
// had ordered at bytes of the flow. Nothing after these may have been written yet. What is
// to be done comes from the next Write, which may be of nothing.
func (s *Stream) Arm(rule *Rule, at int64) {
	for _, a := range s.rules {
		if a.Line == rule.Line && !s.over {
			s.fire(a, max(at, s.released), byMessage, 0)
		}
	}
}
