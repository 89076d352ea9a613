package shared

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

// A reader sees each owner's transcripts, makes nothing, and is no workbench to the others.
func TestReader(t *testing.T) {
	b := newBroker(t, 1)
	config := Config{Servers: b.urls(), Tenant: "readers"}
	if _, err := OpenReader(t.Context(), config); !errors.Is(err, ErrNoLog) {
		t.Fatalf("a tenant that nobody has made: %v", err)
	}
	l := openLog(t, config.Tenant, "one", b.urls())
	id := storetest.ID(1)
	for _, owner := range []string{"", "anna"} {
		storetest.Write(t, l.Store(owner, openFolder(t)), id, storetest.Text("raw", "", "of "+cmp.Or(owner, "the account")))
	}
	eventually(t, "two transcripts whole", func() bool { return l.Counters.Objects.Load() == 2 })

	r, err := OpenReader(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if owners := r.Owners(); !slices.Equal(owners, []string{"", "anna"}) {
		t.Errorf("owners %q", owners)
	}
	text, err := r.Of("anna").Open(id)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(text); !strings.Contains(string(all), "of anna") || err != nil {
		t.Errorf("anna's is %q, %v", all, err)
	}
	if _, err := r.Of("ben").Open(id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another's: %v", err)
	}
	if n := l.mirror.others("one", time.Hour); n != 0 {
		t.Errorf("%d more workbenches are heard of", n)
	}
	if err := r.Of("anna").Delete(id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "deleted", func() bool { _, there := l.mirror.row("anna", id); return !there })
	if all, err := r.Of("").List(t.Context(), store.Query{Text: "account"}); len(all) != 1 || err != nil {
		t.Errorf("the account has %v, %v", all, err)
	}

	b.kill(0)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := OpenReader(ctx, config); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("no broker: %v", err)
	}
}
