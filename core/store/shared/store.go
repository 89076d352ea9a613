package shared

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/store"
)

// Store is an owner's transcripts: those in a folder of this workbench, which are shipped,
// and those that the shared log has.
type Store struct {
	log    *Log
	owner  string
	folder *store.Folder
}

var _ store.Store = (*Store)(nil)

// Store returns the transcripts of an owner, "" for the account. Those that the folder
// holds are shipped, what an earlier process left there too.
func (l *Log) Store(owner string, folder *store.Folder) *Store {
	s := &Store{log: l, owner: owner, folder: folder}
	l.running.Go(s.shipLeft)
	return s
}

// KeepsBounds says that the shared log, not who records, deletes what is old: a file is
// here only as long as the shared log does not have it.
func (s *Store) KeepsBounds() bool { return true }

// shipLeft ships what an earlier process has left, and what others, such as workbench
// tap, add.
func (s *Store) shipLeft() {
	for again := true; again; again = s.log.rest(lookEvery) {
		s.shipFound()
	}
}

func (s *Store) shipFound() {
	infos, err := s.folder.List(s.log.ctx, store.Query{})
	if err != nil && s.log.ctx.Err() == nil {
		s.log.c.Log.Warn("what was recorded earlier cannot be listed, so it is not shipped", "reason", err.Error())
		return
	}
	for _, info := range slices.Backward(infos) { // the oldest first
		if info.Running {
			continue // a process ships it that is there
		}
		one := s.newShipment(info.ID)
		one.size.Store(info.Size)
		one.closed.Store(true)
		one.left = true
		if s.begin(one) && !one.await(one.over) {
			return
		}
	}
}

func (s *Store) newShipment(id string) *shipment {
	return &shipment{log: s.log, of: s, id: id, key: keyOf(s.owner, id), wake: make(chan struct{}, 1), over: make(chan struct{})}
}

// begin begins to ship a transcript; false if that was begun before.
func (s *Store) begin(one *shipment) bool {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.log.shipments[one.key] != nil {
		return false
	}
	s.log.shipments[one.key] = one
	s.log.running.Go(one.run)
	return true
}

// shipment returns the shipment of a transcript that is here, nil if none is.
func (s *Store) shipment(id string) *shipment {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.shipments[keyOf(s.owner, id)]
}

