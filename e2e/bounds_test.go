//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// An operator bounds what users may use, and they are told so in words and by a code.
func TestBoundsByFlags(t *testing.T) {
	t.Parallel()
	w := start(t, "--max-sessions-user", "1", "--max-dials-user", "2", "--max-new-sessions", "5")
	first := w.join(t, "", w.echo)
	w.openRefused(t, "too many sessions of this user are open: at most 1 may be", "too-many-sessions")
	first.ws.Close()
	w.joinSoon(t)
	w.openRefused(t, "too many dials of this user: at most 2 a minute are possible; the next in ", "too-many-dials")
	w.openRefused(t, "too many new sessions in all: at most 5 a minute are possible; the next in ", "too-many-new-sessions")
}

// openRefused opens sessions until one is refused so: the one before may still be
// about to end, and other bounds are met first.
func (w *workbench) openRefused(t *testing.T, words, code string) {
	t.Helper()
	var failed []byte
	if !within(patience, func() bool {
		c := w.open(t, "", "workbench.v1")
		defer c.ws.Close()
		c.say(w.echo)
		if _, failed = c.next(); !strings.HasPrefix(string(failed), "FAIL:"+words) {
			return false
		}
		if _, refusal := c.next(); string(refusal) != `[{"kind":"refused","code":"`+code+`"}]` {
			t.Errorf("got %s", refusal)
		}
		c.closes(websocket.CloseNormalClosure, "")
		return true
	}) {
		t.Fatalf("got %q, want %q", failed, words)
	}
}

// joinSoon opens a session as soon as another has ended, and ends it.
func (w *workbench) joinSoon(t *testing.T) {
	t.Helper()
	if !within(patience, func() bool {
		c := w.open(t, "")
		defer c.ws.Close()
		c.say(w.echo)
		_, answer := c.next()
		return string(answer) == "SUCC"
	}) {
		t.Fatal("no session is possible any more")
	}
}

// A session that is idle or lasts too long ends with a code, and its recording says so.
func TestSessionsThatAreIdleOrLast(t *testing.T) {
	t.Parallel()
	for flag, words := range map[string]string{
		"--idle":     "neither side sent anything for 1s, which is the most",
		"--max-time": "the session lasted for 1s, which is the most",
	} {
		folder := t.TempDir()
		w := start(t, flag, "1s", "--transcripts", folder)
		w.join(t, "?mode=raw", w.echo).closes(websocket.ClosePolicyViolation, words)
		if !within(patience, func() bool { return strings.Contains(everyFile(t, folder), words) }) {
			t.Errorf("no recording says %q:\n%s", words, everyFile(t, folder))
		}
	}
}

func everyFile(t *testing.T, folder string) (all string) {
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, _ := os.ReadFile(folder + "/" + f.Name())
		all += string(text)
	}
	return all
}

// What a user's sessions send too fast waits, and all of it comes.
func TestARateForAUser(t *testing.T) {
	t.Parallel()
	w := start(t, "--max-rate-user", "256")
	c := w.join(t, "?mode=raw", serve(t, echo).address)
	const size = 512 << 10 // both ways 1 MiB, of which 256 KiB come at once
	began := time.Now()
	c.send(websocket.BinaryMessage, make([]byte, size))
	for got := 0; got < size; {
		_, data := c.next()
		got += len(data)
	}
	if took := time.Since(began); took < 2900*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// Where files run out, a dial is refused, connections wait, the log says so, and all
// goes on afterwards.
func TestOpenFilesRunOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.join(t, "", w.echo)
	early := w.open(t, "", "workbench.v1")
	w.hasFiles(t, 0)
	early.say(w.echo)
	_, failed := early.next()
	_, refusal := early.next()
	if !strings.HasPrefix(string(failed), "FAIL:") || !strings.Contains(string(refusal), `"kind":"refused"`) {
		t.Errorf("got %q and %s", failed, refusal)
	}
	waits, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close()
	if !within(patience, func() bool {
		return strings.Contains(w.stderr.String(), "connections wait, since too many files are open here")
	}) {
		t.Errorf("the log does not say so:\n%s", w.stderr)
	}
	c.say("goes on")
	c.hears("goes on")
	w.hasFiles(t, 1000)
	fmt.Fprintf(waits, "GET /healthz HTTP/1.0\r\nHost: %s\r\n\r\n", w.address)
	waits.SetReadDeadline(time.Now().Add(patience))
	if answer, err := io.ReadAll(waits); !strings.HasSuffix(string(answer), "ok\n") {
		t.Errorf("%q, %v", answer, err)
	}
	w.join(t, "", w.echo)
}

// hasFiles lets the workbench open so many files more.
func (w *workbench) hasFiles(t *testing.T, more int) {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.pid()))
	if err != nil {
		t.Fatal(err)
	}
	var now unix.Rlimit
	err = unix.Prlimit(w.pid(), unix.RLIMIT_NOFILE, nil, &now)
	if err == nil {
		now.Cur = uint64(len(open) + more)
		err = unix.Prlimit(w.pid(), unix.RLIMIT_NOFILE, &now, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Who connects from everywhere and says nothing keeps nobody out, and holds only so
// many connections.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	const silent, held = 4000, 2048
	w := start(t)
	c := w.join(t, "", w.echo)
	for i := range silent {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}, Timeout: patience}
		conn, err := from.Dial("tcp4", w.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	answer, err := http.Get("http://" + w.address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	c.say("goes on")
	c.hears("goes on")
	const others = 200
	if !within(patience, func() bool {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.pid()))
		return err == nil && len(open) < held+others
	}) {
		t.Error("too many connections are held")
	}
}
