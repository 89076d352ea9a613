package shared

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/spool"
	"github.com/protocol-workbench/workbench/core/store"
)

// beat says again and again that this workbench is there.
func (l *Log) beat() {
	for {
		if l.nc.IsConnected() {
			ctx, cancel := l.ask(l.ctx)
			l.keys.PutString(ctx, beatKey+l.c.Gateway, time.Now().UTC().Format(time.RFC3339))
			cancel()
		}
		if !l.pause(beatEvery) {
			return
		}
	}
}

// lives reports whether a workbench was heard within a time.
func (m *mirror) lives(gateway string, within time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.beats[gateway]) < within
}

// others returns how many other workbenches were heard within a time.
func (m *mirror) others(self string, within time.Duration) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, heard := range m.beats {
		if name != self && time.Since(heard) < within {
			n++
		}
	}
	return n
}

// orphans returns the rows of sessions whose workbench has not been heard for a time.
func (m *mirror) orphans(self string, deadAfter time.Duration) (all []row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.synced {
		return nil
	}
	for _, r := range m.rows {
		if r.Object == "" && r.Gateway != self && time.Since(m.beats[r.Gateway]) >= deadAfter {
			all = append(all, r)
		}
	}
	return all
}

// complete finishes what dead workbenches have left, until the log is closed.
func (l *Log) complete() {
	for l.rest(l.completeEvery) {
		if !l.isReady() {
			continue
		}
		for _, r := range l.mirror.orphans(l.c.Gateway, l.deadAfter) {
			err := l.dead(l.ctx, r.Gateway)
			if err == nil {
				err = l.completeOne(l.ctx, r)
			}
			if l.ctx.Err() != nil {
				return
			}
			if err != nil {
				l.c.Log.Debug("what a workbench left is not complete", "transcript", r.ID, "workbench", r.Gateway, "reason", err.Error())
				continue
			}
			l.Counters.Completed.Add(1)
			l.c.Log.Info("a workbench is gone; what it has shipped of a session is complete", "transcript", r.ID, "workbench", r.Gateway)
		}
	}
}

// dead returns nil if a workbench has not been heard for a time, as the broker's own
// clock has it: what this one was told may be late.
func (l *Log) dead(ctx context.Context, gateway string) error {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	own, err := l.keys.Get(ctx, beatKey+l.c.Gateway)
	if err != nil {
		return err
	}
	its, err := l.keys.Get(ctx, beatKey+gateway)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil
	case err != nil:
		return err
	case own.Created().Sub(its.Created()) < l.deadAfter-beatEvery:
		return errors.New("it is alive")
	}
	return nil
}

// completeOne ends the blocks of a transcript with one of its own, which fences its
// writer, and keeps what there is.
func (l *Log) completeOne(ctx context.Context, r row) error {
	last, err := l.last(ctx, r.key())
	if err != nil {
		return err
	}
	if !last.end {
		end := &block{writer: l.writer, number: last.number + 1, from: last.to(), sum: last.sum, whole: true, end: true}
		if _, err := l.publish(ctx, r.key(), end, last.sequence); err != nil {
			return err
		}
	}
	if last.to() == 0 { // nothing was acknowledged, and with that block there nothing will be
		return l.unlist(ctx, r.key())
	}
	into := &spool.Spool{}
	defer into.Close()
	if err := l.gather(ctx, r.key(), into); err != nil {
		if !errors.Is(err, errGap) {
			return err
		}
		return l.unlist(ctx, r.key())
	}
	whole, err := into.Reader()
	if err != nil {
		return err
	}
	size, err := whole.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	info, err := store.Describe(r.ID, whole, size)
	if err != nil {
		return err
	}
	whole.Seek(0, io.SeekStart)
	h := sha256.New()
	f, ok := store.FilterOf(ctx, io.TeeReader(whole, h), size)
	if !ok {
		return ctx.Err()
	}
	whole.Seek(0, io.SeekStart)
	err = l.keep(ctx, row{Info: info, Owner: r.Owner, Gateway: r.Gateway, Sum: hexSum(h)}, whole, f, func(row) bool { return false })
	if errors.Is(err, errTaken) {
		return nil // its workbench is back, and was faster
	}
	if err == nil {
		l.running.Go(func() { // those who read along come to the end first
			if l.rest(l.grace) {
				l.purge(l.ctx, r.key())
			}
		})
	}
	return err
}
