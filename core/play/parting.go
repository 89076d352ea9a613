package play

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// part ends our stream, hears the peer out for a while and closes. Closing
// earlier could answer what is on its way with a reset, and the peer would lose
// what it was sent last.
func (k *talk) part() {
	k.mu.Lock()
	k.parting = true
	k.upgraded.Broadcast()
	k.in.SetReadDeadline(time.Now().Add(PartLimit))
	k.mu.Unlock()
	if !k.finished {
		k.conn.CloseWrite()
	}
	switch { // datagrams have no end to hear
	case k.datagrams && k.p.side() == core.Server:
		time.AfterFunc(PartLimit, func() { k.conn.Close() })
	case k.datagrams:
		k.conn.Close()
	}
	<-k.heard
	k.conn.Close()
}

// inWords says how a stream ended: "" for FIN.
func inWords(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return ""
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return core.Words(err.Error())
}
