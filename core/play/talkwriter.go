package play

import (
	"errors"
	"os"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/stall"
)

// write carries the player's orders out until the talk is over.
func (k *talk) write() {
	for {
		k.mu.Lock()
		if k.isOver() {
			k.mu.Unlock()
			return
		}
		var o Order
		var due bool
		if k.stopped == nil {
			o, due = k.p.Next()
		}
		if k.idle == due {
			k.idle = !due
			k.arm()
		}
		at := k.p.Status()
		linger := k.finished && at.Said && at.AwaitsEnd && k.Timeout == 0
		k.mu.Unlock()
		switch {
		case !due && !k.await(linger), due && !k.carryOut(o):
			return
		}
	}
}

// isOver reports whether there is nothing left to do. After a mismatch that is
// when all is known of it that can be shown, if someone bounds the wait for it.
// The lock is held.
func (k *talk) isOver() bool {
	at := k.p.Status()
	switch {
	case k.together.failure() != nil:
		return true
	case k.stopped != nil:
		return k.Timeout == 0 || k.gone || at.Settled
	case k.gone && k.stream > 0:
		return at.Said // what is left to say may have to wait for another connection
	case k.stream == 0 && k.p.side() == core.Client && k.together.busy():
		return false
	case k.gone:
		return !at.Due
	}
	return (k.p.side() == core.Client || k.datagrams) && at.Said && at.Heard
}

// await waits until something was heard, and reports whether to go on.
func (k *talk) await(linger bool) bool {
	var late <-chan time.Time
	if linger {
		if k.lingers == nil {
			k.lingers = time.NewTimer(LingerLimit)
		}
		late = k.lingers.C
	}
	select {
	case <-k.changed:
		return true
	case <-late:
	case <-k.ctx.Done():
	}
	return false
}

// carryOut does what the player orders, and reports whether to go on.
func (k *talk) carryOut(o Order) bool {
	pause := o.Silence
	if !k.Fast {
		pause = max(pause, o.Pause)
	}
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-k.halted:
			return true // isOver knows
		case <-k.ctx.Done():
			return false
		}
	}
	switch o.Kind {
	case StartTLS:
		return k.upgrade(o)
	case Listen:
		return k.listen(o.Link)
	}
	k.mu.Lock()
	k.tellDone(true) // before the peer's answer can be
	k.speaks()
	k.mu.Unlock()
	switch o.Kind {
	case Finish:
		k.finished = true
		k.conn.CloseWrite()
	case Break:
		k.reset()
		return false
	case Send:
		if !k.send(o.Data) {
			return false
		}
	}
	if k.together != nil {
		k.together.said(k)
	}
	return true
}

func (k *talk) send(data []byte) bool {
	_, err := k.conn.Write(data)
	switch {
	case err == nil:
		return true
	case errors.Is(err, os.ErrDeadlineExceeded):
		k.failed = failAs(codeStuck, "the %s took nothing for %v", other(k.p.side()), stall.Limit)
		k.conn.Close()
	default: // the reader will say how the connection ended, which tells more
		k.failed = failAs(codeGone, "the %s is gone: %s", other(k.p.side()), inWords(err))
		k.mu.Lock()
		k.broken = true
		k.in.SetReadDeadline(time.Now().Add(PartLimit))
		k.mu.Unlock()
		<-k.heard
	}
	return false
}
