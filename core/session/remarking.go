package session

import (
	"fmt"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Remarking is an Observer that has the server of its session remark on itself: what
// such a one says beside its stream, as a program does on its standard error. Once the
// machine has marked a secret, what the server says is withheld, since it may be one.
type Remarking struct {
	Ignore

	mu     sync.Mutex
	server Remarker
	secret bool
}

// Remarker is what a [Server] is besides if it says something beside its stream.
type Remarker interface {
	// Remarks is called once, when the session has begun. remark adds a line to the
	// session's log and may block; it must not be called by Remarks itself. said is
	// what comes from the server, so that it may be withheld; "": nothing does.
	Remarks(remark func(words, said string))
}

// Of names the server, once it was reached.
func (r *Remarking) Of(server any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server, _ = server.(Remarker)
}

// Began implements Observer.
func (r *Remarking) Began(b Beginning) {
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	r.watch(b.Opening)
	if server == nil {
		return
	}
	server.Remarks(func(words, said string) {
		r.mu.Lock()
		secret := r.secret
		r.mu.Unlock()
		switch {
		case said != "" && secret:
			words += fmt.Sprintf("%d bytes, withheld since a secret was marked", len(said))
		case said != "":
			words += fmt.Sprintf("%q", said)
		}
		b.Remark(Remark{Words: words})
	})
}

// Done implements Observer.
func (r *Remarking) Done(_ time.Duration, _ wire.Event, actions []core.Action) { r.watch(actions) }

func (r *Remarking) watch(actions []core.Action) {
	for _, a := range actions {
		if a.Kind.IsMark() {
			r.mu.Lock()
			r.secret = true
			r.mu.Unlock()
		}
	}
}
