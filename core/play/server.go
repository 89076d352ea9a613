package play

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Server plays the server of a script to every client that connects, each from
// the script's beginning.
type Server struct {
	Script *Script
	Fast   bool // leave the recorded pauses out
	// Mismatch is told of each mismatch and says whether to go on behind it;
	// nil: a mismatch ends the connection. Failed is told how a talk ended
	// otherwise; nil: nobody is. They are called from many goroutines at once.
	Mismatch func(client net.Addr, m *Mismatch) (goOn bool)
	Failed   func(client net.Addr, err error)
}

// Pauses between tries to accept.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Serve serves the connections that l accepts, any number at once, until ctx is
// done, and then returns nil. It closes l and all connections, and waits for
// their goroutines in any case. Accept errors that pass, such as no file handle
// left, are tried again after a pause of 5 ms, doubling to 1 s; any other one
// is returned.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var talks sync.WaitGroup
	defer talks.Wait()
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for pause := time.Duration(0); ; {
		conn, err := l.Accept()
		var passes interface{ Temporary() bool } // for accepting it is well defined
		switch {
		case err == nil:
			pause = 0
			talks.Go(func() { s.talk(ctx, conn) })
			continue
		case ctx.Err() != nil:
			return nil
		case !errors.As(err, &passes) || !passes.Temporary():
			return err
		}
		pause = min(max(2*pause, firstPause), maxPause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) talk(ctx context.Context, conn net.Conn) {
	half, ok := conn.(Conn)
	if !ok {
		conn.Close()
		s.failed(conn, errors.New("the connection can not be ended in one direction alone; TCP can"))
		return
	}
	talk := Talk{Fast: s.Fast, Mismatch: func(m *Mismatch) bool {
		return s.Mismatch != nil && s.Mismatch(conn.RemoteAddr(), m)
	}}
	err := talk.Over(ctx, half, s.Script.Play(core.Server))
	var told *Mismatch
	if err != nil && ctx.Err() == nil && !errors.As(err, &told) {
		s.failed(conn, err)
	}
}

func (s *Server) failed(conn net.Conn, err error) {
	if s.Failed != nil {
		s.Failed(conn.RemoteAddr(), err)
	}
}
