package store_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

// Recordings are a store like the one below them.
func TestRecordingsAreAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		recordings := store.Record(openFolder(t, t.TempDir()), slog.New(slog.DiscardHandler))
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := recordings.Close(ctx); err != nil {
				t.Error(err)
			}
		})
		return recordings
	})
}
