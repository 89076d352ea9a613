package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// talkers are sessions that send a line at intervals, answered or not, and
// note when the answers come.
type talkers struct {
	all    []*talker
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// talker is one of them. Its lines are numbered; the echo server sends them
// back as they are, so lost, doubled and reordered ones show.
type talker struct {
	s    *session
	text bool

	mu      sync.Mutex
	sent    []time.Time     // those unanswered, by when
	heard   int64           // lines
	last    time.Time       // when
	longest time.Duration   // between two of them, since the last mark
	took    []time.Duration // from sending a line to its answer, since the last mark
	err     error           // why the session has ended
}

// maxUnanswered bounds the lines of a talker that are under way. Then it waits.
const maxUnanswered = 64

// lineFormat makes lines that have one length.
const lineFormat = "line %08d of a session that talks"

// startTalking has the sessions talk, one after the other within an interval.
// They are the talkers' from then on.
func startTalking(ctx context.Context, system *system, sessions []*session, interval time.Duration) *talkers {
	ctx, cancel := context.WithCancel(ctx)
	all := &talkers{cancel: cancel}
	for i, s := range sessions {
		k := &talker{s: s, text: system.lines, last: time.Now()}
		all.all = append(all.all, k)
		offset := interval * time.Duration(i) / time.Duration(len(sessions))
		all.ended.Go(func() { k.send(ctx, offset, interval) })
		all.ended.Go(k.listen)
	}
	return all
}

// stop ends the sessions and returns when nothing of them runs.
func (all *talkers) stop() {
	all.cancel()
	for _, k := range all.all {
		k.s.drop()
	}
	all.ended.Wait()
}

func (k *talker) send(ctx context.Context, offset, interval time.Duration) {
	if wait(ctx, offset) != nil {
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for n := 0; ; {
		if k.begin() {
			kind, line := websocket.TextMessage, fmt.Sprintf(lineFormat, n)
			if !k.text {
				kind, line = websocket.BinaryMessage, line+"\r\n"
			}
			if err := k.s.WriteMessage(kind, []byte(line)); err != nil {
				k.fail(err)
				return
			}
			n++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// begin notes that a line is about to be sent, unless too many are under way.
func (k *talker) begin() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sent) >= maxUnanswered {
		return false
	}
	k.sent = append(k.sent, time.Now())
	return true
}

func (k *talker) listen() {
	var got []byte
	for n := int64(0); ; n++ {
		want := fmt.Sprintf(lineFormat, n)
		if !k.text {
			want += "\r\n"
		}
		var err error
		if got, err = k.s.next(got, len(want)); err == nil && string(got[:len(want)]) != want {
			err = fmt.Errorf("got %q, want %q", got, want)
		}
		if err != nil {
			k.fail(err)
			return
		}
		got = append(got[:0], got[len(want):]...) // bytes that pass as they are come in any pieces
		now := time.Now()
		k.mu.Lock()
		k.took = append(k.took, now.Sub(k.sent[0]))
		k.sent = append(k.sent[:0], k.sent[1:]...)
		k.longest = max(k.longest, now.Sub(k.last))
		k.last = now
		k.heard++
		k.mu.Unlock()
	}
}

func (k *talker) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = err
	}
}

// mark begins what silences and answers returns. A silence that has begun
// counts whole.
func (all *talkers) mark() {
	for _, k := range all.all {
		k.mu.Lock()
		k.longest, k.took = 0, k.took[:0]
		k.mu.Unlock()
	}
}

// silences returns the longest of each session that has ended since the last
// mark, if any has.
func (all *talkers) silences() (longest []time.Duration) {
	for _, k := range all.all {
		k.mu.Lock()
		if k.longest > 0 {
			longest = append(longest, k.longest)
		}
		k.mu.Unlock()
	}
	return longest
}

// answers returns how long those since the last mark took, and how many lines
// have been without one for longer than patience.
func (all *talkers) answers(patience time.Duration) (took []time.Duration, missing int) {
	for _, k := range all.all {
		k.mu.Lock()
		took = append(took, k.took...)
		for _, sent := range k.sent {
			if time.Since(sent) > patience {
				missing++
			}
		}
		k.mu.Unlock()
	}
	return took, missing
}

// failed returns how many sessions have ended or got what they should not, and
// why one of them did.
func (all *talkers) failed() (n int, why error) {
	for _, k := range all.all {
		k.mu.Lock()
		if k.err != nil {
			n, why = n+1, k.err
		}
		k.mu.Unlock()
	}
	return n, why
}

// allHeardSince waits until every session has heard something that was sent
// after a time.
func (all *talkers) allHeardSince(ctx context.Context, since time.Time) error {
	for {
		waiting := 0
		for _, k := range all.all {
			k.mu.Lock()
			answered := len(k.sent) == 0 || k.sent[0].After(since)
			if k.err == nil && !(answered && k.last.After(since)) {
				waiting++
			}
			k.mu.Unlock()
		}
		if waiting == 0 {
			return nil
		}
		if err := wait(ctx, 2*time.Millisecond); err != nil {
			return errors.Join(fmt.Errorf("%d sessions have heard nothing since", waiting), err)
		}
	}
}
