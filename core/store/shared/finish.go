package shared

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/textindex"
)

// errNotEnded says that the index has the transcript as another workbench's, which may
// still end it; or it is dead, and will be found to be.
var errNotEnded = errors.New("it runs at another workbench, as the index has it")

// errSame says that the index has the transcript already.
var errSame = errors.New("it is in the index")

// finish puts the whole text into the shared log: as an object, then as a row of the
// index. Once the row is acknowledged the shared log has it.
func (s *shipment) finish(ctx context.Context) error {
	info, err := s.of.folder.Info(s.id)
	if err != nil {
		return err
	}
	sum, filter, err := s.read(ctx)
	if err != nil {
		return err
	}
	if n, err := s.of.folder.Notes(s.id); err != nil {
		return err
	} else if info.Noted || info.Title != "" || len(info.Tags) > 0 {
		if err := s.log.putNotes(ctx, s.key, n); err != nil {
			return err
		}
	}
	text, err := s.of.folder.Open(s.id)
	if err != nil {
		return err
	}
	defer text.Close()
	if err := s.log.keep(ctx, row{Info: info, Owner: s.of.owner, Gateway: s.log.c.Gateway, Sum: sum}, text, filter, s.prefix); err != nil {
		if errors.Is(err, errTaken) {
			err = errFenced
		}
		return err
	}
	if s.dropped.Load() {
		return s.log.remove(ctx, s.key) // it was deleted meanwhile
	}
	s.sent.Store(s.size.Load())
	s.log.Counters.Objects.Add(1)
	s.log.later(s)
	return nil
}

// read returns the sum and the filter of the whole text.
func (s *shipment) read(ctx context.Context) (sum string, f textindex.Filter, err error) {
	text, err := s.of.folder.Open(s.id)
	if err != nil {
		return "", nil, err
	}
	defer text.Close()
	h := sha256.New()
	f, ok := store.FilterOf(ctx, io.TeeReader(text, h), s.size.Load())
	if !ok {
		return "", nil, errors.Join(ctx.Err(), io.ErrUnexpectedEOF)
	}
	return hexSum(h), f, nil
}

// prefix reports whether what the index has is the beginning of this text: this one then
// is what a workbench wrote that was thought dead.
func (s *shipment) prefix(was row) bool {
	text, err := s.of.folder.Open(s.id)
	if err != nil {
		return false
	}
	defer text.Close()
	h := sha256.New()
	n, err := io.CopyN(h, text, was.Size)
	return err == nil && n == was.Size && hexSum(h) == was.Sum
}

// keep puts a text into the shared log, and its row. prefix says whether it may replace
// another text.
func (l *Log) keep(ctx context.Context, r row, text io.Reader, f textindex.Filter, prefix func(row) bool) error {
	ctx, cancel := context.WithTimeout(ctx, objectLimit)
	defer cancel()
	r.Running, r.Disk = false, r.Size
	r.Title, r.Tags, r.Noted = "", nil, false
	r.Object = r.key() + "." + r.Sum[:16]
	replaced := ""
	check := func(_ context.Context, was row) error {
		switch {
		case was.Owner != r.Owner:
			return errTaken
		case was.Object == "" && was.Gateway != r.Gateway:
			return errNotEnded
		case was.Object == "":
			return nil
		case was.Sum == r.Sum:
			return errSame
		case was.Size < r.Size && prefix(was):
			replaced = was.Object
			return nil
		}
		return errTaken
	}
	if was, ok := l.mirror.row(r.Owner, r.ID); ok && was.Object != "" {
		if err := check(ctx, was); errors.Is(err, errSame) {
			return nil
		} else if err != nil {
			return err
		}
	}
	chunks, err := l.putObject(ctx, r.Object, text)
	if err != nil {
		return err
	}
	r.Chunks = chunks
	r.Filter = f.Bytes()
	if err := l.putRow(ctx, r, check); err != nil && !errors.Is(err, errSame) {
		return err
	}
	if replaced != "" {
		l.objects.Delete(ctx, replaced) // nothing names it any more
	}
	return nil
}

func (l *Log) putNotes(ctx context.Context, key string, n store.Notes) error {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	value, err := json.Marshal(n)
	if err != nil {
		return err
	}
	_, err = l.keys.Put(ctx, notesKey+key, value)
	return err
}

// due is a transcript that the shared log has, and when its blocks and its file go: those
// who read them have their time first.
type due struct {
	*shipment
	at time.Time
}

func (l *Log) later(s *shipment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = append(l.due, due{s, time.Now().Add(l.grace)})
}

// sweep removes what is due, until the log is closed.
func (l *Log) sweep() {
	for l.rest(l.sweepEvery) {
		for s := l.nextDue(); s != nil; s = l.nextDue() {
			r, ok := l.mirror.row(s.of.owner, s.id)
			if !s.dropped.Load() && (!ok || r.Object == "" || (s.contacted || s.left) && l.purge(l.ctx, s.key) != nil) {
				l.later(s) // it is not found in the shared log yet
				continue
			}
			s.of.forget(s)
		}
	}
}

// nextDue takes the next that is due; nil if none is.
func (l *Log) nextDue() *shipment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.due) == 0 || time.Now().Before(l.due[0].at) {
		return nil
	}
	s := l.due[0].shipment
	l.due = l.due[1:]
	return s
}

func (l *Log) purge(ctx context.Context, key string) error {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	return l.stream.Purge(ctx, jetstream.WithPurgeSubject(l.subject(key)))
}

// rest waits for a while; false: the log is closed.
func (l *Log) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
