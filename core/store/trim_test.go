package store

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countingStore counts its lists, which look at every transcript there is.
type countingStore struct {
	Store
	lists atomic.Int64
}

func (c *countingStore) List(ctx context.Context, q Query) ([]Info, error) {
	c.lists.Add(1)
	return nil, nil
}

func (c *countingStore) Create(string) (Writer, error) { return noDisk{}, nil }

// The store is not looked through at the end of each recording.
func TestTrimIsRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &countingStore{}
		a := Record(c, slog.New(slog.DiscardHandler))
		session := func() {
			r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
			r.End(0, "over")
			time.Sleep(time.Second)
		}
		for range 20 {
			session()
		}
		if c.lists.Load() != 1 {
			t.Errorf("after 20 recordings there were %d lists, want the one at the start", c.lists.Load())
		}
		time.Sleep(trimEvery)
		session()
		if c.lists.Load() != 2 {
			t.Errorf("an hour later there were %d lists, want 2", c.lists.Load())
		}
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
