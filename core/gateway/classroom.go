package gateway

import (
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/class/wall"
)

// classroom is what goes on in a class that its file does not keep: what the teacher shows, what
// is on the projector, who is there. All gateways of the class's users share it.
type classroom struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next change

	wall      wall.Wall
	reach     sync.Once       // for the students who have not come since the workbench was started
	projected *projection     // nil: nothing is
	projectN  int64           // when that was, in ms; see sentProjection
	elsewhere *shownElsewhere // nil: no other workbench shows anything
	show      *showing        // nil: the teacher shows nothing
	lastN     uint64          // the number of what was shown last
	alongs    map[*along]struct{}
}

func newClassroom() *classroom {
	return &classroom{next: make(chan struct{}), alongs: map[*along]struct{}{}}
}

// change does something to the classroom, and tells those who wait for a change. It may do
// nothing: the class itself has changed.
func (r *classroom) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	close(r.next)
	r.next = make(chan struct{})
}

// changes returns a channel that is closed at the next change. Who waits takes it before
// looking, so that no change is missed.
func (r *classroom) changes() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// project puts something on the projector, or nothing.
func (r *classroom) project(p *projection) {
	r.change(func() { r.projected, r.projectN = p, max(r.projectN+1, time.Now().UnixMilli()) })
}

// projectedAt takes in what is on the projector as another workbench has it.
func (r *classroom) projectedAt(sent sentProjection) {
	r.mu.Lock()
	known := sent.N <= r.projectN
	r.mu.Unlock()
	if known {
		return
	}
	r.change(func() {
		if r.projectN, r.projected = sent.N, nil; sent.Student != "" {
			r.projected = &projection{sent.Student, sent.Attach, sent.Named}
		}
	})
}

// sentProjection returns what is on the projector, for other workbenches.
func (r *classroom) sentProjection() sentProjection {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := sentProjection{N: r.projectN}
	if p := r.projected; p != nil {
		sent.Student, sent.Attach, sent.Named = p.student, p.attach, p.named
	}
	return sent
}

// projection returns what is on the projector; nil: nothing.
func (r *classroom) projection() *projection {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.projected
}
