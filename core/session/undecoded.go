package session

import (
	"fmt"
	"sync/atomic"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
)

// undecoded is what a machine that watches was to answer and has not, and how long it may
// still do so. Guarded by the peers' lock, but for answers.
type undecoded struct {
	events uint64 // that have bytes
	bytes  [core.Server + 1]uint64

	answers  atomic.Uint64 // that came so far, those to its past included
	giveUp   func()        // ends the decoding
	gaveUp   bool
	patience *limit.Timer // runs once the streams have ended
}

// count counts an event.
func (u *undecoded) count(e core.Event) {
	if e.Kind.IsBytes() {
		u.events++
		u.bytes[e.Kind.Side()] += uint64(len(e.Data))
	}
}

// words says how much it is; "": nothing.
func (u *undecoded) words() string {
	if u.events == 0 {
		return ""
	}
	return fmt.Sprintf("not decoded, since the line mode has not answered it: %s, with %d bytes of the client's and %d of the server's",
		core.Plural(int(u.events), "event"), u.bytes[core.Client], u.bytes[core.Server])
}

// awaitAnswers gives up the decoding once the machine has answered nothing for DecodeLimit.
// A slow machine, or one on a busy computer, comes to the end; one that hangs holds the
// session no longer than that. mu is held.
func (p *peers) awaitAnswers() {
	w := p.watching
	had := w.answers.Load()
	w.patience = limit.AfterFunc(DecodeLimit, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case !w.decoding: // it has ended meanwhile
		case w.answers.Load() != had:
			p.awaitAnswers()
		default:
			w.gaveUp = true
			w.giveUp()
		}
	})
}

func (p *peers) giveUpBy(giveUp func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watching.giveUp = giveUp
}
