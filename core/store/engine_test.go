package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// testEngine runs the tests that any Store must pass. Each call of open returns
// an empty one.
func testEngine(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"what was written is read back", readBack},
		{"an ID is given once", onlyOnce},
		{"an ID that cannot be is not found", noSuchID},
		{"a list tells the newest first", newestFirst},
		{"a list tells how each began and ended", tellsAll},
		{"a search finds by mode, target and text", searches},
		{"delete deletes", deletes},
		{"a running transcript is not deleted", keepsRunning},
		{"follow tells all, from the start to the end", follows},
		{"follow ends with its context", stopsFollowing},
		{"many write and read at once", manyAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// It is not long ago: a store may give up what is old.
var began = time.Now().UTC().Add(-time.Hour).Truncate(time.Millisecond)

// id returns the nth ID, in the order of time.
func id(n int) string { return store.NewID(began.Add(time.Duration(n)*time.Second), "s1", "raw") }

// text returns a transcript that ends as Recordings end it.
func text(mode, target, payload string) string {
	t := transcript.Transcript{Mode: mode, Target: target, Entries: []transcript.Entry{
		{Dir: transcript.Remark, Timed: true, Remark: "recorded " + began.Format("2006-01-02T15:04:05.000Z07:00") + ", session s1"},
		{Dir: transcript.Event, Timed: true, Time: time.Second, Event: core.Event{Kind: core.ServerBytes, Data: []byte(payload)}},
		{Dir: transcript.Remark, Timed: true, Time: 1500 * time.Millisecond, Remark: "ended: the server closed the connection"},
	}}
	return string(t.Append(nil))
}

func write(t *testing.T, s store.Store, id, text string) {
	t.Helper()
	w := create(t, s, id)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s store.Store, id string) store.Writer {
	t.Helper()
	w, err := s.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func list(t *testing.T, s store.Store, q store.Query) []store.Info {
	t.Helper()
	infos, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

func read(t *testing.T, s store.Store, id string) string {
	t.Helper()
	r, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readBack(t *testing.T, s store.Store) {
	want := text("raw", "host:1", "hello\r\n\x00\xff")
	w := create(t, s, id(0))
	half := strings.Index(want, "1.000")
	io.WriteString(w, want[:half])
	if got := read(t, s, id(0)); got != want[:half] {
		t.Errorf("while it is running: %q", got)
	}
	io.WriteString(w, want[half:])
	w.Close()
	if got := read(t, s, id(0)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func onlyOnce(t *testing.T, s store.Store) {
	write(t, s, id(0), text("raw", "", "first"))
	if w, err := s.Create(id(0)); err == nil {
		w.Close()
		t.Error("an ID was given twice")
	}
	if !strings.Contains(read(t, s, id(0)), "first") {
		t.Error("the first one is gone")
	}
}

func noSuchID(t *testing.T, s store.Store) {
	for _, bad := range []string{id(7), "", ".", "..", "../x", "/etc/passwd", id(0) + "/../../x", id(0) + "\x00",
		"20260102-150405-123-../../x", "20260102-150405-123-s1\\x", "20261302-150405-123-s1-raw", "20260102-150405-123", strings.Repeat("2", 4096)} {
		if _, err := s.Open(bad); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open %.40q: %v", bad, err)
		}
		if err := s.Delete(bad); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("delete %.40q: %v", bad, err)
		}
		for _, err := range s.Follow(t.Context(), bad) {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("follow %.40q: %v", bad, err)
			}
		}
		if bad == id(7) {
			continue
		}
		if w, err := s.Create(bad); err == nil {
			w.Close()
			t.Errorf("create %.40q was done", bad)
		}
	}
}

func newestFirst(t *testing.T, s store.Store) {
	for _, n := range []int{2, 0, 3, 1} {
		write(t, s, id(n), text("raw", "", "x"))
	}
	got := list(t, s, store.Query{Limit: 3})
	if len(got) != 3 || got[0].ID != id(3) || got[1].ID != id(2) || got[2].ID != id(1) {
		t.Errorf("got %+v", got)
	}
}

func tellsAll(t *testing.T, s store.Store) {
	whole := text("http-line", "example.com:80", "x")
	write(t, s, id(0), whole)
	write(t, s, id(1), whole[:strings.Index(whole, "1.500")])
	w := create(t, s, id(2))
	io.WriteString(w, whole[:strings.Index(whole, "1.000")])
	got := list(t, s, store.Query{})
	for _, want := range got {
		if one, err := s.Info(want.ID); err != nil || !reflect.DeepEqual(one, want) {
			t.Errorf("the list tells %+v, alone it is %+v, %v", want, one, err)
		}
	}
	if _, err := s.Info(id(3)); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	w.Close()
	for i := range got {
		if got[i].Disk <= 0 {
			t.Errorf("%s takes %d bytes of the disk", got[i].ID, got[i].Disk)
		}
		got[i].Disk = 0
	}
	want := store.Info{Began: began, Session: "s1", Mode: "http-line", Target: "example.com:80"}
	ended, cut, running := want, want, want
	ended.ID, ended.Duration, ended.Size, ended.Ended = id(0), 1.5, int64(len(whole)), "the server closed the connection"
	cut.ID, cut.Duration, cut.Size, cut.Ended = id(1), 1, int64(strings.Index(whole, "1.500")), store.CutOff
	running.ID, running.Size, running.Running = id(2), int64(strings.Index(whole, "1.000")), true
	if len(got) != 3 || !reflect.DeepEqual(got, []store.Info{running, cut, ended}) {
		t.Errorf("got  %+v\nwant %+v", got, []store.Info{running, cut, ended})
	}
	if got := list(t, s, store.Query{}); got[0].Running || got[0].Ended != store.CutOff {
		t.Errorf("once it was closed without an end: %+v", got[0])
	}
}

func searches(t *testing.T, s store.Store) {
	write(t, s, id(0), text("raw", "one.example:1", "say \"hi\"\r\nand go\r\n"))
	write(t, s, id(1), text("http-line", "Two.example:2", strings.Repeat("y", 4090)+"across lines"+strings.Repeat("y", 300<<10)+"needle"+strings.Repeat("\n", store.MaxText)))
	for _, test := range []struct {
		q    store.Query
		want string
	}{
		{store.Query{Mode: "raw"}, "0"},
		{store.Query{Mode: "ra"}, ""},
		{store.Query{Before: id(1)}, "0"},
		{store.Query{Before: id(2), Limit: 1}, "1"},
		{store.Query{Before: id(1), Text: "hi"}, "0"},
		{store.Query{Before: id(0)}, ""},
		{store.Query{Target: "EXAMPLE"}, "10"},
		{store.Query{Target: "two.ex"}, "1"},
		{store.Query{Text: `say "hi"`}, "0"},
		{store.Query{Text: "hi\"\r\nand"}, "0"},
		{store.Query{Text: "\r\n"}, "0"},
		{store.Query{Text: "needle"}, "1"},
		{store.Query{Text: "across lines"}, "1"}, // of the file, since 4 KiB end there
		{store.Query{Text: strings.Repeat("\n", store.MaxText)}, "1"},
		{store.Query{Text: "y" + strings.Repeat("\n", 100)}, ""},
		{store.Query{Text: "needle", Mode: "raw"}, ""},
		{store.Query{Text: "server", Limit: 1}, "1"},
		{store.Query{Text: "nowhere"}, ""},
	} {
		got := ""
		for _, info := range list(t, s, test.q) {
			got += map[string]string{id(0): "0", id(1): "1"}[info.ID]
		}
		if got != test.want {
			t.Errorf("%+v found %q, want %q", test.q, got, test.want)
		}
	}
	if _, err := s.List(t.Context(), store.Query{Text: strings.Repeat("x", store.MaxText+1)}); !errors.Is(err, store.ErrTextTooLong) {
		t.Errorf("a text that is too long: %v", err)
	}
}

func deletes(t *testing.T, s store.Store) {
	write(t, s, id(0), text("raw", "", "x"))
	list(t, s, store.Query{})
	if err := s.Delete(id(0)); err != nil {
		t.Fatal(err)
	}
	if got := list(t, s, store.Query{}); len(got) != 0 {
		t.Errorf("still listed: %+v", got)
	}
	if err := s.Delete(id(0)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

func keepsRunning(t *testing.T, s store.Store) {
	w := create(t, s, id(0))
	io.WriteString(w, text("raw", "", "x"))
	if err := s.Delete(id(0)); !errors.Is(err, store.ErrRunning) {
		t.Errorf("got %v", err)
	}
	w.Close()
	if err := s.Delete(id(0)); err != nil {
		t.Error(err)
	}
}

func follows(t *testing.T, s store.Store) {
	whole := text("raw", "", strings.Repeat("a line\r\n", 20_000))
	w := create(t, s, id(0))
	cuts := []int{0, strings.Index(whole, "0.000"), strings.Index(whole, "1.000"), strings.Index(whole, "1.500"), len(whole)}
	io.WriteString(w, whole[:cuts[1]])
	next, got := 2, ""
	for block, err := range s.Follow(t.Context(), id(0)) {
		if err != nil {
			t.Fatal(err)
		}
		if rest := whole[len(got)+len(block):]; !bytes.HasSuffix(block, []byte("\n")) || strings.HasPrefix(rest, " ") {
			t.Fatalf("a block ends within an entry, before %.40q", rest)
		}
		// All that was written is there before the next is.
		if got += string(block); len(got) == cuts[next-1] && next < len(cuts) {
			io.WriteString(w, whole[cuts[next-1]:cuts[next]])
			next++
		} else if next == len(cuts) && len(got) == len(whole) {
			w.Close()
		}
	}
	if got != whole {
		t.Errorf("got %d bytes, want %d", len(got), len(whole))
	}
}

func stopsFollowing(t *testing.T, s store.Store) {
	w := create(t, s, id(0))
	defer w.Close()
	io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range s.Follow(ctx, id(0)) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v", last)
	}
}

func manyAtOnce(t *testing.T, s store.Store) {
	var all sync.WaitGroup
	defer all.Wait()
	for n := range 20 {
		all.Go(func() {
			w, err := s.Create(id(n))
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
			all.Go(func() {
				for _, err := range s.Follow(t.Context(), id(n)) {
					if err != nil {
						t.Error(err)
					}
				}
			})
			for range 20 {
				io.WriteString(w, "1.0 >> server \"x\"\n")
			}
			w.Sync()
			w.Close()
		})
		all.Go(func() {
			if _, err := s.List(t.Context(), store.Query{Text: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
}
