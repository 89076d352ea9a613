package pluginhost

import (
	"context"
	"net"

	"github.com/protocol-workbench/workbench/core/wire"
)

// transport is the way to a plugin process: a stream for each session, and a
// sign of life. Processes and sessions know no more of how bytes get there, so
// another way is another file like yamux.go.
//
// Calls have no time limit of their own: close ends those that wait.
type transport interface {
	// open opens the stream of a new session, which has this number in what
	// ping returns. A deadline that passes on the stream is a net.Error that
	// says so, Close ends a Read that waits, and what fails because the process
	// is gone fails after down is closed.
	open(ctx context.Context) (stream net.Conn, number uint32, err error)
	// ping waits for a sign of life and returns how busy the process is; nil
	// for one that does not say.
	ping() (*wire.Load, error)
	// down is closed once the process has let go or close was called. A nil
	// channel says that only the streams tell.
	down() <-chan struct{}
	close()
}
