package pluginhost

import (
	"context"
	"net"

	"github.com/protocol-workbench/workbench/core/wire"
)

// transport carries bytes to a plugin process: a stream for each session, and
// pings. The rest of the package does not know how, so another transport is
// another file like yamux.go, and one line in process.connect.
//
// Its methods have no time limits of their own: close ends those that wait.
type transport interface {
	// open opens the stream of a new session, which ping's result refers to by
	// number. Of the stream's methods, those that fail because a deadline passed
	// return a net.Error whose Timeout is true. Close ends a Read that waits.
	open(ctx context.Context) (stream net.Conn, number uint32, err error)
	// openNow is open where that takes no time; ok is false where it may, or fails.
	openNow() (stream net.Conn, number uint32, ok bool)
	// ping waits for a sign of life and returns how busy the process is, or nil
	// if it does not say.
	ping() (*wire.Load, error)
	// down is closed when the process has closed the connection or close was
	// called. It is nil where only the end of the streams shows that.
	down() <-chan struct{}
	close()
}
