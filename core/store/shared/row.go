package shared

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// Keys of the bucket: a kind and what it is of.
const (
	rowKey   = "row."   // and a transcript
	notesKey = "notes." // and a transcript
	beatKey  = "beat."  // and the name of a workbench
)

// row is what the index says of a transcript.
type row struct {
	store.Info
	Owner   string `json:"owner,omitempty"`
	Gateway string `json:"gateway"`          // that holds the session, or held it
	Object  string `json:"object,omitempty"` // with all of its text; "" while it runs
	Sum     string `json:"sum,omitempty"`    // SHA-256 of that
	Chunks  string `json:"chunks,omitempty"` // names the object's
	Filter  []byte `json:"filter,omitempty"` // of that, for searches
}

// key names the row's transcript in the shared log.
func (r *row) key() string { return keyOf(r.Owner, r.ID) }

// keyOf names an owner's transcript in subjects, keys and names of objects: two owners may
// have the same ID.
func keyOf(owner, id string) string {
	if owner == "" {
		return id
	}
	sum := sha256.Sum256([]byte(owner))
	return id + "." + hex.EncodeToString(sum[:8])
}

// mirror is what the bucket says, as far as it was told: transcripts by their keys.
type mirror struct {
	mu      sync.Mutex
	synced  bool
	changed chan struct{} // closed at the next change
	rows    map[string]row
	notes   map[string]store.Notes
	filters map[string]textindex.Filter
	beats   map[string]time.Time // when the workbench was last heard
	deleted map[string]struct{}  // transcripts
}

func newMirror() *mirror {
	return &mirror{changed: make(chan struct{}), rows: map[string]row{}, notes: map[string]store.Notes{}, filters: map[string]textindex.Filter{}, beats: map[string]time.Time{}, deleted: map[string]struct{}{}}
}

// row returns the row of an owner's transcript.
func (m *mirror) row(owner, id string) (row, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[keyOf(owner, id)]
	return r, ok
}

// infos returns what a list says of an owner's transcripts.
func (m *mirror) infos(owner string, q store.Query) (all []store.Info) {
	oldest := store.NewID(time.Now().Add(-store.MaxAge), "", "")
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.Owner == owner && r.ID > oldest && q.Matches(&r.Info) {
			all = append(all, m.describe(r))
		}
	}
	return all
}

// describe returns what a list says of a row. The caller holds m.mu.
func (m *mirror) describe(r row) store.Info {
	info := r.Info
	if n, ok := m.notes[r.key()]; ok {
		info.Annotate(n)
	}
	return info
}

// change returns a channel that is closed at the next change.
func (m *mirror) change() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// take takes in what the bucket says of a key; a nil value says that it is gone.
func (m *mirror) take(key string, value []byte, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.changed)
	m.changed = make(chan struct{})
	if name, ok := strings.CutPrefix(key, beatKey); ok {
		m.beats[name] = now
	} else if of, ok := strings.CutPrefix(key, rowKey); ok {
		var r row
		delete(m.filters, of)
		if value != nil {
			delete(m.deleted, of)
		}
		if delete(m.rows, of); value != nil && json.Unmarshal(value, &r) == nil && r.key() == of && store.ValidID(r.ID) {
			if f, ok := textindex.FilterOf(r.Filter); ok {
				m.filters[of] = f
			}
			r.Filter = nil
			m.rows[of] = r
			if _, known := m.beats[r.Gateway]; !known {
				m.beats[r.Gateway] = now // it has as long as the others
			}
		}
	} else if of, ok := strings.CutPrefix(key, notesKey); ok {
		var n store.Notes
		if delete(m.notes, of); value != nil && json.Unmarshal(value, &n) == nil && n.Check() == nil {
			m.notes[of] = n
		}
	}
}

// heardAll gives every workbench the time that one may be silent for: nothing could be
// heard of them.
func (m *mirror) heardAll(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.beats {
		m.beats[name] = now
	}
}

