package play

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
)

// Server plays the server of a script to every client that connects, each from
// the script's beginning; or of a pool's or a series' scripts, each to one client.
type Server struct {
	Script *Script
	Pool   *Pool       // in place of Script
	Series *Series     // likewise
	Fast   bool        // leave the recorded pauses out
	TLS    *tls.Config // how TLS is spoken from the start; nil: it is not
	// StartTLS is how it is spoken from where a script upgrades to it.
	StartTLS *tls.Config
	// Decode makes the line mode for a client's talk where the script needs one; done lets
	// it go. Pools have none.
	Decode func(ctx context.Context) (d Decoder, done func(), err error)
	// Faults are made in each talk where these rules say, see CheckFaults; nil: none are.
	// Fault is told of each, in words; nil: nobody is.
	Faults *fault.Rules
	Fault  func(client net.Addr, words string)
	// Rate is told of each rate that a rule asks for, as Talk's; nil: nobody is.
	Rate func(client net.Addr, r Rate)
	// Limit ends Serve, and the talks that go on then, when so many clients'
	// talks have ended; 0: there is none.
	Limit int
	// Mismatch is told of each mismatch and says whether to go on after it;
	// nil: a mismatch ends the connection. Ended is told how each talk ended:
	// nil, or the *Mismatch or what else broke it off, and of which file; "" if it
	// fits none of the pool's. nil: nobody is. They are called from many
	// goroutines at once.
	//
	// A connection on which nothing was said, where the recorded client spoke,
	// is a probe, as waiting scripts and health checks make them, and no
	// client: nobody is told of it. With TLS so is one without a byte.
	Mismatch func(client net.Addr, m *Mismatch) (goOn bool)
	Ended    func(client net.Addr, file string, err error)
	// Done is told what a client's talk has done, see [Talk.Done]; of a pool's it is
	// not. nil: nobody is.
	Done func(client net.Addr, s Step)
}

// Pauses between tries to accept.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Serve serves the connections that l accepts, any number at once, until ctx is
// done or Limit clients were served, and then returns nil. It closes l and all
// connections, and waits for their goroutines in any case. Accept errors that pass, such as no file handle
// left, are tried again after a pause of 5 ms, doubling to 1 s; any other one
// is returned. Of urgent data it reads what l's connections keep in the stream;
// those of package loopback keep all.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var talks sync.WaitGroup
	var served atomic.Int64
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
				if s.talk(ctx, conn) && served.Add(1) == int64(s.Limit) {
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
		c, probe, err := secure(ctx, conn, nil, s.TLS)
		if err != nil {
			conn.Close()
			if probe || ctx.Err() != nil {
				return false
			}
			s.ended(conn, "", failAs(codeTLS, "the TLS handshake failed: %s", inWords(err)))
			return true
		}
		half, ok = c, true
	}
	if !ok {
		conn.Close()
		s.ended(conn, "", failAs(codeNoFIN, "the connection cannot be ended in one direction alone; TCP can"))
		return true
	}
	switch {
	case s.Series != nil:
		script, release := s.Series.take()
		wasClient := s.play(ctx, half, script)
		release(wasClient)
		return wasClient
	case s.Pool == nil:
		return s.play(ctx, half, s.Script)
	}
	g := s.Pool.join()
	wasClient, err := s.hold(ctx, half, g)
	s.Pool.leave(g, wasClient)
	if wasClient {
		s.ended(conn, g.source(), err)
	}
	return wasClient
}

// play plays a script over one connection, and reports whether a client's talk has ended
// there.
func (s *Server) play(ctx context.Context, conn Conn, script *Script) (wasClient bool) {
	player := script.Play(core.Server)
	if script.NeedsMode() && s.Decode != nil {
		d, done, err := s.Decode(ctx)
		if err != nil {
			conn.Close()
			s.ended(conn, script.file, failAs(codeNoMode, "the line mode for match field cannot be had: %v", err))
			return true
		}
		defer done()
		player = script.PlayWith(core.Server, d)
	}
	wasClient, err := s.hold(ctx, conn, player)
	if wasClient {
		s.ended(conn, script.file, err)
	}
	return wasClient
}

// hold plays over one connection, and reports whether a client's talk has
// ended there, and how.
func (s *Server) hold(ctx context.Context, conn Conn, p part) (wasClient bool, err error) {
	talk := Talk{Fast: s.Fast, startTLS: s.StartTLS, Mismatch: func(m *Mismatch) bool {
		return !p.Status().Silent && s.Mismatch != nil && s.Mismatch(conn.RemoteAddr(), m)
	}}
	if s.Done != nil {
		talk.Done = func(step Step) { s.Done(conn.RemoteAddr(), step) }
	}
	if s.Rate != nil {
		talk.Rate = func(r Rate) { s.Rate(conn.RemoteAddr(), r) }
	}
	if s.Faults != nil {
		f, release := newFaulty(ctx, conn, s.Faults, func(made *fault.Fault) {
			if s.Fault != nil {
				s.Fault(conn.RemoteAddr(), made.String())
			}
		})
		defer release()
		if err := f.begin(); err != nil {
			f.Close()
			return true, failAs(codeGone, "the client is gone: %s", inWords(err))
		}
		err = talk.over(ctx, f, p)
	} else {
		err = talk.over(ctx, conn, p)
	}
	return ctx.Err() == nil && (err == nil || !p.Status().Silent), err
}

func (s *Server) ended(conn net.Conn, file string, err error) {
	if s.Ended != nil {
		s.Ended(conn.RemoteAddr(), file, err)
	}
}
