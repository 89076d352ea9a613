package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/fault"
)

// Registry holds the live sessions of one workbench by their IDs. The zero value
// is ready to use.
type Registry struct {
	// Suffix ends each ID, so that it differs from those of other workbenches. Set it
	// before the first NewID.
	Suffix string

	mu   sync.Mutex
	last uint64
	live map[string]*Live
}

// NewID returns an ID that no other session of the registry has or had.
func (r *Registry) NewID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	return fmt.Sprintf("s%d%s", r.last, r.Suffix)
}

// Run is the function Run for a session that is found by its ID meanwhile.
func (r *Registry) Run(ctx context.Context, id string, config Config) End {
	l := &Live{ID: id, Target: config.Opening.Target, Began: time.Now(), peers: newPeers(config)}
	r.mu.Lock()
	if r.live == nil {
		r.live = map[string]*Live{}
	}
	r.live[id] = l
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.live, id)
	}()
	return run(ctx, config, l.peers)
}

// Find returns a live session, or nil.
func (r *Registry) Find(id string) *Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live[id]
}

// All returns the live sessions, the oldest first.
func (r *Registry) All() []*Live {
	r.mu.Lock()
	all := slices.Collect(maps.Values(r.live))
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b *Live) int { return a.Began.Compare(b.Began) })
	return all
}

// Live is a session from before its machine is opened until its observers were
// told its end.
type Live struct {
	ID     string
	Target string
	Began  time.Time
	peers  *peers
}

// Join has an observer told of what happens from now on, its first call being
// Began once the target is reached, until the session ends or leave is called.
// ok is false if the session has ended already.
func (l *Live) Join(o Observer) (leave func(), ok bool) {
	p := l.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase == over {
		return nil, false
	}
	if p.beginning != nil {
		o.Began(*p.beginning)
	}
	p.observers = append(slices.Clip(p.observers), o)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.observers = slices.DeleteFunc(slices.Clone(p.observers), func(other Observer) bool { return other == o })
	}, true
}

// Remark adds a remark to the session's log, if its target was reached and it has
// not ended.
func (l *Live) Remark(r Remark) {
	l.peers.mu.Lock()
	beginning := l.peers.beginning
	l.peers.mu.Unlock()
	if beginning != nil {
		beginning.Remark(r)
	}
}

// AddFaults has rules on faults act from now on, in a session whose Config.TakesFaults. What
// they count begins with what the session passes on next. Its errors are for the person who
// wrote the rules.
func (l *Live) AddFaults(rules *fault.Rules) error { return l.peers.addFaults(rules) }

// Stop ends the session so, as soon as its machine has answered what it was asked. The
// dial of one whose target was not reached yet is given up.
func (l *Live) Stop(why End) { l.peers.stop(why) }