// watch keeps the mirror up to date until the log is closed.
func (l *Log) watch() {
	l.keepWatching("index", l.keys, func(e jetstream.KeyValueEntry) {
		switch {
		case e == nil:
			l.mirror.mu.Lock()
			l.mirror.synced = true
			l.mirror.mu.Unlock()
			l.mirror.heardAll(time.Now())
			l.mirror.take("", nil, time.Now()) // wakes who waits for that
		case e.Operation() == jetstream.KeyValuePut:
			l.mirror.take(e.Key(), e.Value(), time.Now())
		default:
			if of, ok := strings.CutPrefix(e.Key(), rowKey); ok && e.Operation() == jetstream.KeyValuePurge {
				l.mirror.wasDeleted(of)
			}
			l.mirror.take(e.Key(), nil, time.Now())
			l.deletedElsewhere(e.Key())
		}
	})
}

// wasDeleted notes that a transcript was deleted.
func (m *mirror) wasDeleted(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deleted[key] = struct{}{}
}

// knows waits until all was told that the bucket has, and reports whether a transcript was
// deleted. ok is false if ctx is done before.
func (m *mirror) knows(ctx context.Context, key string) (deleted, ok bool) {
	for {
		m.mu.Lock()
		synced, changed := m.synced, m.changed
		_, deleted = m.deleted[key]
		m.mu.Unlock()
		if synced {
			return deleted, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, false
		}
	}
}

// keepWatching calls told with each entry of a bucket, and with nil once it has told all
// that there were, until the log is closed.
func (l *Log) keepWatching(what string, keys jetstream.KeyValue, told func(jetstream.KeyValueEntry)) {
	for {
		l.mu.Lock()
		back := l.back
		l.mu.Unlock()
		w, err := keys.WatchAll(l.ctx)
		if err == nil {
			err = l.watchUntil(w, back, told)
		}
		if l.ctx.Err() != nil {
			return
		}
		if err != nil {
			l.c.Log.Debug("shared log: a bucket cannot be watched", "bucket", what, "reason", err.Error())
		}
		if err != nil && !l.pause(retryMost) {
			return
		}
	}
}

// watchUntil tells what a watch tells, until the broker was away: watching anew is quicker
// than waiting until nats.go finds that it hears nothing.
func (l *Log) watchUntil(w jetstream.KeyWatcher, back <-chan struct{}, told func(jetstream.KeyValueEntry)) error {
	defer w.Stop()
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			told(e)
		case <-back:
			return nil
		case <-l.ctx.Done():
			return nil
		}
	}
}

// deletedElsewhere takes what this workbench still has of a transcript that another one
// has deleted.
func (l *Log) deletedElsewhere(key string) {
	of, ok := strings.CutPrefix(key, rowKey)
	l.mu.Lock()
	s := l.shipments[of]
	l.mu.Unlock()
	if !ok || s == nil || !s.isOver() || s.fenced.Load() || s.dropped.Swap(true) {
		return
	}
	s.of.folder.Delete(s.id)
	s.of.forget(s)
}

// errTaken says that another writer's text stands under the ID.
var errTaken = errors.New("another transcript stands under its ID")

// putRow puts a row. old says whether it may replace the one that is there, errTaken
// if not; it may look at the shared log.
func (l *Log) putRow(ctx context.Context, r row, old func(context.Context, row) error) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	ctx, cancel := l.ask(ctx)
	defer cancel()
	if _, known := l.mirror.row(r.Owner, r.ID); !known { // as of most: one round trip does
		if _, err := l.keys.Create(ctx, rowKey+r.key(), value); !isTaken(err) {
			return err
		}
	}
	for {
		e, err := l.keys.Get(ctx, rowKey+r.key())
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			_, err = l.keys.Create(ctx, rowKey+r.key(), value)
		case err != nil:
			return err
		default:
			var was row
			if err := json.Unmarshal(e.Value(), &was); err != nil {
				return errTaken
			}
			if err := old(ctx, was); err != nil {
				return err
			}
			_, err = l.keys.Update(ctx, rowKey+r.key(), value, e.Revision())
		}
		if !isTaken(err) {
			return err
		}
	}
}

// isTaken reports whether a key has another value than was thought.
func isTaken(err error) bool { return isWrongLast(err) || errors.Is(err, jetstream.ErrKeyExists) }
