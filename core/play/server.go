package play

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Server plays the server of a script to every client that connects, each from
// the script's beginning.
type Server struct {
	Script *Script
	Fast   bool        // leave the recorded pauses out
	TLS    *tls.Config // how TLS is spoken; nil: it is not
	// Once ends Serve, and the talks that go on then, when the first client's
	// talk has ended.
	Once bool
	// Mismatch is told of each mismatch and says whether to go on behind it;
	// nil: a mismatch ends the connection. Ended is told how each talk ended:
	// nil, or the *Mismatch or what else broke it off; nil: nobody is. They are
	// called from many goroutines at once.
	//
	// A connection on which nothing was said, where the recorded client spoke,
	// is a probe, as waiting scripts and health checks make them, and no
	// client: nobody is told of it. With TLS so is one without a byte.
	Mismatch func(client net.Addr, m *Mismatch) (goOn bool)
	Ended    func(client net.Addr, err error)
}

// Pauses between tries to accept.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Serve serves the connections that l accepts, any number at once, until ctx is
// done or, with Once, a client was served, and then returns nil. It closes l and all connections, and waits for
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
			talks.Go(func() {
				if s.talk(ctx, conn) && s.Once {
					cancel()
				}
			})
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

// talk serves one connection, and reports whether that was a client whose talk
// has ended.
func (s *Server) talk(ctx context.Context, conn net.Conn) bool {
	half, ok := conn.(Conn)
	if s.TLS != nil {
		c, probe, err := secure(ctx, conn, s.TLS)
		if err != nil {
			conn.Close()
			if probe || ctx.Err() != nil {
				return false
			}
			s.ended(conn, fmt.Errorf("the TLS handshake failed: %s", inWords(err)))
			return true
		}
		half, ok = c, true
	}
	if !ok {
		conn.Close()
		s.ended(conn, errors.New("the connection can not be ended in one direction alone; TCP can"))
		return true
	}
	player := s.Script.Play(core.Server)
	talk := Talk{Fast: s.Fast, Mismatch: func(m *Mismatch) bool {
		return !player.Silent() && s.Mismatch != nil && s.Mismatch(conn.RemoteAddr(), m)
	}}
	err := talk.Over(ctx, half, player)
	if ctx.Err() != nil || err != nil && player.Silent() {
		return false
	}
	s.ended(conn, err)
	return true
}

func (s *Server) ended(conn net.Conn, err error) {
	if s.Ended != nil {
		s.Ended(conn.RemoteAddr(), err)
	}
}
