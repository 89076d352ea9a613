package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// students work at the gateways of a school until they are told to stop.
type students struct {
	all     []*student
	stop    context.CancelFunc
	working sync.WaitGroup
}

// student opens a session, types a line now and then, ends the session after a while, and
// begins the next.
type student struct {
	trial   *trial
	gateway *gateway
	mode    string
	random  *rand.Rand
	who     http.Header // of a student of a class

	mu       sync.Mutex
	sessions int
	took     []time.Duration // from each line to its answer
	err      error           // why it has stopped early
}

// studentModes are what students use, in turn: one that passes bytes, and one with lines.
var studentModes = []string{"raw", "http-line"}

// enrol has so many students begin, spread over the gateways, and returns when each has a
// session and its first answer.
func (sc *school) enrol(ctx context.Context, n int64) (*students, error) {
	working, stop := context.WithCancel(ctx)
	all := &students{stop: stop}
	for i := range n {
		k := &student{
			trial: sc.trial, gateway: sc.gateways[i%schoolGateways], mode: studentModes[i/schoolGateways%int64(len(studentModes))],
			random: rand.New(rand.NewPCG(uint64(i), 0)),
		}
		all.all = append(all.all, k)
	}
	code, err := sc.code(ctx)
	if err != nil {
		return all, err
	}
	err = inParallel(openers, n, func(i int64) error {
		k := all.all[i]
		if code != "" {
			if err := k.join(ctx, working, code, fmt.Sprint("Student ", i+1)); err != nil {
				return fmt.Errorf("student %d of %d: %w", i+1, n, err)
			}
		}
		s, err := k.begin(ctx)
		if err != nil {
			return fmt.Errorf("student %d of %d: %w", i+1, n, err)
		}
		all.working.Go(func() {
			if err := k.work(ctx, working, s); err != nil {
				k.mu.Lock()
				k.err = err
				k.mu.Unlock()
			}
		})
		return nil
	})
	if err != nil {
		all.leave()
	}
	return all, err
}

// leave has the students end their sessions, and returns what the first says who could not
// work.
func (all *students) leave() error {
	all.stop()
	all.working.Wait()
	for i, k := range all.all {
		if k.err != nil {
			return fmt.Errorf("student %d of %d: %w", i+1, len(all.all), k.err)
		}
	}
	return nil
}

// sessions returns how many sessions have begun so far.
func (all *students) sessions() (sum int) {
	for _, k := range all.all {
		k.mu.Lock()
		sum += k.sessions
		k.mu.Unlock()
	}
	return sum
}

// answers returns how long all answers took, sorted.
func (all *students) answers() (took []time.Duration) {
	for _, k := range all.all {
		k.mu.Lock()
		took = append(took, k.took...)
		k.mu.Unlock()
	}
	slices.Sort(took)
	return took
}

// begin opens a session and types its first line.
func (k *student) begin(ctx context.Context) (*session, error) {
	s, err := k.trial.system.dialAs(ctx, k.who, k.gateway.process, k.gateway.echo, k.mode, smallBuffer)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.sessions++
	k.mu.Unlock()
	if err := k.enter(s); err != nil {
		s.drop()
		return nil, err
	}
	return s, nil
}

// enter types a line, which tells when that was, and waits for its answer.
func (k *student) enter(s *session) error {
	start := time.Now()
	if err := k.trial.system.say(s, k.mode, stamp(start), 1); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.took = append(k.took, time.Since(start))
	return nil
}

// work goes on with a session that is at any point of its time, and then with others,
// until working is done.
func (k *student) work(ctx, working context.Context, s *session) error {
	sizes := k.trial.sizes
	left := time.Duration(k.random.Float64() * float64(sizes.lesson))
	for {
		for left > 0 {
			pause := k.jittered(sizes.lineEvery)
			if wait(working, pause) != nil {
				return s.end()
			}
			if err := k.enter(s); err != nil {
				s.drop()
				return err
			}
			left -= pause
		}
		if err := s.end(); err != nil {
			return err
		}
		if wait(working, k.jittered(sizes.lineEvery)) != nil {
			return nil
		}
		var err error
		if s, err = k.begin(ctx); err != nil {
			return err
		}
		left = k.jittered(sizes.lesson)
	}
}

// jittered returns a time between half of d and three halves.
func (k *student) jittered(d time.Duration) time.Duration {
	return d/2 + time.Duration(k.random.Int64N(int64(d)))
}
