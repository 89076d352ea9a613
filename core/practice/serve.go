package practice

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// MaxConnections is how many connections a listener's server serves at a time; more wait
// until one ends.
const MaxConnections = 4096

const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Serve has converse serve the connections that l accepts until ctx is done, and then
// returns nil. In any case it closes l and all connections, and waits for their
// goroutines. converse closes its connection, at once when its context ends. log is told
// of temporary accept errors (no file handles left, a connection gone before it was
// accepted), after which Serve tries again with a pause of 5 ms, doubling to 1 s; it
// returns any other error. Without a log nothing is told.
//
// Back-pressure slows down a client that sends without reading: its bytes wait in the
// network.
func Serve(ctx context.Context, l net.Listener, log *slog.Logger, converse func(context.Context, net.Conn) error) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var conns sync.WaitGroup
	defer conns.Wait()
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()

	slots := make(chan struct{}, MaxConnections)
	for pause := time.Duration(0); ; {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			conns.Go(func() {
				log.Debug("connection opened", "client", conn.RemoteAddr())
				err := converse(ctx, conn)
				if ctx.Err() != nil {
					err = nil // the server itself closed it
				}
				log.Debug("connection ended", "client", conn.RemoteAddr(), "error", err)
				<-slots
			})
			continue
		}
		<-slots
		if ctx.Err() != nil {
			return nil
		}
		if !passes(err) {
			return err
		}
		if pause == 0 {
			log.Warn("no connections can be accepted for now", "error", err)
		}
		pause = min(max(2*pause, firstPause), maxPause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// passes reports whether an accept error is temporary. For Accept, unlike
// elsewhere, Temporary is well defined.
func passes(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}
