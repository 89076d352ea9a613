package session

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// timers are a machine's timers. Guarded by the peers' lock.
type timers struct {
	armed map[string]*timer
	due   []*timer // fired, not yet fed, in the order of firing
}

type timer struct {
	name  string
	clock *time.Timer
	off   bool // turned off or set again since it fired
}

// set arms a timer.
func (t *timers) set(p *peers, name string, after time.Duration) {
	t.stop(name)
	if t.armed == nil {
		t.armed = make(map[string]*timer)
	}
	it := &timer{name: name}
	it.clock = time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !it.off {
			t.due = append(t.due, it)
			p.signal()
		}
	})
	t.armed[name] = it
}

func (t *timers) stop(name string) {
	if it := t.armed[name]; it != nil {
		it.off = true
		it.clock.Stop()
		delete(t.armed, name)
	}
}

func (t *timers) stopAll() {
	for name := range t.armed {
		t.stop(name)
	}
	t.due = nil
}

// next returns the event of the timer that has waited longest, if one still
// stands.
func (t *timers) next() (e core.Event) {
	for len(t.due) > 0 && e.Kind == 0 {
		it := t.due[0]
		t.due = t.due[1:]
		if !it.off {
			delete(t.armed, it.name)
			e = core.Event{Kind: core.TimerFired, Data: []byte(it.name)}
		}
	}
	return e
}
