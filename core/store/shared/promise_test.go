package shared

import (
	"errors"
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

// The broker refuses a block whose subject does not end as its writer thinks.
func TestPublishAfter(t *testing.T) {
	l := openTenant(t, "one", newBroker(t, 1))
	<-l.ready
	first := &block{writer: "a", number: 1, text: []byte("first")}
	sequence, err := l.publish(t.Context(), "id", first, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.publish(t.Context(), "id", &block{writer: "b", number: 1, text: []byte("other")}, 0); !isWrongLast(err) {
		t.Errorf("a second first block: %v", err)
	}
	if _, err := l.publish(t.Context(), "id", &block{writer: "a", number: 2, text: []byte("second")}, sequence); err != nil {
		t.Error(err)
	}
}

// Two owners may have the same ID: neither sees, changes or deletes the other's.
func TestOwners(t *testing.T) {
	b := newBroker(t, 1)
	folders := []*store.Folder{openFolder(t), openFolder(t), openFolder(t)}
	l, other := openTenant(t, "one", b), openTenant(t, "other", b)
	<-other.ready
	id := storetest.ID(0)
	for i, owner := range []string{"", "ann"} {
		storetest.Write(t, l.Store(owner, folders[i]), id, storetest.Text("raw", "host:1", "of "+owner))
	}
	for _, owner := range []string{"", "ann"} {
		eventually(t, "in the index", func() bool {
			r, ok := other.mirror.row(owner, id)
			return ok && r.Object != ""
		})
		if got := storetest.Read(t, other.Store(owner, folders[2]), id); got != storetest.Text("raw", "host:1", "of "+owner) {
			t.Errorf("%q has %q", owner, got)
		}
	}
	if err := other.Store("ann", folders[2]).Delete(id); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Store("", folders[2]).Info(id); err != nil {
		t.Errorf("the account's is gone too: %v", err)
	}
	if _, err := other.Store("joe", folders[2]).Open(id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a third owner's: %v", err)
	}
}

// A text that is not what its row says is not handed out.
func TestDamagedObject(t *testing.T) {
	folder := openFolder(t)
	l := openTenant(t, "one", newBroker(t, 1))
	s, id := l.Store("", folder), storetest.ID(0)
	storetest.Write(t, s, id, storetest.Text("raw", "host:1", "hello"))
	readShared(t, l, id)
	r, _ := l.mirror.row("", id)
	r.Sum = "00" + r.Sum[2:]
	if _, err := l.object(t.Context(), r); !errors.Is(err, errDamaged) {
		t.Errorf("got %v", err)
	}
}

// What is deleted while its workbench is down stays deleted when that comes back with the
// file; what a completer took out, since nothing of it was acknowledged, comes back.
func TestDeletedWhileItsWorkbenchIsDown(t *testing.T) {
	b, dir := newBroker(t, 1), t.TempDir()
	folder, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, other := openTenant(t, "one", b), openTenant(t, "other", b)
	<-l.ready
	s, deleted, taken := l.Store("", folder), storetest.ID(0), storetest.ID(1)
	for _, id := range []string{deleted, taken} {
		storetest.Write(t, s, id, storetest.Text("raw", "host:1", id))
		readShared(t, other, id)
	}
	l.Close(t.Context())
	folder.Close()
	if err := other.Store("", openFolder(t)).Delete(deleted); err != nil {
		t.Fatal(err)
	}
	if err := other.unlist(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	if folder, err = store.OpenFolder(dir); err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	l = openTenant(t, "one", b)
	l.Store("", folder)
	readShared(t, other, taken)
	eventually(t, "its file gone", func() bool {
		_, err := folder.Info(deleted)
		return errors.Is(err, store.ErrNotFound)
	})
	if _, ok := other.mirror.row("", deleted); ok {
		t.Error("what was deleted is back")
	}
}
