package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/store"
)

// entry is what the test reads of an entry, or of a gap.
type entry struct {
	I       uint64
	Kind    string
	Text    string
	From    uint64
	Entries uint64
}

// Who comes back is told how the recording stands, whatever became of the remarks on it.
func TestHowTheRecordingStands(t *testing.T) {
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recordings := store.Record(folder, slog.New(slog.DiscardHandler))
	recordings.Most = 1 << 20
	config := testGateway().Config
	config.Keep = time.Minute
	config.Transcripts, config.Recordings = recordings, recordings
	g := New(config)
	s := httptest.NewServer(g)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(g.Stop(ctx), recordings.Close(ctx)); err != nil {
			t.Error(err)
		}
		s.Close()
		folder.Close()
	})
	open := func(query string) *websocket.Conn {
		d := websocket.Dialer{Subprotocols: []string{subprotocol}}
		ws, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.Close() })
		return ws
	}
	ws := open("keep=on&window=a")
	say(t, ws, websocket.TextMessage, "h:1")
	hello := greeted(t, ws)
	if want := (store.State{Part: 1}); hello.Recording != want {
		t.Errorf("it begins as %+v, want %+v", hello.Recording, want)
	}
	line := strings.Repeat("x", 200_000)
	for m := range 8 {
		say(t, ws, websocket.TextMessage, fmt.Sprintf(`{"text":"%s","m":%d}`, line, m+1))
	}
	until(t, ws, `"code":"recording-full","recording":{"code":"recording-full","part":1,"most":1048576}}`)
	if got, want := greeted(t, open("window=b&from=1000&attach="+hello.Attach)).Recording, (store.State{Code: store.CodeFull, Part: 1, Most: 1 << 20}); got != want {
		t.Errorf("who comes later is told %+v, want %+v", got, want)
	}
	say(t, ws, websocket.TextMessage, `{"end":true}`)
	until(t, ws, `"kind":"ended"`)
}

// Entries are read by their numbers, from wherever they are: the first of them from the
// recording, the last from memory, and what is nowhere is a gap.
func TestEntriesByNumber(t *testing.T) {
	const messages = 400 // of which, twice, memory holds 8 MiB
	payload := strings.Repeat("x", 20_000)
	for _, records := range []bool{true, false} {
		t.Run(fmt.Sprint("recorded ", records), func(t *testing.T) {
			folder, err := store.OpenFolder(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			recordings := store.Record(folder, slog.New(slog.DiscardHandler))
			config := testGateway().Config
			config.Keep = time.Minute
			if records {
				config.Transcripts, config.Recordings = recordings, recordings
			}
			g := New(config)
			s := httptest.NewServer(g)
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				if err := g.Stop(ctx); err != nil {
					t.Error(err)
				}
				s.Close()
				if err := recordings.Close(ctx); err != nil {
					t.Error(err)
				}
				folder.Close()
				http.DefaultClient.CloseIdleConnections()
			})
			d := websocket.Dialer{Subprotocols: []string{subprotocol}}
			ws, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws?keep=on&window=a", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			say(t, ws, websocket.TextMessage, "h:1")
			hello := greeted(t, ws)
			for m := range messages {
				say(t, ws, websocket.TextMessage, fmt.Sprintf(`{"text":"%d %s","m":%d}`, m, payload, m+1))
				until(t, ws, fmt.Sprintf(`"%d X`, m))
			}
			say(t, ws, websocket.TextMessage, `{"end":true}`)
			until(t, ws, `"kind":"ended"`)

			base := s.URL + "/api/sessions/" + hello.Attach + "/entries"
			var gap entry
			next, spoken := uint64(1), 0
			for {
				got := entriesAt(t, fmt.Sprintf("%s?from=%d&count=50", base, next))
				if len(got) == 0 {
					break
				}
				for _, e := range got {
					if e.Kind == "gap" {
						gap = e
						next = e.From + e.Entries
						continue
					}
					if e.I != next {
						t.Fatalf("number %d comes where %d should", e.I, next)
					}
					if next++; e.Kind == "text" {
						want := fmt.Sprintf("%d ", spoken/2) // what was said, then what came of it
						if spoken++; records && !strings.HasPrefix(e.Text, want) {
							t.Fatalf("entry %d is %.20q, want %q", e.I, e.Text, want)
						}
					}
				}
			}
			if records && (gap.Entries != 0 || spoken != 2*messages) {
				t.Errorf("%d texts came, and the gap %+v", spoken, gap)
			}
			if !records && (gap.From != 1 || gap.Entries < messages/2 || spoken == 0) {
				t.Errorf("%d texts came, and the gap %+v", spoken, gap)
			}
			if got := entriesAt(t, base+"?from=17&count=1"); records && (len(got) != 1 || got[0].I != 17) {
				t.Errorf("one entry: %+v", got)
			}
			if got := entriesAt(t, fmt.Sprintf("%s?from=%d", base, next)); len(got) != 0 {
				t.Errorf("what has not happened: %+v", got)
			}
		})
	}
}

func entriesAt(t *testing.T, url string) (list []entry) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %.200s, %v", url, response.StatusCode, body, err)
	}
	return list
}

func TestEntriesByNumberRefused(t *testing.T) {
	_, address := keeping(t)
	for path, want := range map[string]int{
		"/api/sessions/none/entries":         http.StatusNotFound,
		"/api/sessions/none/entries?from=0":  http.StatusBadRequest,
		"/api/sessions/none/entries?count=x": http.StatusBadRequest,
		"/api/sessions/none/entries?to=3":    http.StatusBadRequest,
	} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
	}
}
