package shared

import (
	"errors"
	"io"
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

func openFolder(t testing.TB) *store.Folder {
	t.Helper()
	f, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// The transcripts of one workbench are what any engine's are.
func TestStore(t *testing.T) {
	b := newBroker(t, 1)
	storetest.Run(t, func(t *testing.T) store.Store {
		folder := openFolder(t)
		return openTenant(t, "one", b).Store("", folder)
	})
}

// They are the same seen from another workbench, once the shared log has them.
func TestStoreFromElsewhere(t *testing.T) {
	b := newBroker(t, 1)
	storetest.Run(t, func(t *testing.T) store.Store {
		here, there := openFolder(t), openFolder(t)
		one, other := openTenant(t, "one", b), openTenant(t, "other", b)
		<-other.ready
		return twoStores{one.Store("", here), other.Store("", there), t}
	})
}

// twoStores writes by way of one workbench and reads by way of the other, once that has
// been told.
type twoStores struct {
	one    *Store
	*Store // the other
	t      *testing.T
}

func (s twoStores) Create(id string) (store.Writer, error) {
	if _, err := s.Store.Info(id); !errors.Is(err, store.ErrNotFound) {
		return nil, errors.New("its ID is taken")
	}
	w, err := s.one.Create(id)
	if err != nil {
		return nil, err
	}
	return shippedWriter{w.(*writer), s, id}, nil
}

type shippedWriter struct {
	*writer
	in twoStores
	id string
}

func (w shippedWriter) Write(p []byte) (int, error) {
	n, err := w.writer.Write(p)
	eventually(w.in.t, "shipped", func() bool {
		_, there := w.in.log.mirror.row("", w.id)
		return there && w.ship.lag() == 0
	})
	return n, err
}

func (w shippedWriter) Close() error {
	err := w.writer.Close()
	eventually(w.in.t, "in the index", func() bool {
		r, ok := w.in.log.mirror.row("", w.id)
		return ok && r.Object != ""
	})
	return err
}

var _ io.Closer = shippedWriter{}
