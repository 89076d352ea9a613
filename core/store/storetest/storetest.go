// Package storetest tests what any [store.Store] must do, for the tests of engines, and
// has the transcripts that such tests write. It is not for programs.
package storetest

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

// Run runs the tests that any Store must pass. Each call of open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
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

// ID returns the nth ID, in the order of time.
func ID(n int) string { return store.NewID(began.Add(time.Duration(n)*time.Second), "s1", "raw") }

// Text returns a transcript that ends as Recordings end it.
func Text(mode, target, payload string) string {
	t := transcript.Transcript{Mode: mode, Target: target, Entries: []transcript.Entry{
		{Dir: transcript.Remark, Timed: true, Remark: "recorded " + began.Format("2006-01-02T15:04:05.000Z07:00") + ", session s1"},
		{Dir: transcript.Event, Timed: true, Time: time.Second, Event: core.Event{Kind: core.ServerBytes, Data: []byte(payload)}},
		{Dir: transcript.Remark, Timed: true, Time: 1500 * time.Millisecond, Remark: "ended: the server closed the connection"},
	}}
	return string(t.Append(nil))
}

// Write writes a transcript that ends.
func Write(t *testing.T, s store.Store, id, text string) {
	t.Helper()
	w := Create(t, s, id)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		t.Fatal(err)
	}
}

// Create begins a transcript.
func Create(t *testing.T, s store.Store, id string) store.Writer {
	t.Helper()
	w, err := s.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// List lists transcripts.
func List(t *testing.T, s store.Store, q store.Query) []store.Info {
	t.Helper()
	infos, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

// Read returns the text of a transcript.
func Read(t *testing.T, s store.Store, id string) string {
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
	want := Text("raw", "host:1", "hello\r\n\x00\xff")
	w := Create(t, s, ID(0))
	half := strings.Index(want, "1.000")
	io.WriteString(w, want[:half])
	if got := Read(t, s, ID(0)); got != want[:half] {
		t.Errorf("while it is running: %q", got)
	}
	io.WriteString(w, want[half:])
	w.Close()
	if got := Read(t, s, ID(0)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func onlyOnce(t *testing.T, s store.Store) {
	Write(t, s, ID(0), Text("raw", "", "first"))
	if w, err := s.Create(ID(0)); err == nil {
		w.Close()
		t.Error("an ID was given twice")
	}
	if !strings.Contains(Read(t, s, ID(0)), "first") {
		t.Error("the first one is gone")
	}
}

func noSuchID(t *testing.T, s store.Store) {
	for _, bad := range []string{ID(7), "", ".", "..", "../x", "/etc/passwd", ID(0) + "/../../x", ID(0) + "\x00",
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
		if bad == ID(7) {
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
		Write(t, s, ID(n), Text("raw", "", "x"))
	}
	got := List(t, s, store.Query{Limit: 3})
	if len(got) != 3 || got[0].ID != ID(3) || got[1].ID != ID(2) || got[2].ID != ID(1) {
		t.Errorf("got %+v", got)
	}
}

func tellsAll(t *testing.T, s store.Store) {
	whole := Text("http-line", "example.com:80", "x")
	Write(t, s, ID(0), whole)
	Write(t, s, ID(1), whole[:strings.Index(whole, "1.500")])
	w := Create(t, s, ID(2))
	io.WriteString(w, whole[:strings.Index(whole, "1.000")])
	got := List(t, s, store.Query{})
	for _, want := range got {
		if one, err := s.Info(want.ID); err != nil || !reflect.DeepEqual(one, want) {
			t.Errorf("the list tells %+v, alone it is %+v, %v", want, one, err)
		}
	}
	if _, err := s.Info(ID(3)); !errors.Is(err, store.ErrNotFound) {
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
	ended.ID, ended.Duration, ended.Size, ended.Ended = ID(0), 1.5, int64(len(whole)), "the server closed the connection"
	cut.ID, cut.Duration, cut.Size, cut.Ended = ID(1), 1, int64(strings.Index(whole, "1.500")), store.CutOff
	running.ID, running.Size, running.Running = ID(2), int64(strings.Index(whole, "1.000")), true
	if len(got) != 3 || !reflect.DeepEqual(got, []store.Info{running, cut, ended}) {
		t.Errorf("got  %+v\nwant %+v", got, []store.Info{running, cut, ended})
	}
	if got := List(t, s, store.Query{}); got[0].Running || got[0].Ended != store.CutOff {
		t.Errorf("once it was closed without an end: %+v", got[0])
	}
}

func searches(t *testing.T, s store.Store) {
	Write(t, s, ID(0), Text("raw", "one.example:1", "say \"hi\"\r\nand go\r\n"))
	Write(t, s, ID(1), Text("http-line", "Two.example:2", strings.Repeat("y", 4090)+"across lines"+strings.Repeat("y", 300<<10)+"needle"+strings.Repeat("\n", store.MaxText)))
	for _, test := range []struct {
		q    store.Query
		want string
	}{
		{store.Query{Mode: "raw"}, "0"},
		{store.Query{Mode: "ra"}, ""},
		{store.Query{Before: ID(1)}, "0"},
		{store.Query{Before: ID(2), Limit: 1}, "1"},
		{store.Query{Before: ID(1), Text: "hi"}, "0"},
		{store.Query{Before: ID(0)}, ""},
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
		for _, info := range List(t, s, test.q) {
			got += map[string]string{ID(0): "0", ID(1): "1"}[info.ID]
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
	Write(t, s, ID(0), Text("raw", "", "x"))
	List(t, s, store.Query{})
	if err := s.Delete(ID(0)); err != nil {
		t.Fatal(err)
	}
	if got := List(t, s, store.Query{}); len(got) != 0 {
		t.Errorf("still listed: %+v", got)
	}
	if err := s.Delete(ID(0)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

func keepsRunning(t *testing.T, s store.Store) {
	w := Create(t, s, ID(0))
	io.WriteString(w, Text("raw", "", "x"))
	if err := s.Delete(ID(0)); !errors.Is(err, store.ErrRunning) {
		t.Errorf("got %v", err)
	}
	w.Close()
	if err := s.Delete(ID(0)); err != nil {
		t.Error(err)
	}
}

func follows(t *testing.T, s store.Store) {
	whole := Text("raw", "", strings.Repeat("a line\r\n", 20_000))
	w := Create(t, s, ID(0))
	cuts := []int{0, strings.Index(whole, "0.000"), strings.Index(whole, "1.000"), strings.Index(whole, "1.500"), len(whole)}
	io.WriteString(w, whole[:cuts[1]])
	next, got := 2, ""
	for block, err := range s.Follow(t.Context(), ID(0)) {
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
	w := Create(t, s, ID(0))
	defer w.Close()
	io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range s.Follow(ctx, ID(0)) {
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
			w, err := s.Create(ID(n))
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
			all.Go(func() {
				for _, err := range s.Follow(t.Context(), ID(n)) {
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
