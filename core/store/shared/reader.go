package shared

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/register"
	"github.com/protocol-workbench/workbench/core/store"
)

// ErrNoLog says that the broker has no log of the tenant.
var ErrNoLog = errors.New("no workbench has shared recordings under that name")

// Reader reads what a tenant's shared log has, and deletes what it is told to. It is no
// workbench: it makes and ships nothing, and the others do not hear of it. Its methods may
// be called by any goroutine.
type Reader struct{ log *Log }

// OpenReader connects to a tenant's log, and returns once it knows what is there. Gateway,
// Replicas and Log of the configuration are not used. A tenant of which the broker has
// nothing is [ErrNoLog].
func OpenReader(ctx context.Context, c Config) (*Reader, error) {
	c.Gateway, c.Log = "reader", slog.New(slog.DiscardHandler) // what it cannot do, its errors say
	l, err := connect(c)
	if err != nil {
		return nil, err
	}
	r := &Reader{l}
	if err := r.start(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start finds what [Log.makeOnce] has made, and waits until all of the index was told.
func (r *Reader) start(ctx context.Context) (err error) {
	l, name := r.log, bucketName(r.log.c.Tenant)
	for change := l.nc.StatusChanged(nats.CONNECTED); !l.nc.IsConnected(); {
		select {
		case <-change:
		case <-ctx.Done():
			if err := l.nc.LastError(); err != nil {
				return fmt.Errorf("the shared log cannot be reached: %w", err)
			}
			return errors.New("the shared log cannot be reached: nobody answers")
		}
	}
	if l.stream, err = l.js.Stream(ctx, name); err == nil {
		l.keys, err = l.js.KeyValue(ctx, name)
	}
	if err == nil {
		l.objects, err = l.js.ObjectStore(ctx, name)
	}
	if err == nil {
		l.chunks, err = l.js.Stream(ctx, "OBJ_"+name)
	}
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrBucketNotFound):
		return ErrNoLog
	case err != nil:
		return fmt.Errorf("the shared log cannot be read: %w", err)
	}
	close(l.ready)
	l.running.Go(l.watch)
	if _, ok := l.mirror.knows(ctx, ""); !ok {
		return errors.New("the shared log does not say in time what it has")
	}
	return nil
}

// Close lets go of the broker.
func (r *Reader) Close() error {
	r.log.stop()
	r.log.running.Wait()
	r.log.nc.Close()
	return nil
}

// Value returns a value of the tenant's, as [Log.Value] does, to be asked for. A tenant that
// has none yet is [ErrNoLog].
func (r *Reader) Value(ctx context.Context, kind, name string) (register.Value, error) {
	l := r.log
	l.values.mu.Lock()
	defer l.values.mu.Unlock()
	if l.values.keys == nil {
		keys, err := l.js.KeyValue(ctx, valuesName(l.c.Tenant))
		switch {
		case errors.Is(err, jetstream.ErrBucketNotFound):
			return nil, ErrNoLog
		case err != nil:
			return nil, unreachable(ctx, err)
		}
		l.values.keys = keys
	}
	return l.Value(kind, name), nil
}

// Owners returns who has transcripts, sorted; "" is the account.
func (r *Reader) Owners() []string {
	m := r.log.mirror
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]bool{}
	for _, row := range m.rows {
		all[row.Owner] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Of returns what the shared log has of an owner's transcripts.
func (r *Reader) Of(owner string) Kept { return Kept{r.log, owner} }

// Kept is what the shared log has of an owner's transcripts. Its methods are as those of
// [store.Store].
type Kept struct {
	log   *Log
	owner string
}

// Open returns the text as far as it has come.
func (k Kept) Open(id string) (io.ReadCloser, error) { return k.log.open(k.log.ctx, k.owner, id) }

// Follow returns the text from its start, until the session has ended.
func (k Kept) Follow(ctx context.Context, id string) iter.Seq2[[]byte, error] {
	return k.log.follow(ctx, k.owner, id)
}

// List returns the transcripts that match, the newest first.
func (k Kept) List(ctx context.Context, q store.Query) ([]store.Info, error) {
	all, err := k.log.list(ctx, k.owner, q, func(store.Info) bool { return true })
	return store.Merged(all, nil, q.Limit), err
}

// Delete deletes a transcript with its notes.
func (k Kept) Delete(id string) error {
	r, ok := k.log.mirror.row(k.owner, id)
	switch {
	case !ok:
		return store.ErrNotFound
	case r.Running && k.log.mirror.lives(r.Gateway, k.log.deadAfter):
		return store.ErrRunning
	}
	return k.log.remove(k.log.ctx, r.key())
}
