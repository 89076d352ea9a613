package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
)

func TestNotes(t *testing.T) {
	dir := t.TempDir()
	s, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, id(0), text("raw", "host:1", "hello"))
	write(t, s, id(1), text("raw", "host:1", "Lesson"))
	n := store.Notes{Title: "The Handshake", Tags: []string{"smtp", "lesson 3"}, Text: "read\nthis", Rows: map[uint64]string{2: "the answer"}}
	if got, err := s.Notes(id(0)); err != nil || !reflect.DeepEqual(got, store.Notes{}) {
		t.Errorf("at first: %v, %v", got, err)
	}
	if err := s.SetNotes(id(0), n); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Notes(id(0)); err != nil || !reflect.DeepEqual(got, n) {
		t.Errorf("%v, %v", got, err)
	}
	if got := read(t, s, id(0)); got != text("raw", "host:1", "hello") {
		t.Errorf("the transcript is %q", got)
	}
	if all := list(t, s, store.Query{}); len(all) != 2 || all[1].Title != n.Title || !reflect.DeepEqual(all[1].Tags, n.Tags) || !all[1].Noted || all[0].Title != "" {
		t.Errorf("%+v", all)
	}
	for words, want := range map[string]int{"the handshake": 1, "SMTP": 1, "read\nthis": 1, "answer": 1, "lesson": 1, "Lesson": 2, "hello": 1, "none": 0} {
		if got := list(t, s, store.Query{Text: words}); len(got) != want {
			t.Errorf("%q: %d found, want %d", words, len(got), want)
		}
	}
	if got := list(t, s, store.Query{Text: "Lesson", Limit: 1}); len(got) != 1 || got[0].ID != id(1) {
		t.Errorf("the newest is %v", got)
	}
	n.Title = "Another" // as another process does it
	other, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.SetNotes(id(0), n), other.Close()); err != nil {
		t.Fatal(err)
	}
	if all := list(t, s, store.Query{Text: "another"}); len(all) != 1 || all[0].Title != "Another" {
		t.Errorf("%+v", all)
	}
	path := filepath.Join(dir, id(0)+".json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if err := s.SetNotes(id(0), store.Notes{}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("empty notes are kept")
	}
	if err := errors.Join(s.SetNotes(id(0), n), s.Delete(id(0))); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the notes outlive their transcript")
	}
}

func TestNotesAreRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, id(0), text("raw", "host:1", "hello"))
	rows := map[uint64]string{}
	for i := range uint64(1001) {
		rows[i] = "x"
	}
	for _, n := range []store.Notes{
		{Title: strings.Repeat("x", 201)}, {Title: "a\nb"}, {Title: "\xff"}, {Title: "\u202e"}, {Tags: make([]string, 21)}, {Tags: []string{""}}, {Tags: []string{"a\tb"}},
		{Text: strings.Repeat("x", 16<<10+1)}, {Rows: rows}, {Rows: map[uint64]string{1: ""}}, {Rows: map[uint64]string{1: strings.Repeat("x", 2<<10+1)}},
	} {
		if err := s.SetNotes(id(0), n); !errors.Is(err, store.ErrNotes) {
			t.Errorf("%.80v: %v", n, err)
		}
	}
	for _, name := range []string{id(1), "../" + id(0), ""} {
		if err := s.SetNotes(name, store.Notes{Title: "x"}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Notes(name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What others put in their place is not followed, and spoils no list.
	outside := filepath.Join(t.TempDir(), "outside")
	os.WriteFile(outside, []byte(`{"title":"outside"}`), 0o600)
	for _, put := range []func(path string) error{
		func(path string) error { return os.Symlink(outside, path) },
		func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) },
		func(path string) error { return os.WriteFile(path, []byte(`{"title":"a\nb"}`), 0o600) },
		func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := filepath.Join(dir, id(0)+".json")
		os.Remove(path)
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Notes(id(0)); err == nil || n.Title != "" {
			t.Errorf("%v, %v", n, err)
		}
		if all := list(t, s, store.Query{}); len(all) != 1 || all[0].Title != "" {
			t.Errorf("%+v", all)
		}
	}
}
