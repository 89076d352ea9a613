package shared

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/spool"
	"github.com/protocol-workbench/workbench/core/store"
)

// errGap says that the beginning of a session is not in the shared log any more.
var errGap = errors.New("the session runs for longer than the shared log keeps its blocks; it can be read once it has ended")

// open returns a text of the shared log, as far as it has come.
func (l *Log) open(ctx context.Context, owner, id string) (io.ReadCloser, error) {
	r, ok := l.mirror.row(owner, id)
	switch {
	case !ok:
		return nil, store.ErrNotFound
	case !l.isReady():
		return nil, store.ErrUnreachable
	case r.Object != "":
		return l.object(ctx, r)
	}
	into := &spool.Spool{}
	if err := l.gather(ctx, r.key(), into); err != nil {
		into.Close()
		return nil, err
	}
	return into.Reader()
}

// gather writes the blocks of a transcript that there are.
func (l *Log) gather(ctx context.Context, key string, into io.Writer) error {
	at := int64(0)
	for from := uint64(1); ; {
		b, err := l.next(ctx, key, from)
		switch {
		case err != nil:
			return err
		case b.sequence == 0:
			return nil
		case b.from != at:
			return errGap
		}
		if _, err := into.Write(b.text); err != nil {
			return err
		}
		from, at = b.sequence+1, b.to()
	}
}

// follow hands out a text of the shared log until its session has ended.
func (l *Log) follow(ctx context.Context, owner, id string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r, ok := l.mirror.row(owner, id)
		switch {
		case !ok:
			yield(nil, store.ErrNotFound)
			return
		case !l.isReady():
			yield(nil, store.ErrUnreachable)
			return
		case r.Object != "":
			text, err := l.object(ctx, r)
			if err != nil {
				yield(nil, err)
				return
			}
			defer text.Close()
			store.Blocks(text, nil)(yield)
			return
		}
		t := &tail{log: l, owner: owner, id: id}
		t.ctx, t.cancel = context.WithCancel(ctx)
		defer t.stop()
		if err := t.start(); err != nil {
			yield(nil, err)
			return
		}
		for b, err := range store.Blocks(t, t.more) {
			if !yield(b, err) {
				return
			}
		}
	}
}

// tail reads the blocks of a session that runs elsewhere, as they come.
type tail struct {
	log      *Log
	ctx      context.Context
	owner    string
	id       string
	messages jetstream.MessagesContext
	cancel   context.CancelFunc
	waits    sync.WaitGroup
	piece    []byte // of the block that is read
	at       int64
	whole    bool
	over     bool
}

// start begins at the session's start.
func (t *tail) start() error {
	consumer, err := t.log.stream.OrderedConsumer(t.ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{t.log.subject(keyOf(t.owner, t.id))}})
	if err == nil {
		t.messages, err = consumer.Messages(jetstream.PullMaxMessages(16))
	}
	if err == nil {
		t.waits.Go(t.whileThere)
	}
	return err
}

// whileThere ends the wait for blocks when the transcript is deleted, or the reader has
// enough.
func (t *tail) whileThere() {
	defer t.messages.Stop()
	for {
		changed := t.log.mirror.change()
		if _, ok := t.log.mirror.row(t.owner, t.id); !ok {
			return
		}
		select {
		case <-changed:
		case <-t.ctx.Done():
			return
		case <-t.log.ctx.Done():
			return
		}
	}
}

func (t *tail) stop() {
	t.cancel()
	if t.messages != nil {
		t.messages.Stop()
	}
	t.waits.Wait()
}

// Read implements [io.Reader].
func (t *tail) Read(p []byte) (int, error) {
	if len(t.piece) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.piece)
	t.piece = t.piece[n:]
	return n, nil
}

