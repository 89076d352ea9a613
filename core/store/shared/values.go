package shared

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/register"
)

// values is the bucket of what workbenches change by turns, and what this one was told of
// it. Unlike that of the rows it keeps what it has until it is deleted.
type values struct {
	keys jetstream.KeyValue // once the log is ready

	mu      sync.Mutex
	known   map[string]known // by key
	changed chan struct{}    // closed at the next change
}

type known struct {
	text     []byte
	revision uint64
	gone     bool // it was deleted
}

func newValues() *values {
	return &values{known: map[string]known{}, changed: make(chan struct{})}
}

// take takes in the text of a key, unless a newer one is known.
func (v *values) take(key string, k known) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if k.revision <= v.known[key].revision {
		return
	}
	v.known[key] = k
	v.tell()
}

// tell wakes who waits for a change. v is locked.
func (v *values) tell() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// valuesName names the bucket.
func valuesName(tenant string) string { return bucketName(tenant) + "_values" }

// Value returns a value of the tenant's. Kind has letters and digits only, and name any
// text.
func (l *Log) Value(kind, name string) register.Value {
	sum := sha256.Sum256([]byte(name))
	return &value{l, kind + "." + hex.EncodeToString(sum[:8])}
}

// value is one key of the bucket.
type value struct {
	log *Log
	key string
}

// Get implements [register.Value].
func (v *value) Get() (text []byte, revision uint64) {
	k := v.newest()
	return k.text, k.revision
}

// newest returns what this workbench knows of the value.
func (v *value) newest() known {
	in := v.log.values
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.known[v.key]
}

// Changed implements [register.Value].
func (v *value) Changed() <-chan struct{} {
	in := v.log.values
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.changed
}

// Load implements [register.Value].
func (v *value) Load(ctx context.Context) (text []byte, revision uint64, err error) {
	if !v.log.isReady() {
		return nil, 0, register.ErrUnreachable
	}
	asked, cancel := v.log.ask(ctx)
	defer cancel()
	e, err := v.log.values.keys.Get(asked, v.key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return nil, 0, unreachable(ctx, err)
	default:
		v.log.values.take(v.key, known{text: e.Value(), revision: e.Revision()})
	}
	// A server that is behind the others answers with what was.
	newest := v.newest()
	if newest.gone {
		return nil, 0, nil
	}
	return newest.text, newest.revision, nil
}

// Set implements [register.Value].
func (v *value) Set(ctx context.Context, text []byte, revision uint64) (uint64, error) {
	if !v.log.isReady() {
		return 0, register.ErrUnreachable
	}
	asked, cancel := v.log.ask(ctx)
	defer cancel()
	var next uint64
	var err error
	if revision == 0 {
		next, err = v.log.values.keys.Create(asked, v.key, text)
	} else {
		next, err = v.log.values.keys.Update(asked, v.key, text, revision)
	}
	switch {
	case isTaken(err):
		return 0, register.ErrChanged
	case err != nil:
		return 0, unreachable(ctx, err)
	}
	v.log.values.take(v.key, known{text: text, revision: next})
	return next, nil
}

// unreachable returns the error of a request that the broker did not answer.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(register.ErrUnreachable, err)
}

// watchValues keeps what is known of the values up to date until the log is closed.
func (l *Log) watchValues() {
	l.keepWatching("values", l.values.keys, func(e jetstream.KeyValueEntry) {
		if e != nil {
			l.values.take(e.Key(), known{e.Value(), e.Revision(), e.Operation() != jetstream.KeyValuePut})
		}
	})
}

// Destroy deletes all transcripts of the tenant, with all that belongs to them, and the
// values of some kinds. Nothing is to be recorded any more, by any workbench.
func (l *Log) Destroy(ctx context.Context, kinds ...string) error {
	if !l.isReady() {
		return register.ErrUnreachable
	}
	name := bucketName(l.c.Tenant)
	var errs []error
	note := func(err error) {
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) && !errors.Is(err, jetstream.ErrBucketNotFound) {
			errs = append(errs, err)
		}
	}
	note(l.js.DeleteStream(ctx, name))
	note(l.js.DeleteObjectStore(ctx, name))
	note(l.js.DeleteKeyValue(ctx, name))
	l.values.mu.Lock()
	keys := slices.Collect(maps.Keys(l.values.known))
	l.values.mu.Unlock()
	for _, key := range keys {
		if kind, _, _ := strings.Cut(key, "."); slices.Contains(kinds, kind) {
			note(l.values.keys.Purge(ctx, key))
		}
	}
	return errors.Join(errs...)
}