// forget removes the file of a transcript that the shared log has.
func (s *Store) forget(one *shipment) {
	if !one.dropped.Load() {
		s.folder.Delete(one.id)
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.log.shipments[one.key] == one {
		delete(s.log.shipments, one.key)
	}
}

// Create implements [store.Store].
func (s *Store) Create(id string) (store.Writer, error) {
	if _, taken := s.log.mirror.row(s.owner, id); taken {
		return nil, fmt.Errorf("create transcript %s: its ID is taken", id)
	}
	w, err := s.folder.Create(id)
	if err != nil {
		return nil, err
	}
	one := s.newShipment(id)
	if !s.begin(one) { // the one before has not been forgotten
		return nil, errors.Join(fmt.Errorf("create transcript %s: its ID is taken", id), w.Close())
	}
	return &writer{Writer: w, ship: one}, nil
}

// writer tells the shipment how the file grows.
type writer struct {
	store.Writer
	ship    *shipment
	written int64
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.written += int64(n)
	w.ship.size.Store(w.written)
	w.ship.poke()
	return n, err
}

func (w *writer) Close() error {
	err := w.Writer.Close()
	if w.written == 0 {
		w.ship.dropped.Store(true)
	}
	w.ship.closed.Store(true)
	w.ship.poke()
	return err
}

// Part returns how many parts the text is laid over.
func (w *writer) Part() int {
	if p, ok := w.Writer.(interface{ Part() int }); ok {
		return p.Part()
	}
	return 1
}

// Open implements [store.Store].
func (s *Store) Open(id string) (io.ReadCloser, error) {
	text, err := s.folder.Open(id)
	if !errors.Is(err, store.ErrNotFound) {
		return text, err
	}
	return s.log.open(s.log.ctx, s.owner, id)
}

// Follow implements [store.Store].
func (s *Store) Follow(ctx context.Context, id string) iter.Seq2[[]byte, error] {
	if _, err := s.folder.Info(id); !errors.Is(err, store.ErrNotFound) {
		return s.folder.Follow(ctx, id)
	}
	return s.log.follow(ctx, s.owner, id)
}

// Info implements [store.Store].
func (s *Store) Info(id string) (store.Info, error) {
	info, err := s.folder.Info(id)
	if !errors.Is(err, store.ErrNotFound) {
		return info, err
	}
	r, ok := s.log.mirror.row(s.owner, id)
	if !ok {
		return store.Info{}, store.ErrNotFound
	}
	s.log.mirror.mu.Lock()
	defer s.log.mirror.mu.Unlock()
	return s.log.mirror.describe(r), nil
}

// List implements [store.Store]. What the shared log has is listed as this workbench was
// last told.
func (s *Store) List(ctx context.Context, q store.Query) ([]store.Info, error) {
	here, err := s.folder.List(ctx, q)
	if err != nil {
		return nil, err
	}
	there, err := s.log.list(ctx, s.owner, q, func(info store.Info) bool { return s.shipment(info.ID) == nil })
	if err != nil {
		return nil, err
	}
	return store.Merged(here, there, q.Limit), nil
}

// Delete implements [store.Store]. Blocks and object go first: without its row nothing
// finds them.
func (s *Store) Delete(id string) error {
	one := s.shipment(id)
	r, there := s.log.mirror.row(s.owner, id)
	switch {
	case one != nil && !one.ended():
		return store.ErrRunning
	case one == nil && !there:
		return s.folder.Delete(id)
	case one == nil && r.Running && s.log.mirror.lives(r.Gateway, s.log.deadAfter):
		return store.ErrRunning
	case there && !s.log.isReady():
		return store.ErrUnreachable
	}
	if one != nil {
		one.dropped.Store(true)
		one.poke()
		if err := s.folder.Delete(id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if s.log.isReady() {
		if err := s.log.remove(s.log.ctx, keyOf(s.owner, id)); err != nil {
			return fmt.Errorf("%w (%w)", store.ErrUnreachable, err)
		}
	}
	if one != nil {
		s.forget(one)
	}
	return nil
}

// remove deletes a transcript from the shared log. It does not come back with a workbench
// that has a file of it, and was down: the bucket remembers that a key was purged for as long
// as it would have kept it.
func (l *Log) remove(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*askLimit)
	defer cancel()
	if err := l.purge(ctx, key); err != nil {
		return err
	}
	var r row
	if e, err := l.keys.Get(ctx, rowKey+key); err == nil {
		json.Unmarshal(e.Value(), &r)
	} else if !errors.Is(err, jetstream.ErrKeyNotFound) {
		return err
	}
	if r.Object != "" {
		if err := l.objects.Delete(ctx, r.Object); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return err
		}
	}
	for _, kind := range []string{notesKey, rowKey} {
		if err := l.keys.Purge(ctx, kind+key); err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return err
		}
	}
	for _, kind := range []string{notesKey, rowKey} {
		l.mirror.take(kind+key, nil, time.Now()) // before the broker says so
	}
	return nil
}

// Notes implements [store.Store].
func (s *Store) Notes(id string) (store.Notes, error) {
	n, err := s.folder.Notes(id)
	if !errors.Is(err, store.ErrNotFound) {
		return n, err
	}
	if _, ok := s.log.mirror.row(s.owner, id); !ok {
		return store.Notes{}, store.ErrNotFound
	}
	s.log.mirror.mu.Lock()
	defer s.log.mirror.mu.Unlock()
	return s.log.mirror.notes[keyOf(s.owner, id)], nil
}

// SetNotes implements [store.Store].
func (s *Store) SetNotes(id string, n store.Notes) error {
	if err := n.Check(); err != nil {
		return err
	}
	err := s.folder.SetNotes(id, n)
	r, there := s.log.mirror.row(s.owner, id)
	switch {
	case errors.Is(err, store.ErrNotFound) && there, err == nil && there && r.Object != "":
	default:
		return err // they are shipped with the text
	}
	if !s.log.isReady() {
		return store.ErrUnreachable
	}
	if err := s.log.putNotes(s.log.ctx, keyOf(s.owner, id), n); err != nil {
		return fmt.Errorf("%w (%w)", store.ErrUnreachable, err)
	}
	return nil
}

// unlist takes a transcript out of the index of which the shared log has no text: its
// workbench brings it when it comes back.
func (l *Log) unlist(ctx context.Context, key string) error {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	return l.keys.Delete(ctx, rowKey+key)
}