// more waits for the next block.
func (t *tail) more(held bool) (goOn, whole bool, err error) {
	if t.over {
		return false, true, nil
	}
	if held && t.whole {
		t.whole = false
		return true, true, nil
	}
	for len(t.piece) == 0 && !t.over {
		b, err := t.next()
		if err != nil {
			return false, false, err
		}
		if b.from != t.at {
			return false, false, errGap
		}
		t.piece, t.at, t.whole, t.over = b.text, b.to(), b.whole, b.end
	}
	return len(t.piece) > 0 || !t.over, t.over, nil
}

// next waits for a block.
func (t *tail) next() (block, error) {
	m, err := t.messages.Next(jetstream.NextContext(t.ctx))
	if t.ctx.Err() != nil {
		return block{}, t.ctx.Err()
	}
	if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
		return block{}, store.ErrNotFound // it was deleted
	} else if err != nil {
		return block{}, err
	}
	meta, err := m.Metadata()
	if err != nil {
		return block{}, err
	}
	return readBlock(m.Headers(), m.Data(), meta.Sequence.Stream)
}

// list returns what the shared log has of an owner's transcripts, the newest first, of those
// that are wanted.
func (l *Log) list(ctx context.Context, owner string, q store.Query, wanted func(store.Info) bool) ([]store.Info, error) {
	all := slices.DeleteFunc(l.mirror.infos(owner, q), func(info store.Info) bool { return !wanted(info) })
	slices.SortFunc(all, func(a, b store.Info) int { return strings.Compare(b.ID, a.ID) })
	if q.Text == "" {
		return all, nil
	}
	return l.search(ctx, owner, all, q)
}

// search returns those whose text or notes hold the text of a query. The filters tell
// which texts need not be read.
func (l *Log) search(ctx context.Context, owner string, all []store.Info, q store.Query) (found []store.Info, err error) {
	needle, err := store.NewNeedle(q.Text)
	if err != nil {
		return nil, err
	}
	lower := strings.ToLower(q.Text)
	type candidate struct {
		info store.Info
		sure bool
	}
	var candidates []candidate
	running := 0
	l.mirror.mu.Lock()
	for _, info := range all {
		n, noted := l.mirror.notes[keyOf(owner, info.ID)]
		if noted && n.Hold(lower) {
			candidates = append(candidates, candidate{info, true})
		} else if info.Running {
			if running++; running <= maxRunning {
				candidates = append(candidates, candidate{info, false})
			}
		} else if f, ok := l.mirror.filters[keyOf(owner, info.ID)]; !ok || !needle.Lacks(f) {
			candidates = append(candidates, candidate{info, false})
		}
	}
	l.mirror.mu.Unlock()
	for len(candidates) > 0 && (q.Limit <= 0 || len(found) < q.Limit) {
		n := min(len(candidates), searchBatch)
		if q.Limit > 0 {
			n = min(n, max(q.Limit-len(found), searchLeast))
		}
		hits := make([]bool, n)
		each(n, func(i int) {
			if hits[i] = candidates[i].sure; hits[i] || ctx.Err() != nil {
				return
			}
			text, err := l.open(ctx, owner, candidates[i].info.ID)
			if err != nil {
				return // it is gone meanwhile, or cannot be read
			}
			defer text.Close()
			turn := background.Take(ctx)
			defer turn.End()
			hits[i] = needle.In(ctx, text)
		})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, hit := range hits {
			if hit {
				found = append(found, candidates[i].info)
			}
		}
		candidates = candidates[n:]
	}
	return found, nil
}

// maxRunning is in how many sessions that run elsewhere, the newest, a search looks: each
// of their blocks is a request to the broker.
const maxRunning = 16

// How many texts are searched before the limit of a search is looked at again.
const (
	searchLeast = 32
	searchBatch = 256
)

// each calls do for 0 to n-1, several at a time: most of the time they wait for the broker.
func each(n int, do func(i int)) {
	var workers sync.WaitGroup
	slots := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	for i := range n {
		slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	workers.Wait()
}
