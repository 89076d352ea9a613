package play

import (
	"errors"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Step is one thing that one side did on the wire.
type Step struct {
	From core.Side
	Data []byte // not to be changed; nil for the end of the side's stream
	// End is "" for bytes, else how the stream ended: "eof", or "failed" when the connection
	// broke. EndTLS and EndNoTLS are steps of both sides, told as the client's.
	End string
	// Words are of an upgrade: how the connection was secured, or why not.
	Words string
	Line  int // of its entry in the file; of the step before, for an end that the file does not have
	// Taken are the places in Data that rules take, from and to of each.
	Taken [][2]int
}

// Upgrades reports whether the step is an upgrade to TLS, or was to be.
func (s Step) Upgrades() bool { return s.End == EndTLS || s.End == EndNoTLS }

// The ends of what was said in clear: with an upgrade of the connection to TLS, or with one
// that failed.
const (
	EndTLS   = "tls"
	EndNoTLS = "no-tls"
)

// Steps returns what went over the wire, in its order.
func (s *Script) Steps() []Step {
	var all []Step
	for i := range s.steps {
		all = append(all, s.steps[i].shown())
	}
	return all
}

func (e *step) shown() Step {
	shown := Step{From: e.from, Line: e.line}
	switch e.kind {
	case bytesStep:
		shown.Data = e.data
		for _, c := range e.pieces {
			if c.rule != nil {
				shown.Taken = append(shown.Taken, [2]int{c.from, c.from + len(c.data)})
			}
		}
	case endStep:
		shown.End = "eof"
	case breakStep:
		shown.End = "failed"
	case tlsStep:
		shown.Words, shown.End = string(e.data), EndTLS
	case noTLSStep:
		shown.Words, shown.End = string(e.data), EndNoTLS
	}
	return shown
}

// Only returns a script of the steps whose index keep says yes to. What a rule
// captured in one that is left out has its recorded value.
func (s *Script) Only(keep func(step int) bool) *Script {
	some := *s
	some.steps = nil
	for i := range s.steps {
		if keep(i) {
			some.steps = append(some.steps, s.steps[i])
		}
	}
	return &some
}

// Fit compares what both sides say in another recording with s, as players of
// either side would: the rules of s count, those of o do not. A name means what
// was captured in o, whichever side it was. It returns the first mismatch, or
// nil when all that s has is in o.
func (s *Script) Fit(o *Script) *Mismatch {
	client, server := s.Play(core.Client), s.Play(core.Server)
	server.values = client.values
	hears := map[core.Side]*Player{core.Server: client, core.Client: server}
	for i := range o.steps {
		e := &o.steps[i]
		p := hears[e.from]
		if m := p.hear(e); m != nil {
			return m
		}
		if e.isUpgrade() {
			if m := client.hear(e); m != nil {
				return m
			}
		}
		last := i+1 == len(o.steps) || o.steps[i+1].from != e.from
		if last && p.scan != nil && len(p.held) > 0 {
			return p.Awaited("nothing more, so that it does not show where it ends")
		}
	}
	for _, p := range []*Player{client, server} {
		if !p.Heard() {
			return p.Awaited("nothing more")
		}
	}
	return nil
}

// hear takes a step of the peer's.
func (p *Player) hear(e *step) (m *Mismatch) {
	switch e.kind {
	case bytesStep:
		for rest := e.data; len(rest) > 0 && m == nil; {
			if rest, m = p.Take(rest); len(rest) > 0 && m == nil {
				return p.mismatch(rest[:1])
			}
		}
		return m
	case tlsStep, noTLSStep:
		p.hello = true
		if !p.atUpgrade() {
			m := p.describe()
			m.Got = e.outcome()
			p.note(m)
			return m
		}
		var err error
		if e.kind == noTLSStep {
			err = errors.New(string(e.data))
		}
		return p.Upgraded(string(e.data), err)
	case breakStep:
		return p.TakeEnd("connection reset")
	}
	return p.TakeEnd("")
}

// Places returns where a rule finds something in the bytes below it, from and
// to of each place in their order, as if it were the only rule. value is what
// the name of a use rule had captured. It returns an error for a rule that cannot
// be used there.
func Places(r *transcript.Rule, data, value []byte) ([][2]int, error) {
	b := builder{names: map[string]int{string(r.Text): 0}, Script: Script{values: [][]byte{value}}}
	found, err := b.find(r, data, nil)
	if err != nil {
		return nil, err
	}
	var places [][2]int
	for _, p := range found {
		places = append(places, [2]int{p.from, p.from + len(p.data)})
	}
	slices.SortFunc(places, func(x, y [2]int) int { return x[0] - y[0] })
	return places, nil
}
