package pluginhost

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/protocol-workbench/workbench/core/wire"
)

// quarantineIdle is how long a quarantine process outlives its last session.
const quarantineIdle = 2 * time.Second

// quarantine is a mode's process for sessions whose next event may end it, so that
// no other session suffers. It runs only while it is needed.
//
// It takes the suspects in groups, since most of them are suspected by chance. If
// the process lives until the last of a group has left, all of them are cleared. If
// it dies, half of those that were in it at the time are the next group, and the
// other half the one after, until each is by itself and the one to blame is known.
type quarantine struct {
	build  *Build
	starts *rate.Limiter

	mu      sync.Mutex
	waiting []*suspect // in the order in which they came
	round   *round     // nil: nobody is in
	process *process
	idle    *time.Timer

	starting sync.Mutex // held to start a process
}

// group is a set of sessions that are tried together, by its identity alone. nil is
// the group of those that were not tried yet.
type group struct{ _ byte }

// suspect is a session that waits for its group's turn, or has it. A session may
// wait again while it is still leaving a process that died.
type suspect struct {
	lease *Lease
	come  chan *round // gets the round; buffered
}

// round is a group's turn.
type round struct {
	group   *group
	in      []*suspect
	process *process // once it is started
	err     error    // why it was not
	split   bool     // it died, and the groups to come are known
}

// open opens a connection to a process that only sessions of the lease's group use
// while the connection is open. It waits for the group's turn, as long as ctx lets
// it.
func (q *quarantine) open(ctx context.Context, l *Lease) (*wire.Conn, error) {
	for {
		s := &suspect{l, make(chan *round, 1)}
		r, err := q.await(ctx, s)
		if err != nil {
			return nil, err
		}
		release := sync.OnceFunc(func() { q.leave(r, s) })
		p, err := q.enter(ctx, r)
		if err == nil {
			var conn *wire.Conn
			if conn, err = p.open(ctx, release); err == nil {
				return conn, nil
			}
		}
		if errors.Is(err, errGone) { // it died before the session was in
			<-p.dead
		}
		release()
		if !errors.Is(err, errGone) && !errors.Is(err, wire.ErrKilled) {
			return nil, err
		}
	}
}

// await waits for the turn of the suspect's group.
func (q *quarantine) await(ctx context.Context, s *suspect) (*round, error) {
	q.mu.Lock()
	q.waiting = append(q.waiting, s)
	q.admit()
	q.mu.Unlock()
	var err error
	select {
	case r := <-s.come:
		return r, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-q.build.ctx.Done():
		err = errStopping
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(o *suspect) bool { return o == s })
	select {
	case r := <-s.come:
		q.leaveLocked(r, s)
	default:
	}
	return nil, err
}

// admit begins the turn of the group that has waited longest, if nobody is in. A
// session of the group whose turn it is may still join it, unless others wait or the
// process is dead. q is locked.
func (q *quarantine) admit() {
	if q.round == nil && len(q.waiting) > 0 {
		q.round = &round{group: q.waiting[0].lease.group}
	}
	r := q.round
	isOf := func(s *suspect) bool { return s.lease.group == r.group }
	if r == nil || r.died() || len(r.in) > 0 && !all(q.waiting, isOf) {
		return
	}
	for _, s := range q.waiting {
		if isOf(s) {
			r.in = append(r.in, s)
			s.come <- r
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, isOf)
	r.tellShared()
}

func all(suspects []*suspect, are func(*suspect) bool) bool {
	return !slices.ContainsFunc(suspects, func(s *suspect) bool { return !are(s) })
}

// tellShared tells the process of a round whether it has several suspects in it, or
// has had some of whom not all have left.
func (r *round) tellShared() {
	if r.process != nil && len(r.in) > 1 {
		r.process.shared.Store(true)
	}
}

// enter returns the round's process. The first of the round takes the one of the
// round before, the spare, or starts one.
func (q *quarantine) enter(ctx context.Context, r *round) (*process, error) {
	q.starting.Lock()
	defer q.starting.Unlock()
	q.mu.Lock()
	p := q.process
	if q.idle != nil {
		q.idle.Stop()
	}
	q.mu.Unlock()
	if r.process != nil || r.err != nil {
		return r.process, r.err
	}
	if p == nil || isClosed(p.dead) {
		p = q.build.takeSpare()
	}
	if p == nil {
		if err := q.starts.WaitN(ctx, crashCost); err != nil {
			return nil, err
		}
		var err error
		if p, err = startProcess(q.build, func() bool { return true }); err != nil {
			if !errors.Is(err, wire.ErrKilled) {
				r.err = err
			}
			return nil, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.process != p {
		q.build.log.Info("quarantine process started", "pid", p.run.pid)
	}
	q.process, r.process = p, p
	p.shared.Store(false)
	r.tellShared()
	return p, nil
}

// leave takes a suspect out of its round. With the last one the round is over.
func (q *quarantine) leave(r *round, s *suspect) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leaveLocked(r, s)
}

func (q *quarantine) leaveLocked(r *round, s *suspect) {
	switch {
	case r.process == nil || r.split:
	case r.died():
		r.halve()
	default:
		s.lease.group = nil
	}
	r.in = slices.DeleteFunc(r.in, func(o *suspect) bool { return o == s })
	if len(r.in) > 0 {
		return
	}
	q.round = nil
	q.admit()
	p := q.process
	if q.round != nil || p == nil {
		return
	}
	q.idle = time.AfterFunc(quarantineIdle, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.process == p && q.round == nil {
			q.process = nil
			p.end(errUnneeded)
		}
	})
}

// halve makes two groups of those that are in.
func (r *round) halve() {
	r.split = true
	halves := [2]*group{new(group), new(group)}
	for i, s := range r.in {
		s.lease.group = halves[i*2/len(r.in)]
	}
}

func (r *round) died() bool { return r.process != nil && isClosed(r.process.dead) }
