package session

import (
	"fmt"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// remark tells observers, and a client that is sent entries, what the workbench
// did.
func (p *peers) remark(r Remark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remarkLocked(r)
	p.write()
}

func (p *peers) remarkLocked(r Remark) {
	at := time.Since(p.start)
	for _, o := range p.observers {
		o.Remarked(at, r)
	}
	p.show(&transcript.Entry{Dir: transcript.Remark, Time: at, Remark: r.Words}, &r)
}

// busy remarks that the plugin is busy, while this session waits for its turn.
func (p *peers) busy(l wire.Load) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != running || time.Since(p.saidBusy) < WaitsEvery {
		return
	}
	p.saidBusy = time.Now()
	p.remarkLocked(Remark{Code: Busy, Words: fmt.Sprintf("the plugin is busy: %d sessions wait for their turn, the first of them for %v",
		l.Waiting, l.Longest.Round(100*time.Millisecond))})
	p.write()
}

// unanswered tells observers that events came which were not answered, because
// the machine or the workbench ended: as remarks, since a replay would wait for
// their answers, and without their payload, since no machine has said what of it
// is a secret.
func (p *peers) unanswered(events []wire.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watching != nil {
		p.tellUnanswered(events)
		return
	}
	for _, e := range events {
		for _, o := range p.observers {
			o.Remarked(time.Since(p.start), Remark{Words: notAnswered(e)})
		}
	}
}

func notAnswered(e wire.Event) string {
	name := "the opening"
	if e.Kind != 0 {
		name = transcript.Name(transcript.Entry{Dir: transcript.Event, Event: e.Event})
	}
	return fmt.Sprintf("not answered: %s, %d bytes", name, len(e.Data))
}

// began tells the observers that the target was reached.
func (p *peers) began(b Beginning) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.Remark = p.remark
	p.beginning = &b
	for _, o := range p.observers {
		o.Began(b)
	}
}

// ended tells the observers how the session ended; they are told no more.
func (p *peers) ended(end End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.observers {
		o.Ended(time.Since(p.start), end)
	}
	p.observers = nil
}

// showEvent shows an event and its actions to a client that is sent entries.
func (p *peers) showEvent(at time.Duration, e wire.Event, actions []core.Action) {
	if e.Kind != 0 {
		p.show(&transcript.Entry{Dir: transcript.Event, N: e.N, Time: at, Event: e.Event}, nil)
	}
	for _, a := range actions {
		p.show(&transcript.Entry{Dir: transcript.Action, N: e.N, Time: at, Action: a}, nil)
	}
}

// show shows one entry to a client that is sent them; with what the
// remark has for programs, if it is one.
func (p *peers) show(e *transcript.Entry, remark *Remark) {
	q := p.toClient()
	if !p.entries || q.phase == cut {
		return
	}
	p.shown++
	m := q.open()
	m.data = AppendEntry(m.data, p.shown, e, remark)
	m.end(true)
}

// AppendEntry appends an entry as a client gets it that is sent entries: an object in
// JSON, with the entry's number, and with what the remark has for programs, if it is one.
func AppendEntry(b []byte, number uint64, e *transcript.Entry, remark *Remark) []byte {
	e.Timed = true
	b = strconv.AppendUint(append(b, `{"i":`...), number, 10)
	brace := len(b)
	b = transcript.AppendJSON(b, e)
	b[brace] = ','
	if remark != nil && remark.Code != "" {
		b = fmt.Appendf(b[:len(b)-1], `,"code":%q}`, remark.Code)
	}
	if remark != nil && len(remark.Recording) > 0 {
		b = fmt.Appendf(b[:len(b)-1], `,"recording":%s}`, remark.Recording)
	}
	if remark != nil && len(remark.Refusal) > 0 {
		b = fmt.Appendf(b[:len(b)-1], `,"refusal":%s}`, remark.Refusal)
	}
	return b
}
