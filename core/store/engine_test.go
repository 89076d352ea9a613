package store_test

import (
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

func id(n int) string { return storetest.ID(n) }

func text(mode, target, payload string) string { return storetest.Text(mode, target, payload) }

func write(t *testing.T, s store.Store, id, text string) {
	t.Helper()
	storetest.Write(t, s, id, text)
}

func list(t *testing.T, s store.Store, q store.Query) []store.Info {
	t.Helper()
	return storetest.List(t, s, q)
}

func read(t *testing.T, s store.Store, id string) string {
	t.Helper()
	return storetest.Read(t, s, id)
}
