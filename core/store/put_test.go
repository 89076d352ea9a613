package store

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What is put into the store counts for its bounds, and is as old as its ID says.
func TestPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := OpenFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a := Record(f, slog.New(slog.DiscardHandler))
		synctest.Wait()
		a.maxAll = 100_000
		put := func(name, words string) string {
			t.Helper()
			id := NewID(time.Now(), name, "raw")
			text := "workbench transcript v1\nmode raw\n\n0.000 -- recorded 1999-01-02T03:04:05Z, session s1\n1.000 -- " + words + "\n"
			if err := Put(a, id, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if r, err := a.Open(id); err != nil {
				t.Fatal(err)
			} else if got, _ := io.ReadAll(r); string(got) != text {
				t.Errorf("%s has %q", name, got)
			} else {
				r.Close()
			}
			time.Sleep(time.Second)
			return id
		}
		first := put("i1", strings.Repeat("a", 60_000))
		if err := Put(a, first, []byte("again")); err == nil {
			t.Error("an ID was taken twice")
		}
		second := put("i2", strings.Repeat("b", 60_000)) // and so the first gives way
		synctest.Wait()
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if all, err := f.List(t.Context(), Query{}); err != nil || len(all) != 1 || all[0].ID != second {
			t.Errorf("%v, %v; want %s alone", all, err, second)
		}
	})
}
