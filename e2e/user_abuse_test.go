//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// maxUser is by how much one user may make the workbench grow with the bounds of one that
// others can connect to; docs/limits.md says so.
const maxUser = 256 << 20

// exposedBounds are those that a user has where others can connect.
func exposedBounds() []string {
	return []string{"--max-sessions-user", "64", "--max-new-sessions-user", "60", "--max-dials-user", "60", "--max-requests-user", "8", "--max-rate-user", "8192"}
}

// One user does all at once what costs the workbench something: another user's sessions
// get their answers, his recordings stay, and memory stays bounded. The long form is make
// storm.
func TestStormOfOneUser(t *testing.T) {
	length := 3 * time.Second
	if thorough() {
		length = stormTime(t)
	}
	users := filepath.Join(t.TempDir(), "users")
	abuser, other := addUser(t, users, "abuser"), addUser(t, users, "other")
	w := start(t, append(exposedBounds(), "--pprof", "--users", users)...)
	for n := range 3 {
		ws := w.openAs(t, other, "")
		if err := trip(ws, w.echo, "SUCC"); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint("kept ", n)
		if err := trip(ws, line, line); err != nil {
			t.Fatal(err)
		}
		ws.Close()
	}
	flood := bytes.Repeat([]byte("flood of lines, thirty-two bytes\n"), 1000)
	flooding := serve(t, func(conn net.Conn) {
		for {
			if _, err := conn.Write(flood); err != nil {
				return
			}
		}
	})
	b := w.beat(t, 5, other)
	recordings := func() string {
		_, list := w.ask(t, other, "GET", "/api/transcripts?text=kept", nil)
		return list
	}
	eventually(t, "three recordings", func() bool { return strings.Count(recordings(), `"id"`) == 3 })
	kept := recordings()
	t.Logf("before: %s", b.counts(200))
	grown := w.growing(t, maxUser)

	until := time.Now().Add(length)
	var connects, answers, refusals atomic.Int64
	var abusing sync.WaitGroup
	again := func(workers int, does func()) {
		for range workers {
			abusing.Go(func() {
				for time.Now().Before(until) && !t.Failed() {
					does()
				}
			})
		}
	}
	deaf := make(chan *websocket.Conn, 1000)
	again(4, func() { // sessions that read nothing; 20,000 in ten minutes and many more
		connects.Add(1)
		ws, resp, err := dialer.Dial("ws://"+w.address+"/websocket/ws?mode=raw", bearer(abuser))
		if err != nil {
			if resp == nil {
				t.Error(err)
			}
			refusals.Add(1)
			return
		}
		ws.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
		ws.WriteMessage(websocket.TextMessage, []byte(flooding.address))
		for kept := false; !kept; {
			select {
			case deaf <- ws:
				kept = true
			default:
				select {
				case oldest := <-deaf:
					reset(oldest.NetConn())
				default:
				}
			}
		}
	})
	request := func(method, path string, body []byte) func() {
		return func() {
			r, err := http.NewRequest(method, "http://"+w.address+path, bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header = bearer(abuser)
			r.Header.Set("Content-Type", "application/json")
			resp, err := httpClient.Do(r)
			if err != nil { // refused before its body was read
				refusals.Add(1)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				answers.Add(1)
			} else {
				refusals.Add(1)
			}
		}
	}
	again(8, request("GET", "/api/transcripts?text=lines", nil))
	again(4, request("POST", "/api/compare", comparison(4<<20)))
	again(2, func() {
		status, list := w.ask(t, abuser, "GET", "/api/transcripts", nil)
		if _, id, found := strings.Cut(list, `"id":"`); status == http.StatusOK && found {
			id, _, _ = strings.Cut(id, `"`)
			w.askDeaf(t, fromFar(int(connects.Add(1))), abuser, "/api/transcripts/"+id)
		}
	})
	abusing.Wait()
	trips := b.counts(100)
	t.Logf("for %v: %d connects, %d answers, %d refusals; the other user: %s; %s", length, connects.Load(), answers.Load(), refusals.Load(), trips, grown())
	close(deaf)
	for ws := range deaf {
		reset(ws.NetConn())
	}
	b.end()
	if now := recordings(); now != kept {
		t.Errorf("another user's recordings were\n%s\nand are\n%s", kept, now)
	}
}

// comparison is a body of POST /api/compare, of about that size.
func comparison(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"entries":[`)
	for n := 1; b.Len() < size; n++ {
		if n > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"n":%d,"dir":">>","side":"server","kind":"bytes","text":"a line of the server\\r\\n"}`, n)
	}
	b.WriteString(`],"runs":[{"mode":"raw"},{"mode":"http-line"}]}`)
	return []byte(b.String())
}
