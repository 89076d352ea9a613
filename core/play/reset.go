package play

import (
	"time"

	"github.com/protocol-workbench/workbench/core/stall"
)

// lookEvery is how often a queue is looked at that is about to be empty.
const lookEvery = 10 * time.Millisecond

// reset breaks the connection. What was said before it must have been heard, as
// it was in the recording, but a reset overtakes: it discards what our system
// has not sent yet, and, depending on the peer's, a connect that is not done or
// what was not read yet. The first can be seen; the rest only be given time.
func (k *talk) reset() {
	k.mu.Lock()
	k.parting = true
	k.mu.Unlock()
	conn, ok := k.conn.(*stall.Conn)
	if !ok { // a client's, which breaks nothing
		k.conn.Close()
		return
	}
	k.flush(conn)
	pause := time.NewTimer(ResetPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-k.ctx.Done():
	}
	if c, ok := conn.Conn.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0)
	}
	conn.Close()
}

// flush waits until the peer's system has all that was sent, has taken nothing
// for stall.Limit, or is gone.
func (k *talk) flush(conn *stall.Conn) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	conn.Conn.SetWriteDeadline(time.Time{})
	left, since := -1, time.Now()
	for {
		n := conn.Unsent()
		if n != left {
			left, since = n, time.Now()
		}
		if n == 0 || time.Since(since) > stall.Limit {
			return
		}
		if _, err := conn.Conn.Write(nil); err != nil { // it is gone; the queue would stay as it is
			return
		}
		select {
		case <-tick.C:
		case <-k.ctx.Done():
			return
		}
	}
}
