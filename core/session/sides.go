package session

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// readClient takes what the client does until it is gone. left is called when
// it is.
func (s *session) readClient(left func()) {
	for {
		e, err := s.Client.Receive()
		if err == nil && e.Kind != core.ClientClosed {
			s.takeIn(e)
			continue
		}
		var end End
		if !errors.As(err, &end) {
			end = End{ByClient, "the client closed"}
		}
		s.mu.Lock()
		s.closing, s.clientLeft = end, true
		if end.Cause == ByClient {
			s.toClient.kill()
		}
		if !s.over {
			s.inbox.add(core.ClientClosed, nil)
		}
		s.room.Broadcast()
		s.mu.Unlock()
		s.signal()
		left()
		return
	}
}

const smallRead = 4 << 10

// largeReads are lent while a server sends much; an idle session reads into a
// small buffer.
var largeReads = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// readServer takes what the server sends until its stream ends.
func (s *session) readServer() {
	small := make([]byte, smallRead)
	buf, large := small, (*[]byte)(nil)
	for {
		n, err := s.server.Read(buf)
		if n > 0 {
			s.takeIn(core.Event{Kind: core.ServerBytes, Data: buf[:n]})
		}
		if err != nil {
			s.serverEnded(err)
			return
		}
		switch {
		case n == len(buf) && large == nil:
			large = largeReads.Get().(*[]byte)
			buf = *large
		case n < smallRead && large != nil:
			largeReads.Put(large)
			buf, large = small, nil
		}
	}
}

func (s *session) serverEnded(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serverDone = true
	if !s.over {
		if errors.Is(err, io.EOF) {
			s.inbox.add(core.ServerEOF, nil)
		} else {
			s.toServer.kill()
			s.inbox.add(core.ServerFailed, []byte(plain(err)))
		}
	}
	s.room.Broadcast()
	s.signal()
}

// takeIn waits until there is room for the event, and passes it on. After the
// end it drops it.
func (s *session) takeIn(e core.Event) {
	from := e.Kind.Side()
	across := &s.toServer
	if from == core.Server {
		across = &s.toClient
	}
	s.mu.Lock()
	s.silence.held = from == core.Server || s.silence.held
	for !s.over && (s.inbox.held[from] >= InboxAt || across.size() >= GateAt ||
		s.toServer.size() >= StopAt || s.toClient.size() >= StopAt) {
		s.room.Wait()
	}
	switch {
	case s.over || s.clientLeft && from == core.Server:
	case !s.passing[from] || !e.Kind.IsBytes():
		s.inbox.add(e.Kind, e.Data)
		if from == core.Server {
			s.silence.broken()
		}
		s.signal()
	case s.Entries || !across.idle() || across.dead || from == core.Client && s.finished:
		s.copyAcross(e)
		s.write()
	default:
		s.copyStraight(e, across)
	}
	s.silence.held = from != core.Server && s.silence.held
	s.mu.Unlock()
}

// copyStraight writes a passed-through event from its reader, with no copy and
// no queue between. It is called, and returns, with the lock held.
func (s *session) copyStraight(e core.Event, across *queue) {
	s.events++
	s.Counters.event(e)
	s.record(wire.Event{N: s.events, Event: e}, nil)
	across.writing, across.out = true, len(e.Data)
	s.mu.Unlock()
	var err error
	if e.Kind == core.ServerBytes {
		err = s.Client.Send(s.straight.one(e.Data))
	} else {
		_, err = s.server.Write(e.Data)
	}
	s.mu.Lock()
	across.writing = false
	s.wrote(across, len(e.Data), err)
	s.write()
}

// write starts the writers that are needed. The lock is held.
func (s *session) write() {
	if q := &s.toClient; !q.writing && q.waiting != nil {
		q.writing = true
		s.writers.Go(func() { s.writeAll(q, s.Client.Send) })
	}
	if q := &s.toServer; !q.writing && (q.waiting != nil || s.finished && !s.sentFIN && s.server != nil) {
		q.writing = true
		s.writers.Go(func() { s.writeAll(q, s.sendServerAll) })
	}
}

func (s *session) sendServerAll(m *Messages) error {
	_, err := s.server.Write(m.data)
	return err
}

// writeAll empties a queue, and sends the server FIN when that is due.
func (s *session) writeAll(q *queue, send func(*Messages) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case q.waiting != nil:
			m := q.take()
			size := m.Size()
			s.mu.Unlock()
			err := send(m)
			m.release()
			s.mu.Lock()
			s.wrote(q, size, err)
		case q == &s.toServer && s.finished && !s.sentFIN:
			s.sentFIN = true
			s.mu.Unlock()
			s.server.CloseWrite()
			s.mu.Lock()
		default:
			q.writing = false
			s.room.Broadcast()
			return
		}
	}
}

// wrote ends a write of so many bytes on a queue.
func (s *session) wrote(q *queue, size int, err error) {
	q.wrote(err)
	switch {
	case err != nil:
	case q == &s.toServer:
		s.Counters.ToServer.Add(uint64(size))
	default:
		s.Counters.ToClient.Add(uint64(size))
	}
	if err != nil && q == &s.toServer && s.feeder.ServerEnded() && s.stuck.Cause == 0 { // no reader is left to notice
		s.stuck = End{ServerFailed, "the connection to the server failed: " + plain(err)}
		s.signal()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && s.stuck.Cause == 0 {
		s.stuck = End{ClientStuck, "the client took nothing for 30 s"}
		if q == &s.toServer {
			s.stuck = End{ServerStuck, "the server took nothing for 30 s"}
		}
		s.signal()
	}
	s.room.Broadcast()
}

// plain returns an error of a connection in plain words.
func plain(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset by the server"
	case errors.Is(err, syscall.EPIPE):
		return "the server no longer listens"
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return "the server no longer answers"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return core.Words(err.Error())
}
