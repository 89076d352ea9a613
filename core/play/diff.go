package play

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Diff shows the first mismatch in lines of the transcript, "-" what was
// recorded and "+" what came, or returns "". What a rule took counts as what
// was recorded. A run of one side, bytes with none of the other's between, is
// one entry, unless they are datagrams.
func (p *Player) Diff() string {
	if p.differs == nil {
		return ""
	}
	last := p.differsAt // after the run that differs
	for last < len(p.steps) && p.steps[last].from != p.as && !(p.Datagrams() && last > p.differsAt) {
		last++
	}
	if last == p.differsAt && last < len(p.steps) && p.steps[last].isUpgrade() {
		last++ // a step of both sides
	}
	want := p.entries(p.steps[:last])
	came := slices.Clone(p.steps[:p.differsAt])
	if len(p.before) > 0 {
		came = append(came, step{from: other(p.as), data: p.before})
	}
	came = append(came, step{from: other(p.as), data: p.strange})
	if p.came != nil {
		came = append(came, *p.came)
	}
	if p.ended && p.brokeOff == "" {
		came = append(came, step{from: other(p.as), kind: endStep})
	} else if p.ended {
		came = append(came, step{from: other(p.as), kind: breakStep, data: []byte(p.brokeOff)})
	}
	return transcript.Diff(want, p.entries(came))
}

// entries writes steps as the entries of a transcript, each run as one.
func (p *Player) entries(steps []step) []transcript.Entry {
	var all []transcript.Entry
	for i := 0; i < len(steps); i++ {
		s := &steps[i]
		if s.kind != bytesStep {
			all = append(all, entryOf(s))
			continue
		}
		data := slices.Clone(p.dataOf(s))
		for !p.Datagrams() && i+1 < len(steps) && steps[i+1].from == s.from && steps[i+1].kind == bytesStep {
			i++
			data = append(data, p.dataOf(&steps[i])...)
		}
		if len(data) > 0 || p.Datagrams() {
			all = append(all, entryOf(&step{from: s.from, data: data}))
		}
	}
	return all
}

func entryOf(s *step) transcript.Entry {
	if s.from == core.Client && !s.isUpgrade() {
		order := core.SendServer
		if s.kind == endStep {
			order = core.FinishServer
		}
		return transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: order, Data: s.data}}
	}
	event := [...]core.EventKind{
		bytesStep: core.ServerBytes, endStep: core.ServerEOF, breakStep: core.ServerFailed, tlsStep: core.ServerTLS, noTLSStep: core.ServerFailed,
	}[s.kind]
	return transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: event, Data: s.data}}
}
