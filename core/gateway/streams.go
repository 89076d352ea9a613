package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// This file is for streams: WebSockets on which the workbench tells how something stands,
// again whenever it changes. What is told is always the whole, or what differs from what
// was told before on the same stream, so one that is slow misses only what has passed.

const (
	maxStreams       = 16  // that a user has open at a time
	maxStreamMessage = 512 // bytes of what a client says, which is dropped
)

var errRevoked = errors.New("the user's token was revoked")

// streams are those that a user has open.
type streams struct {
	mu   sync.Mutex
	next int
	open map[int]context.CancelCauseFunc
}

// enter counts one more.
func (s *streams) enter(ctx context.Context) (_ context.Context, leave context.CancelCauseFunc, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == maxStreams {
		return nil, nil, fmt.Errorf("too many connections of this user that follow a class or taps: at most %d are possible", maxStreams)
	}
	if s.open == nil {
		s.open = map[int]context.CancelCauseFunc{}
	}
	s.next++
	id := s.next
	ctx, cancel := context.WithCancelCause(ctx)
	s.open[id] = cancel
	return ctx, func(why error) {
		cancel(why)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, id)
	}, nil
}

// end ends all that are open.
func (s *streams) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cancel := range s.open {
		cancel(why)
	}
}

// stream upgrades a request to a stream, on which tell says what there is to say until ctx
// is done. The error of tell is why the stream ends.
func (g *Gateway) stream(w http.ResponseWriter, r *http.Request, tell func(ctx context.Context, c *client) error) {
	if !g.begin() {
		refuseWith(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	ctx, leave, err := g.streams.enter(g.stopping)
	if err != nil {
		g.sessions.Done()
		tooMuch(w, err)
		return
	}
	c, ok := upgrade(w, r)
	if !ok {
		leave(errGone)
		g.sessions.Done()
		return
	}
	c.ws.SetReadLimit(maxStreamMessage)
	go func() {
		defer g.sessions.Done()
		defer c.Cut()
		// Also while a write waits for a client that reads nothing, the end comes soon.
		context.AfterFunc(ctx, func() { c.conn.endReading(closeLimit) })
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			c.hearOut()
			leave(errGone)
			c.Cut()
		}()
		err := tell(ctx, c)
		switch cause := context.Cause(ctx); {
		case g.stopping.Err() != nil:
			err = errStopping
		case cause != nil:
			err = cause
		}
		if err == errStopping {
			c.sayClose(websocket.CloseGoingAway, err.Error())
		} else if err != errGone {
			c.sayClose(websocket.ClosePolicyViolation, err.Error())
		}
		leave(err)
		<-heard
	}()
}
