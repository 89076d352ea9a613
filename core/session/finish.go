package session

import (
	"context"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// finish ends a session: the queues are flushed, the client is told, the
// server is sent FIN and heard out, and nothing is left.
func (s *session) finish(ctx context.Context, end End) {
	s.mu.Lock()
	s.over, s.finished = true, true
	s.timers.stopAll()
	waiting := s.inbox.take(core.Event{}, s.feeder.Feeds)
	s.inbox = inbox{}
	s.write()
	s.room.Broadcast()
	s.mu.Unlock()
	if waiting != nil {
		if end.Cause == Stopped || end.Cause == MachineLost { // else they came too late to count
			s.unanswered(waiting.batch)
		}
		waiting.release()
	}
	s.machine.Bye()

	// A stop that was ordered does not wait for slow peers.
	cut := context.AfterFunc(ctx, func() {
		time.AfterFunc(StopLimit, func() {
			s.Client.Cut()
			s.server.Close()
		})
	})
	defer cut()

	var client, server = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(client)
		s.flushed(&s.toClient, func() bool { return true })
		s.Client.Close(end)
	}()
	go func() {
		defer close(server)
		s.flushed(&s.toServer, func() bool { return s.sentFIN || s.toServer.dead })
		s.hearOut()
		s.server.Close()
	}()
	<-client
	<-server
	s.readers.Wait()
	s.writers.Wait()
	s.Client.Cut()
}

// flushed waits until a queue is empty and the condition holds.
func (s *session) flushed(q *queue, and func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !q.idle() || !and() {
		s.room.Wait()
	}
}

// hearOut waits for the end of the server's stream, for DrainLimit at most;
// the reader drops what comes. Closing earlier would send a reset.
func (s *session) hearOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := false
	timer := time.AfterFunc(DrainLimit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.room.Broadcast()
	})
	defer timer.Stop()
	for !s.serverDone && !late {
		s.room.Wait()
	}
}
